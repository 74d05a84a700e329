#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ibd/file.h"
#include "ibd/splitmix64.h"

namespace ibd {

InputRecord::~InputRecord() {
  if (dataset_fd_ >= 0) {
    close(dataset_fd_);
  }
}

ibd_status InputRecord::Take(const ibd_engine_description& description,
                             ibd_failure* failure) {
  description_ = &description;
  size_t total_bytes = 0;
  for (size_t i = 0; i < description.input_count; ++i) {
    total_bytes += description.inputs[i].bytes;
  }
  if (!bytes_.Take(total_bytes)) {
    return ibd_fail(failure, IBD_OUT_OF_MEMORY,
                    "no memory for inputs of %zu bytes", total_bytes);
  }
  return IBD_OK;
}

ibd_status InputRecord::FillFromFile(const char* path, ibd_failure* failure) {
  uint8_t* content = nullptr;
  size_t bytes = 0;
  int error = ibd_file_read(path, &content, &bytes);
  if (error != 0) {
    return ibd_fail(failure, IBD_INPUT_UNREADABLE, "%s: %s", path,
                    strerror(error));
  }
  bool fits = bytes == bytes_.count();
  if (fits) {
    memcpy(bytes_.data(), content, bytes);
  }
  free(content);
  if (!fits) {
    return ibd_fail(failure, IBD_INPUT_UNREADABLE,
                    "%s has %zu bytes; one inference takes %zu", path, bytes,
                    bytes_.count());
  }
  return IBD_OK;
}

ibd_status InputRecord::FillFromSeed(uint64_t seed, ibd_failure* failure) {
  uint64_t state = seed;
  uint8_t* next = bytes_.data();
  for (size_t i = 0; i < description_->input_count; ++i) {
    const ibd_tensor& tensor = description_->inputs[i];
    if (ibd_splitmix64_fill(&state, tensor.dtype, ibd_tensor_elements(&tensor),
                            next) != 0) {
      return ibd_fail(failure, IBD_INPUT_UNREADABLE,
                      "input \"%s\": no seeded values for %s", tensor.name,
                      ibd_dtype_name(tensor.dtype));
    }
    next += tensor.bytes;
  }
  return IBD_OK;
}

ibd_status InputRecord::OpenDataset(const char* path, int64_t count,
                                    ibd_failure* failure) {
  dataset_path_ = path;
  dataset_fd_ = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (dataset_fd_ < 0 || fstat(dataset_fd_, &status) != 0) {
    return ibd_fail(failure, IBD_INPUT_UNREADABLE, "%s: %s", path,
                    strerror(errno));
  }
  int64_t record_bytes = static_cast<int64_t>(bytes_.count());
  if (record_bytes == 0 || status.st_size % record_bytes != 0 ||
      status.st_size / record_bytes < count) {
    return ibd_fail(failure, IBD_INPUT_UNREADABLE,
                    "%s has %lld bytes; %lld records of %lld bytes were asked "
                    "for, and nothing but whole records may be in it",
                    path, static_cast<long long>(status.st_size),
                    static_cast<long long>(count),
                    static_cast<long long>(record_bytes));
  }
  return IBD_OK;
}

ibd_status InputRecord::FillFromDataset(int64_t index, ibd_failure* failure) {
  int64_t offset = index * static_cast<int64_t>(bytes_.count());
  int error =
      ibd_read_exactly(dataset_fd_, bytes_.data(), bytes_.count(), offset);
  if (error != 0) {
    return ibd_fail(failure, IBD_INPUT_UNREADABLE, "%s: record %lld: %s",
                    dataset_path_, static_cast<long long>(index),
                    strerror(error));
  }
  return IBD_OK;
}

ibd_status InputRecord::Give(const ibd_engine_family& family,
                             ibd_engine* engine, ibd_failure* failure) const {
  const uint8_t* next = bytes_.data();
  for (size_t i = 0; i < description_->input_count; ++i) {
    ibd_status status = family.write_input(engine, i, next, failure);
    if (status != IBD_OK) {
      return status;
    }
    next += description_->inputs[i].bytes;
  }
  return IBD_OK;
}

}  // namespace ibd
