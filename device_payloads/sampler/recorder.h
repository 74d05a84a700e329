/* One recording: rows of samples, the child's lines, and the summary. */
#ifndef IBD_SAMPLER_RECORDER_H_
#define IBD_SAMPLER_RECORDER_H_

#include "child.h"
#include "ibd/clock.h"
#include "logfile.h"
#include "node.h"
#include "options.h"
#include "schedule.h"

typedef struct recorder {
  const options* asked;
  node_list* nodes;
  char boot_id[IBD_BOOT_ID_LENGTH + 1];
  logfile samples;
  logfile words; /* of the child */
  schedule deadlines;
  int64_t rows;
  int64_t start_ns;
  int64_t end_ns;
  int64_t next_flush_ns;
  child measured;
  bool has_child; /* it was started */
  bool is_stopped;
  int timer;
  int signals;
  ibd_status status;
  ibd_failure failure;
} recorder;

/* Creates the files; none may be there. */
ibd_status recorder_open(recorder* recording, const options* asked,
                         node_list* nodes, ibd_failure* failure);

/* Samples until the end; what went wrong is in `status` and `failure`. */
void recorder_run(recorder* recording);

/* Ends the files and writes sampler.json, which means: all is here. */
ibd_status recorder_finish(recorder* recording, ibd_failure* failure);

/* What the process exits with: the child's status, or our own. */
int recorder_exit_status(const recorder* recording);

#endif  // IBD_SAMPLER_RECORDER_H_
