#include "schedule.h"

#include "check.h"

static void a_deadline_is_taken_when_it_is_due(void) {
  schedule deadlines = schedule_from(1000, 10);
  int64_t deadline_ns = -1;
  CHECK(!schedule_take(&deadlines, 999, &deadline_ns));
  CHECK(schedule_take(&deadlines, 1000, &deadline_ns));
  CHECK_INT(deadline_ns, 1000);
  CHECK(!schedule_take(&deadlines, 1009, &deadline_ns));
  CHECK(schedule_take(&deadlines, 1019, &deadline_ns));
  CHECK_INT(deadline_ns, 1010);
  CHECK_INT(deadlines.missed, 0);
}

static void late_by_periods_skips_them(void) {
  schedule deadlines = schedule_from(1000, 10);
  int64_t deadline_ns = -1;
  CHECK(schedule_take(&deadlines, 1035, &deadline_ns));
  CHECK_INT(deadline_ns, 1030);
  CHECK_INT(deadlines.missed, 3);
  CHECK_INT(deadlines.next_ns, 1040);
  CHECK(!schedule_take(&deadlines, 1035, &deadline_ns));
}

/* Taken or missed: every deadline of the span is one of the two. */
static void no_deadline_is_lost(void) {
  schedule deadlines = schedule_from(0, 7);
  uint64_t state = 1;
  int64_t now_ns = 0;
  int64_t taken = 0;
  int64_t deadline_ns = 0;
  int64_t last_ns = -7;
  for (int i = 0; i < 10000; ++i) {
    if (schedule_take(&deadlines, now_ns, &deadline_ns)) {
      ++taken;
      CHECK(deadline_ns > last_ns && deadline_ns <= now_ns);
      CHECK(now_ns - deadline_ns < 7);
      last_ns = deadline_ns;
    }
    CHECK_INT(deadlines.next_ns, 7 * (taken + deadlines.missed));
    state = state * UINT64_C(6364136223846793005) + 1;
    now_ns += (int64_t)(state >> 60) + 1;
  }
  CHECK(taken > 0 && deadlines.missed > 0);
}

int main(void) {
  a_deadline_is_taken_when_it_is_due();
  late_by_periods_skips_them();
  no_deadline_is_lost();
  return 0;
}
