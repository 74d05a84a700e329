#include "schedule.h"

schedule schedule_from(int64_t first_ns, int64_t period_ns) {
  return (schedule){.period_ns = period_ns, .next_ns = first_ns};
}

bool schedule_take(schedule* deadlines, int64_t now_ns, int64_t* deadline_ns) {
  if (now_ns < deadlines->next_ns) {
    return false;
  }
  int64_t skipped = (now_ns - deadlines->next_ns) / deadlines->period_ns;
  deadlines->missed += skipped;
  *deadline_ns = deadlines->next_ns + skipped * deadlines->period_ns;
  deadlines->next_ns = *deadline_ns + deadlines->period_ns;
  return true;
}
