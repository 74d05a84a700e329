/* The one clock of a phone: CLOCK_BOOTTIME, in ns. It runs through sleep and
 * is never set.
 */
#ifndef IBD_CLOCK_H_
#define IBD_CLOCK_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IBD_NS_PER_S INT64_C(1000000000)
#define IBD_BOOT_ID_LENGTH 36

/* Boot time, ns; -1 where the kernel has no such clock (ask once, at start). */
int64_t ibd_boot_ns(void);

/* CPU time of this process with all its threads, ns. */
int64_t ibd_process_cpu_ns(void);

/* The id of this boot; "" where the kernel does not tell. */
void ibd_boot_id(char id[IBD_BOOT_ID_LENGTH + 1]);

#ifdef __cplusplus
}
#endif

#endif  // IBD_CLOCK_H_
