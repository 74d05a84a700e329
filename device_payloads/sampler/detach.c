#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void wait_for(pid_t pid, int gate) {
  char byte;
  ssize_t got;
  do {
    got = read(gate, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got == 1) {
    printf("pid %d\n", (int)pid);
    exit(fflush(stdout) == 0 ? IBD_OK : IBD_OUTPUT_FAILED);
  }
  int status;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  exit(WIFEXITED(status) ? WEXITSTATUS(status) : IBD_INTERNAL);
}

ibd_status detach(int* gate) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return IBD_INTERNAL;
  }
  pid_t pid = fork();
  if (pid < 0) {
    return IBD_INTERNAL;
  }
  if (pid > 0) {
    close(ends[1]);
    wait_for(pid, ends[0]);
  }
  close(ends[0]);
  (void)setsid();
  /* adbd hangs up on what it started when the connection ends. */
  signal(SIGHUP, SIG_IGN);
  *gate = ends[1];
  return IBD_OK;
}

void detach_ready(int gate) {
  int null = open("/dev/null", O_RDWR);
  if (null >= 0) {
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    if (null > STDERR_FILENO) {
      close(null);
    }
  }
  (void)!write(gate, "", 1);
  close(gate);
}
