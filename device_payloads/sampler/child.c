#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "ibd/clock.h"
#include "ibd/file.h"

/* A line without an end is cut here, so that it cannot fill the memory. */
static const size_t kMostLineBytes = 1 << 16;

/* Lines go through as they were written: no echo, no CR before the LF. */
static void make_plain(int terminal) {
  struct termios settings;
  if (tcgetattr(terminal, &settings) == 0) {
    settings.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    settings.c_oflag &= ~(tcflag_t)OPOST;
    (void)tcsetattr(terminal, TCSANOW, &settings);
  }
}

static int open_terminal(int* master, int* slave) {
  *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*master < 0) {
    return errno;
  }
  char name[64];
  if (grantpt(*master) != 0 || unlockpt(*master) != 0) {
    return errno;
  }
  int error = ptsname_r(*master, name, sizeof name);
  if (error != 0) {
    return error;
  }
  *slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*slave < 0) {
    return errno;
  }
  make_plain(*slave);
  int flags = fcntl(*master, F_GETFL);
  return fcntl(*master, F_SETFL, flags | O_NONBLOCK) != 0 ? errno : 0;
}

/* In the new process. Tells why it could not start through `report`. */
static _Noreturn void become(char** argv, int slave, int report) {
  sigset_t none;
  sigemptyset(&none);
  (void)setsid();
  if (ioctl(slave, TIOCSCTTY, 0) == 0 && dup2(slave, STDIN_FILENO) >= 0 &&
      dup2(slave, STDOUT_FILENO) >= 0 && dup2(slave, STDERR_FILENO) >= 0) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(argv[0], argv);
  }
  int error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(IBD_CHILD_NOT_STARTED);
}

static ibd_status not_started(const char* program, int error,
                              ibd_failure* failure) {
  return ibd_fail(failure, IBD_CHILD_NOT_STARTED, "%s cannot be started: %s",
                  program, strerror(error));
}

ibd_status child_start(child* measured, char** argv, ibd_failure* failure) {
  int slave = -1;
  int report[2] = {-1, -1};
  *measured = (child){.terminal = -1};
  int error = open_terminal(&measured->terminal, &slave);
  if (error == 0 && pipe2(report, O_CLOEXEC) != 0) {
    error = errno;
  }
  pid_t pid = -1;
  if (error == 0) {
    measured->start_ns = ibd_boot_ns();
    pid = fork();
    if (pid == 0) {
      become(argv, slave, report[1]);
    }
    error = pid < 0 ? errno : 0;
  }
  if (slave >= 0) {
    close(slave);
  }
  if (report[1] >= 0) {
    close(report[1]);
  }
  if (error == 0) {
    ssize_t got;
    do {
      got = read(report[0], &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof error) {
      waitpid(pid, NULL, 0);
    } else {
      error = 0;
      measured->pid = pid;
    }
  }
  if (report[0] >= 0) {
    close(report[0]);
  }
  if (error != 0) {
    measured->end_ns = ibd_boot_ns();
    return not_started(argv[0], error, failure);
  }
  return IBD_OK;
}

static void end_line(child* measured, logfile* log) {
  ibd_text_int(&log->pending, measured->partial_ns);
  ibd_text_append(&log->pending, "\t", 1);
  ibd_text_append(&log->pending, measured->partial.data,
                  measured->partial.bytes);
  ibd_text_append(&log->pending, "\n", 1);
  ibd_text_clear(&measured->partial);
  ++measured->lines;
}

static void take(child* measured, logfile* log, const char* bytes, size_t count,
                 int64_t now_ns) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] == '\n') {
      /* The stamp of a line is when its end arrived. */
      measured->partial_ns = now_ns;
      end_line(measured, log);
    } else if (bytes[i] != '\r' && bytes[i] != '\0') {
      measured->partial_ns = now_ns;
      ibd_text_append(&measured->partial, bytes + i, 1);
      if (measured->partial.bytes == kMostLineBytes) {
        end_line(measured, log);
      }
    }
  }
}

void child_listen(child* measured, logfile* log) {
  char bytes[4096];
  while (measured->terminal >= 0) {
    ssize_t got = read(measured->terminal, bytes, sizeof bytes);
    if (got > 0) {
      take(measured, log, bytes, (size_t)got, ibd_boot_ns());
      if ((size_t)got < sizeof bytes) {
        return;
      }
      continue;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got == 0 || errno != EAGAIN) {
      /* EIO: nobody holds the other end any more. */
      close(measured->terminal);
      measured->terminal = -1;
    }
    return;
  }
}

/* Until nothing more comes at once. */
static void take_last_words(child* measured, logfile* log) {
  int64_t before;
  do {
    before = measured->lines + (int64_t)measured->partial.bytes;
    child_listen(measured, log);
  } while (measured->terminal >= 0 &&
           before != measured->lines + (int64_t)measured->partial.bytes);
  if (measured->partial.bytes > 0) {
    end_line(measured, log);
  }
  if (measured->terminal >= 0) {
    close(measured->terminal);
    measured->terminal = -1;
  }
}

bool child_reap(child* measured, logfile* log) {
  if (measured->is_reaped) {
    return true;
  }
  siginfo_t info = {0};
  if (waitid(P_PID, (id_t)measured->pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
          0 ||
      info.si_pid == 0) {
    return false;
  }
  /* Before the end is stamped, so that no line bears a later time. */
  child_listen(measured, log);
  measured->end_ns = ibd_boot_ns();
  /* While the leader is unreaped its number cannot be given to another group.
   */
  child_kill(measured);
  while (wait4(measured->pid, &measured->wait_status, 0, &measured->usage) <
             0 &&
         errno == EINTR) {
  }
  measured->is_reaped = true;
  take_last_words(measured, log);
  return true;
}

void child_kill(const child* measured) {
  if (measured->pid > 0 && !measured->is_reaped) {
    (void)kill(-measured->pid, SIGKILL);
  }
}

void child_free(child* measured) {
  if (measured->terminal >= 0) {
    close(measured->terminal);
    measured->terminal = -1;
  }
  ibd_text_free(&measured->partial);
}
