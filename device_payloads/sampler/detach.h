/* Going on after the cable is cut. */
#ifndef IBD_SAMPLER_DETACH_H_
#define IBD_SAMPLER_DETACH_H_

#include "ibd/status.h"

/* Forks. The parent never returns: it waits for detach_ready(), prints
 * "pid <N>" and exits 0, or exits with the status of a process that ended
 * before that. The new process returns, as the leader of its own session;
 * `gate` is then for detach_ready().
 */
ibd_status detach(int* gate);

/* Lets the parent go and closes the standard streams, to /dev/null. */
void detach_ready(int gate);

#endif  // IBD_SAMPLER_DETACH_H_
