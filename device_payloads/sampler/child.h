/* The measured program: started under a terminal of its own, listened to, and
 * reaped with its resource usage.
 */
#ifndef IBD_SAMPLER_CHILD_H_
#define IBD_SAMPLER_CHILD_H_

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "ibd/failure.h"
#include "logfile.h"

typedef struct child {
  pid_t pid;    /* 0: not running */
  int terminal; /* the master end, non-blocking; -1: closed */
  int64_t start_ns;
  int64_t end_ns;
  bool is_reaped;
  int wait_status;
  struct rusage usage;
  int64_t lines;
  ibd_text partial; /* the line that has no end yet */
  int64_t partial_ns;
} child;

/* Starts argv under a pseudo terminal, as the leader of its own session, so a
 * program that buffers when it writes to a pipe writes each line at once.
 * IBD_CHILD_NOT_STARTED if there is no such program or no terminal.
 */
ibd_status child_start(child* measured, char** argv, ibd_failure* failure);

/* Moves what the child has written into `log`, a stamp before each line. */
void child_listen(child* measured, logfile* log);

/* Reaps the child if it has ended, kills what it left behind in its process
 * group and takes its last words. True once it is reaped.
 */
bool child_reap(child* measured, logfile* log);

/* SIGKILL to the whole process group. */
void child_kill(const child* measured);

void child_free(child* measured);

#endif  // IBD_SAMPLER_CHILD_H_
