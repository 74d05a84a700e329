#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ibd/file.h"
#include "ibd/version.h"
#include "recorder.h"

static int64_t ns_of(struct timeval time) {
  return (int64_t)time.tv_sec * IBD_NS_PER_S + (int64_t)time.tv_usec * 1000;
}

static void write_maybe(ibd_text* text, const char* key, bool is_known,
                        int64_t value) {
  ibd_json_key(text, key);
  if (is_known) {
    ibd_text_int(text, value);
  } else {
    ibd_text_string(text, "null");
  }
}

static void write_usage(ibd_text* text, const recorder* recording) {
  ibd_json_key(text, "rusage");
  if (!recording->measured.is_reaped) {
    ibd_text_string(text, "null");
    return;
  }
  const struct rusage* usage = &recording->measured.usage;
  ibd_text_string(text, "{\"user_ns\":");
  ibd_text_int(text, ns_of(usage->ru_utime));
  ibd_json_int_field(text, "system_ns", ns_of(usage->ru_stime));
  /* Linux counts in kB. */
  ibd_json_int_field(text, "max_rss_bytes", (int64_t)usage->ru_maxrss * 1024);
  ibd_json_int_field(text, "minor_faults", usage->ru_minflt);
  ibd_json_int_field(text, "major_faults", usage->ru_majflt);
  ibd_json_int_field(text, "voluntary_switches", usage->ru_nvcsw);
  ibd_json_int_field(text, "involuntary_switches", usage->ru_nivcsw);
  ibd_text_string(text, "}");
}

static void write_nodes(ibd_text* text, const node_list* list) {
  ibd_json_key(text, "nodes");
  ibd_text_string(text, "[");
  for (size_t i = 0; i < list->count; ++i) {
    const node* each = &list->nodes[i];
    ibd_text_string(text, i > 0 ? ",{\"name\":" : "{\"name\":");
    ibd_json_string(text, each->name);
    ibd_json_text_field(text, "path", each->path);
    ibd_json_int_field(text, "reads", each->reads);
    ibd_json_int_field(text, "errors", each->errors);
    ibd_json_key(text, "first_error");
    if (each->errors > 0) {
      ibd_json_string(text, each->first_error);
    } else {
      ibd_text_string(text, "null");
    }
    ibd_json_key(text, "vanished");
    ibd_text_string(text, each->is_vanished ? "true}" : "false}");
  }
  ibd_text_string(text, "]");
}

static void write_summary(ibd_text* text, const recorder* recording,
                          const char* samples_sha256,
                          const char* child_sha256) {
  const child* measured = &recording->measured;
  bool has_started = recording->has_child;
  bool is_reaped = measured->is_reaped;
  int wait_status = measured->wait_status;
  ibd_text_string(text, "{\"schema\":1");
  ibd_json_text_field(text, "nonce", recording->asked->nonce);
  ibd_json_text_field(text, "version", IBD_VERSION);
  ibd_json_text_field(text, "boot_id", recording->boot_id);
  ibd_json_int_field(text, "start_ns", recording->start_ns);
  write_maybe(text, "child_start_ns", has_started, measured->start_ns);
  write_maybe(text, "child_end_ns", is_reaped, measured->end_ns);
  ibd_json_int_field(text, "end_ns", recording->end_ns);
  write_maybe(text, "child_exit_code", is_reaped && WIFEXITED(wait_status),
              WEXITSTATUS(wait_status));
  write_maybe(text, "child_signal", is_reaped && WIFSIGNALED(wait_status),
              WTERMSIG(wait_status));
  ibd_json_int_field(text, "status", recording->status);
  write_usage(text, recording);
  ibd_json_int_field(text, "rows", recording->rows);
  ibd_json_int_field(text, "missed_deadlines", recording->deadlines.missed);
  ibd_json_int_field(text, "sampler_cpu_ns", ibd_process_cpu_ns());
  write_nodes(text, recording->nodes);
  ibd_json_text_field(text, "samples_sha256", samples_sha256);
  ibd_json_text_field(text, "child_sha256", child_sha256);
  ibd_text_string(text, "}\n");
}

static ibd_status publish(recorder* recording, const char* samples_sha256,
                          const char* child_sha256, ibd_failure* failure) {
  ibd_text path = {0};
  ibd_text text = {0};
  ibd_text_string(&path, recording->asked->out);
  ibd_text_append(&path, "/sampler.json", sizeof "/sampler.json");
  write_summary(&text, recording, samples_sha256, child_sha256);
  ibd_status status = IBD_OK;
  if (path.is_broken || text.is_broken) {
    status = ibd_fail(failure, IBD_OUT_OF_MEMORY, "no memory for sampler.json");
  } else {
    int error = ibd_file_publish(path.data, text.data, text.bytes);
    if (error != 0) {
      status = ibd_fail(failure, IBD_OUTPUT_FAILED,
                        "sampler.json cannot be written: %s", strerror(error));
    }
  }
  ibd_text_free(&path);
  ibd_text_free(&text);
  return status;
}

ibd_status recorder_finish(recorder* recording, ibd_failure* failure) {
  char last_line[96];
  char samples_sha256[IBD_SHA256_HEX + 1];
  char child_sha256[IBD_SHA256_HEX + 1];
  (void)snprintf(last_line, sizeof last_line, "#end rows=%lld missed=%lld",
                 (long long)recording->rows,
                 (long long)recording->deadlines.missed);
  int error = logfile_finish(&recording->samples, last_line, samples_sha256);
  (void)snprintf(last_line, sizeof last_line, "#end lines=%lld",
                 (long long)recording->measured.lines);
  int second = logfile_finish(&recording->words, last_line, child_sha256);
  child_free(&recording->measured);
  close(recording->timer);
  close(recording->signals);
  if (error != 0 || second != 0) {
    return ibd_fail(failure, IBD_OUTPUT_FAILED,
                    "the recording cannot be written: %s",
                    strerror(error != 0 ? error : second));
  }
  return publish(recording, samples_sha256, child_sha256, failure);
}
