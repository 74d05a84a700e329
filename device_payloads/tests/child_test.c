#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "ibd/clock.h"
#include "ibd/file.h"

static void nap(void) { usleep(2000); }

/* Runs a shell line as the child; what was logged is in `log->pending`. */
static child run(const char* script, logfile* log) {
  char* argv[] = {"/bin/sh", "-c", (char*)script, NULL};
  child measured;
  ibd_failure failure;
  *log = (logfile){.fd = -1};
  CHECK_INT(child_start(&measured, argv, &failure), IBD_OK);
  while (!child_reap(&measured, log)) {
    child_listen(&measured, log);
    nap();
  }
  ibd_text_append(&log->pending, "", 1);
  child_free(&measured);
  return measured;
}

/* The log without its stamps, lines joined by '|'. */
static const char* words_of(const logfile* log) {
  static char words[4096];
  char* next = words;
  for (const char* line = log->pending.data; line != NULL && *line != '\0';) {
    const char* tab = strchr(line, '\t');
    const char* end = strchr(line, '\n');
    CHECK(tab != NULL && end != NULL && atoll(line) > 0);
    next += sprintf(next, "%.*s|", (int)(end - tab - 1), tab + 1);
    line = end + 1;
  }
  *next = '\0';
  return words;
}

static void lines_are_stamped_and_the_last_one_is_kept(void) {
  logfile log;
  child measured =
      run("echo one; echo two >&2; printf 'a\\tb\\r\\nlast'", &log);
  CHECK_TEXT(words_of(&log), "one|two|a\tb|last|");
  CHECK_INT(measured.lines, 4);
  CHECK(WIFEXITED(measured.wait_status));
  ibd_text_free(&log.pending);
}

static void a_stamp_is_when_the_line_came(void) {
  logfile log;
  child measured = run("echo one; sleep 0.2; echo two", &log);
  int64_t first_ns = atoll(log.pending.data);
  int64_t second_ns = atoll(strchr(log.pending.data, '\n') + 1);
  CHECK(first_ns >= measured.start_ns && second_ns <= measured.end_ns);
  CHECK(second_ns - first_ns > 150000000);
  CHECK(second_ns - first_ns < 2000000000);
  ibd_text_free(&log.pending);
}

static void it_has_a_terminal_and_its_own_group(void) {
  logfile log;
  (void)run(
      "test -t 0 && test -t 1 && test -t 2 && echo terminal; "
      "ps -o pgid= -p $$ >/dev/null 2>&1; exit 0",
      &log);
  CHECK_TEXT(words_of(&log), "terminal|");
  ibd_text_free(&log.pending);
}

static void its_exit_and_signal_are_told_apart(void) {
  logfile log;
  child measured = run("exit 7", &log);
  CHECK(WIFEXITED(measured.wait_status));
  CHECK_INT(WEXITSTATUS(measured.wait_status), 7);
  ibd_text_free(&log.pending);
  measured = run("kill -TERM $$", &log);
  CHECK(WIFSIGNALED(measured.wait_status));
  CHECK_INT(WTERMSIG(measured.wait_status), SIGTERM);
  ibd_text_free(&log.pending);
}

static void its_cpu_time_is_known(void) {
  logfile log;
  child measured =
      run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", &log);
  CHECK(measured.usage.ru_utime.tv_sec + measured.usage.ru_utime.tv_usec > 0);
  CHECK(measured.usage.ru_maxrss > 100);
  ibd_text_free(&log.pending);
}

static void a_missing_program_is_named(void) {
  char* argv[] = {"/no/such/program", NULL};
  child measured;
  ibd_failure failure;
  CHECK_INT(child_start(&measured, argv, &failure), IBD_CHILD_NOT_STARTED);
  CHECK_TEXT(failure.message,
             "/no/such/program cannot be started: No such file or directory");
  child_free(&measured);
}

static void what_it_leaves_behind_is_killed(void) {
  logfile log;
  (void)run("sleep 60 & echo $!", &log);
  int left = atoi(words_of(&log));
  CHECK(left > 0);
  for (int i = 0; i < 500 && kill(left, 0) == 0; ++i) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", left);
    FILE* stat = fopen(path, "r");
    char state = 'Z';
    if (stat != NULL) {
      CHECK(fscanf(stat, "%*d %*s %c", &state) == 1);
      fclose(stat);
    }
    if (state == 'Z') {
      break; /* dead; whoever inherited it has not reaped it yet */
    }
    nap();
    CHECK(i < 499);
  }
  ibd_text_free(&log.pending);
}

static void a_kill_reaches_the_whole_group(void) {
  char* argv[] = {"/bin/sh", "-c", "trap '' TERM INT; sleep 60; sleep 60",
                  NULL};
  child measured;
  ibd_failure failure;
  logfile log = {.fd = -1};
  CHECK_INT(child_start(&measured, argv, &failure), IBD_OK);
  child_kill(&measured);
  int64_t start_ns = ibd_boot_ns();
  while (!child_reap(&measured, &log)) {
    CHECK(ibd_boot_ns() - start_ns < 10 * IBD_NS_PER_S);
    nap();
  }
  CHECK(WIFSIGNALED(measured.wait_status));
  CHECK_INT(WTERMSIG(measured.wait_status), SIGKILL);
  child_free(&measured);
  ibd_text_free(&log.pending);
}

static void a_line_without_an_end_does_not_fill_the_memory(void) {
  logfile log;
  child measured = run("head -c 200000 /dev/zero | tr '\\0' 'x'", &log);
  CHECK(measured.lines >= 3);
  size_t letters = 0;
  for (const char* next = log.pending.data; *next != '\0'; ++next) {
    letters += *next == 'x';
  }
  CHECK_INT(letters, 200000);
  ibd_text_free(&log.pending);
}

int main(void) {
  lines_are_stamped_and_the_last_one_is_kept();
  a_stamp_is_when_the_line_came();
  it_has_a_terminal_and_its_own_group();
  its_exit_and_signal_are_told_apart();
  its_cpu_time_is_known();
  a_missing_program_is_named();
  what_it_leaves_behind_is_killed();
  a_kill_reaches_the_whole_group();
  a_line_without_an_end_does_not_fill_the_memory();
  return 0;
}
