#include "ibd/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) {
    return -1;
  }
  return (int64_t)now.tv_sec * IBD_NS_PER_S + now.tv_nsec;
}

int64_t ibd_boot_ns(void) { return read_clock(CLOCK_BOOTTIME); }

int64_t ibd_process_cpu_ns(void) {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void ibd_boot_id(char id[IBD_BOOT_ID_LENGTH + 1]) {
  id[0] = '\0';
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  ssize_t got = read(fd, id, IBD_BOOT_ID_LENGTH);
  close(fd);
  id[got == IBD_BOOT_ID_LENGTH ? IBD_BOOT_ID_LENGTH : 0] = '\0';
}
