/* ibd_sampler: reads kernel nodes at a fixed rate while a program runs. */
#include <stdio.h>

#include "detach.h"
#include "ibd/version.h"
#include "recorder.h"

static ibd_status complain(ibd_status status, const ibd_failure* failure) {
  fprintf(stderr, "ibd_sampler: %s\n", failure->message);
  return status;
}

static int record(const options* asked, node_list* nodes) {
  static recorder recording;
  ibd_failure failure = {0};
  int gate = -1;
  if (asked->is_detached && detach(&gate) != IBD_OK) {
    (void)ibd_fail(&failure, IBD_INTERNAL, "no new process to go on in");
    return (int)complain(IBD_INTERNAL, &failure);
  }
  ibd_status status = recorder_open(&recording, asked, nodes, &failure);
  if (status != IBD_OK) {
    return (int)complain(status, &failure);
  }
  if (asked->is_detached) {
    detach_ready(gate);
  }
  recorder_run(&recording);
  if (recording.status != IBD_OK) {
    (void)complain(recording.status, &recording.failure);
  }
  status = recorder_finish(&recording, &failure);
  if (status != IBD_OK) {
    return (int)complain(status, &failure);
  }
  return recorder_exit_status(&recording);
}

int main(int argc, char** argv) {
  options asked;
  node_list nodes = {0};
  ibd_failure failure = {0};
  ibd_status status = parse_options(argc, argv, &asked, &failure);
  if (status == IBD_OK && asked.wants_version) {
    printf("ibd_sampler %s\n", IBD_VERSION);
    return IBD_OK;
  }
  if (status == IBD_OK && asked.wants_help) {
    fputs(kHelp, stdout);
    return IBD_OK;
  }
  if (status == IBD_OK && ibd_boot_ns() < 0) {
    status = ibd_fail(&failure, IBD_CLOCK_FAILED,
                      "this kernel has no CLOCK_BOOTTIME");
  }
  if (status == IBD_OK && asked.nodes != NULL) {
    status = node_list_read(asked.nodes, &nodes, &failure);
  }
  int exit_status = status == IBD_OK ? record(&asked, &nodes)
                                     : (int)complain(status, &failure);
  node_list_free(&nodes);
  return exit_status;
}
