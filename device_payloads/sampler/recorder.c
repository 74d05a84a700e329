#include "recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ibd/file.h"

/* A recorder that is killed loses no more than this. */
static const int64_t kFlushPeriodNs = IBD_NS_PER_S;
static const size_t kFlushBytes = 1 << 20;

static ibd_status cannot_write(const char* name, int error,
                               ibd_failure* failure) {
  return ibd_fail(failure, IBD_OUTPUT_FAILED, "%s cannot be written: %s", name,
                  strerror(error));
}

static int write_pid(const char* directory) {
  logfile file;
  int error = logfile_open(&file, directory, "sampler.pid");
  if (error == 0) {
    ibd_text_format(&file.pending, "%d\n", (int)getpid());
    error = logfile_flush(&file);
    ibd_text_free(&file.pending);
    close(file.fd);
  }
  return error;
}

static void write_header(recorder* recording) {
  ibd_text* text = &recording->samples.pending;
  ibd_text_string(text, "#ibd_sampler 1 nonce=");
  ibd_text_string(text, recording->asked->nonce);
  ibd_text_format(text, " boot_id=%s period_ns=", recording->boot_id);
  ibd_text_int(text, recording->asked->period_ns);
  ibd_text_string(text, "\n#columns ");
  for (size_t i = 0; i < recording->nodes->count; ++i) {
    ibd_text_string(text, i > 0 ? "\t" : "");
    ibd_text_string(text, recording->nodes->nodes[i].name);
  }
  ibd_text_string(text, "\n");
}

static int open_events(recorder* recording) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGINT);
  if (!recording->asked->is_detached) {
    sigaddset(&awaited, SIGHUP);
  }
  recording->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (recording->timer < 0 || sigprocmask(SIG_BLOCK, &awaited, NULL) != 0) {
    return errno;
  }
  recording->signals = signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
  return recording->signals < 0 ? errno : 0;
}

ibd_status recorder_open(recorder* recording, const options* asked,
                         node_list* nodes, ibd_failure* failure) {
  *recording = (recorder){.asked = asked,
                          .nodes = nodes,
                          .samples.fd = -1,
                          .words.fd = -1,
                          .measured.terminal = -1,
                          .timer = -1,
                          .signals = -1};
  ibd_boot_id(recording->boot_id);
  int error = ibd_make_directory(asked->out);
  if (error != 0) {
    return cannot_write(asked->out, error, failure);
  }
  error = write_pid(asked->out);
  if (error != 0) {
    return cannot_write("sampler.pid", error, failure);
  }
  error = logfile_open(&recording->samples, asked->out, "samples.tsv");
  if (error != 0) {
    return cannot_write("samples.tsv", error, failure);
  }
  error = logfile_open(&recording->words, asked->out, "child.tsv");
  if (error != 0) {
    return cannot_write("child.tsv", error, failure);
  }
  error = open_events(recording);
  if (error != 0) {
    return ibd_fail(failure, IBD_CLOCK_FAILED, "no timer on CLOCK_BOOTTIME: %s",
                    strerror(error));
  }
  write_header(recording);
  return IBD_OK;
}

static void sample(recorder* recording, int64_t deadline_ns) {
  ibd_text* row = &recording->samples.pending;
  char value[NODE_VALUE_BYTES];
  ibd_text_int(row, deadline_ns);
  for (size_t i = 0; i < recording->nodes->count; ++i) {
    node_read(&recording->nodes->nodes[i], value);
    ibd_text_append(row, "\t", 1);
    ibd_text_int(row, ibd_boot_ns());
    ibd_text_append(row, "\t", 1);
    ibd_text_string(row, value);
  }
  ibd_text_append(row, "\n", 1);
  ++recording->rows;
}

static void flush(recorder* recording) {
  int error = logfile_flush(&recording->samples);
  if (error == 0) {
    error = logfile_flush(&recording->words);
  }
  if (error != 0 && recording->status == IBD_OK) {
    recording->status =
        cannot_write("the recording", error, &recording->failure);
    recording->is_stopped = true;
  }
}

static void stop(recorder* recording, ibd_status status, const char* why) {
  if (recording->status == IBD_OK) {
    recording->status = ibd_fail(&recording->failure, status, "%s", why);
  }
  recording->is_stopped = true;
}

static bool is_child_running(const recorder* recording) {
  return recording->has_child && !recording->measured.is_reaped;
}

