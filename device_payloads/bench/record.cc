#include "record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibd/clock.h"
#include "ibd/version.h"

namespace ibd {

namespace {

ibd_status JournalFailure(int error, ibd_failure* failure) {
  if (error == 0) {
    return IBD_OK;
  }
  return ibd_fail(failure, IBD_JOURNAL_FAILED,
                  "the journal cannot be written: %s", strerror(error));
}

void WriteTensors(ibd_text* line, const char* key, const ibd_tensor* tensors,
                  size_t count) {
  ibd_json_key(line, key);
  ibd_text_string(line, "[");
  for (size_t i = 0; i < count; ++i) {
    const ibd_tensor& tensor = tensors[i];
    ibd_text_string(line, i > 0 ? ",{\"name\":" : "{\"name\":");
    ibd_json_string(line, tensor.name);
    ibd_json_text_field(line, "dtype", ibd_dtype_name(tensor.dtype));
    ibd_json_key(line, "shape");
    for (int axis = 0; axis < tensor.rank; ++axis) {
      ibd_text_string(line, axis > 0 ? "," : "[");
      ibd_text_int(line, tensor.shape[axis]);
    }
    ibd_text_string(line, tensor.rank > 0 ? "]" : "[]");
    ibd_json_int_field(line, "bytes", static_cast<int64_t>(tensor.bytes));
    ibd_text_string(line, "}");
  }
  ibd_text_string(line, "]");
}

const char* NameOf(ibd_status status) {
  switch (status) {
    case IBD_OK:
      return "OK";
    case IBD_USAGE:
      return "USAGE";
    case IBD_MODEL_UNREADABLE:
      return "MODEL_UNREADABLE";
    case IBD_MODEL_HASH:
      return "MODEL_HASH";
    case IBD_INPUT_UNREADABLE:
      return "INPUT_UNREADABLE";
    case IBD_ENGINE_UNAVAILABLE:
      return "ENGINE_UNAVAILABLE";
    case IBD_ACCELERATOR_UNAVAILABLE:
      return "ACCELERATOR_UNAVAILABLE";
    case IBD_MODEL_REFUSED:
      return "MODEL_REFUSED";
    case IBD_INFERENCE_FAILED:
      return "INFERENCE_FAILED";
    case IBD_OUTPUT_FAILED:
      return "OUTPUT_FAILED";
    case IBD_JOURNAL_FAILED:
      return "JOURNAL_FAILED";
    case IBD_CLOCK_FAILED:
      return "CLOCK_FAILED";
    case IBD_OUT_OF_MEMORY:
      return "OUT_OF_MEMORY";
    case IBD_CHILD_NOT_STARTED:
      return "CHILD_NOT_STARTED";
    case IBD_TIMED_OUT:
      return "TIMED_OUT";
    case IBD_NODES_UNREADABLE:
      return "NODES_UNREADABLE";
    case IBD_DEVICE_LOST:
      return "DEVICE_LOST";
    case IBD_INTERNAL:
      return "INTERNAL";
  }
  return "";
}

}  // namespace

ibd_status Commit(ibd_journal* journal, ibd_failure* failure) {
  return JournalFailure(ibd_journal_commit(journal), failure);
}

ibd_status Sync(ibd_journal* journal, ibd_failure* failure) {
  return JournalFailure(ibd_journal_sync(journal), failure);
}

ibd_status RecordBegin(ibd_journal* journal, const Options& options,
                       const Beginning& beginning, ibd_failure* failure) {
  char boot_id[IBD_BOOT_ID_LENGTH + 1];
  ibd_boot_id(boot_id);
  ibd_text* line = ibd_journal_begin(journal, "begin");
  ibd_json_int_field(line, "schema", 1);
  ibd_json_text_field(line, "program", "ibd_bench");
  ibd_json_text_field(line, "version", IBD_VERSION);
  ibd_json_text_field(line, "nonce", options.nonce);
  ibd_json_text_field(line, "engine", options.engine);
  ibd_json_text_field(line, "engine_version", beginning.engine_version);
  ibd_json_text_field(line, "boot_id", boot_id);
  ibd_json_int_field(line, "pid", getpid());
  ibd_json_int_field(line, "threads", options.threads);
  ibd_json_int_field(line, "batch", options.batch);
  ibd_json_text_field(line, "model_sha256", beginning.model_sha256);
  ibd_json_int_field(line, "model_bytes", beginning.model_bytes);
  ibd_json_int_field(line, "t_ns", ibd_boot_ns());
  return Commit(journal, failure);
}

ibd_status RecordReady(ibd_journal* journal,
                       const ibd_engine_description& description,
                       int64_t init_start_ns, int64_t init_end_ns,
                       ibd_failure* failure) {
  ibd_text* line = ibd_journal_begin(journal, "ready");
  ibd_json_int_field(line, "init_start_ns", init_start_ns);
  ibd_json_int_field(line, "init_end_ns", init_end_ns);
  WriteTensors(line, "inputs", description.inputs, description.input_count);
  WriteTensors(line, "outputs", description.outputs, description.output_count);
  ibd_json_text_field(line, "accelerator", description.accelerator);
  ibd_json_key(line, "fully_accelerated");
  switch (description.fully_accelerated) {
    case IBD_YES:
      ibd_text_string(line, "true");
      break;
    case IBD_NO:
      ibd_text_string(line, "false");
      break;
    case IBD_UNKNOWN:
      ibd_text_string(line, "null");
      break;
  }
  return Commit(journal, failure);
}

ibd_status RecordEnd(ibd_journal* journal, ibd_status status,
                     const ibd_failure& failure) {
  ibd_failure ignored;
  if (status != IBD_OK) {
    fprintf(stderr, "ibd_bench: %s\n", failure.message);
    ibd_text* line = ibd_journal_begin(journal, "error");
    ibd_json_int_field(line, "code", status);
    ibd_json_text_field(line, "name", NameOf(status));
    ibd_json_text_field(line, "message", failure.message);
    // A journal that cannot be written has no room for why either.
    (void)Commit(journal, &ignored);
  }
  int64_t lines_before = journal->lines;
  ibd_text* line = ibd_journal_begin(journal, "end");
  ibd_json_int_field(line, "code", status);
  ibd_json_int_field(line, "lines", lines_before);
  ibd_status written = Commit(journal, &ignored);
  if (written == IBD_OK) {
    written = Sync(journal, &ignored);
  }
  if (written != IBD_OK) {
    fprintf(stderr, "ibd_bench: %s\n", ignored.message);
  }
  return status != IBD_OK ? status : written;
}

}  // namespace ibd
