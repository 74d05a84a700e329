#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibd/file.h"
#include "record.h"

namespace ibd {

namespace {

constexpr char kFileName[] = "outputs.bin";

ibd_status OutputFailure(int error, ibd_failure* failure) {
  return ibd_fail(failure, IBD_OUTPUT_FAILED, "%s cannot be written: %s",
                  kFileName, strerror(error));
}

}  // namespace

OutputFile::~OutputFile() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

ibd_status OutputFile::Open(const char* directory,
                            const ibd_engine_description& description,
                            ibd_failure* failure) {
  description_ = &description;
  size_t most_bytes = 0;
  for (size_t i = 0; i < description.output_count; ++i) {
    ibd_sha256_begin(&hashes_[i]);
    if (description.outputs[i].bytes > most_bytes) {
      most_bytes = description.outputs[i].bytes;
    }
  }
  if (!tensor_.Take(most_bytes)) {
    return ibd_fail(failure, IBD_OUT_OF_MEMORY,
                    "no memory for an output of %zu bytes", most_bytes);
  }
  int error = ibd_make_directory(directory);
  if (error != 0) {
    return OutputFailure(error, failure);
  }
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s", directory, kFileName);
  if (length < 0 || static_cast<size_t>(length) >= sizeof path) {
    return OutputFailure(ENAMETOOLONG, failure);
  }
  fd_ = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  return fd_ < 0 ? OutputFailure(errno, failure) : IBD_OK;
}

ibd_status OutputFile::Append(const ibd_engine_family& family,
                              ibd_engine* engine, ibd_failure* failure) {
  for (size_t i = 0; i < description_->output_count; ++i) {
    size_t bytes = description_->outputs[i].bytes;
    ibd_status status = family.read_output(engine, i, tensor_.data(), failure);
    if (status != IBD_OK) {
      return status;
    }
    ibd_sha256_add(&hashes_[i], tensor_.data(), bytes);
    int error = ibd_write_all(fd_, tensor_.data(), bytes);
    if (error != 0) {
      return OutputFailure(error, failure);
    }
  }
  return IBD_OK;
}

ibd_status OutputFile::Finish(ibd_journal* journal, ibd_failure* failure) {
  if (fsync(fd_) != 0) {
    return OutputFailure(errno, failure);
  }
  for (size_t i = 0; i < description_->output_count; ++i) {
    int64_t bytes = static_cast<int64_t>(hashes_[i].length_bytes);
    uint8_t digest[IBD_SHA256_BYTES];
    char hex[IBD_SHA256_HEX + 1];
    ibd_sha256_end(&hashes_[i], digest);
    ibd_sha256_hex(digest, hex);
    ibd_text* line = ibd_journal_begin(journal, "output");
    ibd_json_text_field(line, "name", description_->outputs[i].name);
    ibd_json_int_field(line, "index", static_cast<int64_t>(i));
    ibd_json_text_field(line, "file", kFileName);
    ibd_json_int_field(line, "bytes", bytes);
    ibd_json_text_field(line, "sha256", hex);
    ibd_status status = Commit(journal, failure);
    if (status != IBD_OK) {
      return status;
    }
  }
  return IBD_OK;
}

}  // namespace ibd
