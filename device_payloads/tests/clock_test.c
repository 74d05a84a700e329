#include "ibd/clock.h"

#include "check.h"

static void boot_time_goes_forward(void) {
  int64_t before_ns = ibd_boot_ns();
  CHECK(before_ns > 0);
  CHECK(ibd_boot_ns() >= before_ns);
}

static void cpu_time_is_spent_by_working(void) {
  int64_t before_ns = ibd_process_cpu_ns();
  while (ibd_process_cpu_ns() - before_ns < 1000000) {
  }
  CHECK(ibd_process_cpu_ns() > before_ns);
}

static void the_boot_has_an_id(void) {
  char id[IBD_BOOT_ID_LENGTH + 1];
  ibd_boot_id(id);
  CHECK_INT(strlen(id), IBD_BOOT_ID_LENGTH);
  CHECK(id[8] == '-');
}

int main(void) {
  boot_time_goes_forward();
  cpu_time_is_spent_by_working();
  the_boot_has_an_id();
  return 0;
}