/* When the recording is over, as far as is known; INT64_MAX while it is not. */
static int64_t end_of(const recorder* recording) {
  const options* asked = recording->asked;
  if (asked->child == NULL) {
    return recording->start_ns + asked->before_ns + asked->after_ns;
  }
  return recording->measured.is_reaped
             ? recording->measured.end_ns + asked->after_ns
             : INT64_MAX;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t next_event_ns(const recorder* recording) {
  int64_t next_ns = least(recording->deadlines.next_ns, end_of(recording));
  if (recording->asked->child != NULL && !recording->has_child) {
    next_ns = least(next_ns, recording->start_ns + recording->asked->before_ns);
  }
  if (is_child_running(recording)) {
    next_ns = least(next_ns,
                    recording->measured.start_ns + recording->asked->most_ns);
  }
  return next_ns;
}

static void wait_until(recorder* recording, int64_t deadline_ns) {
  struct itimerspec when = {
      .it_value = {.tv_sec = (time_t)(deadline_ns / IBD_NS_PER_S),
                   .tv_nsec = (long)(deadline_ns % IBD_NS_PER_S)}};
  struct pollfd events[] = {
      {.fd = recording->timer, .events = POLLIN},
      {.fd = recording->signals, .events = POLLIN},
      {.fd = recording->measured.terminal, .events = POLLIN},
  };
  if (timerfd_settime(recording->timer, TFD_TIMER_ABSTIME, &when, NULL) != 0) {
    stop(recording, IBD_CLOCK_FAILED, "the timer cannot be set");
    return;
  }
  while (poll(events, 3, -1) < 0 && errno == EINTR) {
  }
  struct signalfd_siginfo info;
  while (read(recording->signals, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo != SIGCHLD) {
      stop(recording, IBD_TIMED_OUT, "stopped by a signal before its end");
    }
  }
}

static void start_child(recorder* recording) {
  ibd_failure failure;
  ibd_status status =
      child_start(&recording->measured, recording->asked->child, &failure);
  if (status != IBD_OK) {
    stop(recording, status, failure.message);
    return;
  }
  recording->has_child = true;
}

/* Everything that is due now. */
static void act(recorder* recording) {
  const options* asked = recording->asked;
  int64_t now_ns = ibd_boot_ns();
  int64_t deadline_ns;
  if (is_child_running(recording)) {
    child_listen(&recording->measured, &recording->words);
    (void)child_reap(&recording->measured, &recording->words);
  }
  if (schedule_take(&recording->deadlines, now_ns, &deadline_ns)) {
    sample(recording, deadline_ns);
  }
  if (asked->child != NULL && !recording->has_child &&
      now_ns >= recording->start_ns + asked->before_ns) {
    start_child(recording);
  }
  if (is_child_running(recording) &&
      now_ns >= recording->measured.start_ns + asked->most_ns) {
    stop(recording, IBD_TIMED_OUT, "the child did not end in the time it had");
  }
  if (now_ns >= recording->next_flush_ns ||
      recording->words.pending.bytes >= kFlushBytes) {
    recording->next_flush_ns = now_ns + kFlushPeriodNs;
    flush(recording);
  }
}

/* SIGKILL does its work, but not at once. */
static void end_child(recorder* recording) {
  while (is_child_running(recording)) {
    child_kill(&recording->measured);
    if (!child_reap(&recording->measured, &recording->words)) {
      wait_until(recording, ibd_boot_ns() + IBD_NS_PER_S / 100);
    }
  }
}

void recorder_run(recorder* recording) {
  recording->start_ns = ibd_boot_ns();
  recording->next_flush_ns = recording->start_ns + kFlushPeriodNs;
  recording->deadlines =
      schedule_from(recording->start_ns, recording->asked->period_ns);
  while (!recording->is_stopped && ibd_boot_ns() < end_of(recording)) {
    act(recording);
    if (!recording->is_stopped) {
      wait_until(recording, next_event_ns(recording));
    }
  }
  end_child(recording);
  recording->end_ns = ibd_boot_ns();
}

int recorder_exit_status(const recorder* recording) {
  if (recording->status != IBD_OK || !recording->has_child) {
    return (int)recording->status;
  }
  int wait_status = recording->measured.wait_status;
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
                                  : WEXITSTATUS(wait_status);
}
