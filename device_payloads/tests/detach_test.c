#include "detach.h"

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Detaches in a process of its own; what its parent part printed, and its exit
 * status. The detached part writes its session into `path`, or exits with
 * `early` before it is ready.
 */
static int detach_in_process(const char* path, int early, char said[64]) {
  int ends[2];
  CHECK_INT(pipe(ends), 0);
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    int gate;
    CHECK_INT(detach(&gate), IBD_OK);
    close(ends[1]);
    if (early != 0) {
      _exit(early);
    }
    detach_ready(gate);
    usleep(100000); /* the parent is gone by now */
    char text[64];
    (void)snprintf(text, sizeof text, "%d %d %d", (int)getpid(), (int)getsid(0),
                   isatty(0));
    write_file(path, text);
    _exit(0);
  }
  close(ends[1]);
  ssize_t got = read(ends[0], said, 63);
  said[got > 0 ? got : 0] = '\0';
  close(ends[0]);
  int status;
  CHECK_INT(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void it_goes_on_in_a_session_of_its_own(const char* folder) {
  const char* path = in_folder(folder, "session");
  char said[64];
  CHECK_INT(detach_in_process(path, 0, said), 0);
  int pid = 0;
  CHECK(sscanf(said, "pid %d\n", &pid) == 1);
  for (int i = 0; i < 500 && access(path, F_OK) != 0; ++i) {
    usleep(10000);
  }
  usleep(10000);
  int own = 0;
  int session = 0;
  int is_terminal = -1;
  CHECK(sscanf(read_file(path), "%d %d %d", &own, &session, &is_terminal) == 3);
  CHECK_INT(own, pid);
  CHECK_INT(session, pid);
  CHECK_INT(is_terminal, 0);
}

static void a_failure_before_it_is_ready_reaches_the_caller(
    const char* folder) {
  char said[64];
  CHECK_INT(detach_in_process(in_folder(folder, "x"), IBD_OUTPUT_FAILED, said),
            IBD_OUTPUT_FAILED);
  CHECK_TEXT(said, "");
}

int main(void) {
  const char* folder = fresh_folder();
  it_goes_on_in_a_session_of_its_own(folder);
  a_failure_before_it_is_ready_reaches_the_caller(folder);
  return 0;
}
