/* Absolute deadlines: first, first + period, first + 2 * period, ... */
#ifndef IBD_SAMPLER_SCHEDULE_H_
#define IBD_SAMPLER_SCHEDULE_H_

#include <stdbool.h>
#include <stdint.h>

typedef struct schedule {
  int64_t period_ns;
  int64_t next_ns; /* the deadline that has not been met yet */
  int64_t missed;
} schedule;

schedule schedule_from(int64_t first_ns, int64_t period_ns);

/* Takes the deadline that is due at `now_ns`; false if none is.
 *
 * Where whole periods have gone by, the latest deadline is taken and those
 * before it count as missed: a late sampler skips, it does not read in a burst.
 */
bool schedule_take(schedule* deadlines, int64_t now_ns, int64_t* deadline_ns);

#endif  // IBD_SAMPLER_SCHEDULE_H_
