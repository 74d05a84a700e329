/* Why something did not work: a status for the caller, a sentence for people.
 */
#ifndef IBD_FAILURE_H_
#define IBD_FAILURE_H_

#include "ibd/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ibd_failure {
  ibd_status status;
  char message[480];
} ibd_failure;

/* Fills in the failure and returns its status, so that a caller can
 * `return ibd_fail(...)`. Text that does not fit is cut.
 */
__attribute__((format(printf, 3, 4))) ibd_status ibd_fail(ibd_failure* failure,
                                                          ibd_status status,
                                                          const char* format,
                                                          ...);

/* The symbolic name of an errno ("ENOENT"), or "E<number>" for a rare one.
 * `name` has room for 16 bytes.
 */
void ibd_errno_name(int error, char* name);

#ifdef __cplusplus
}
#endif

#endif  // IBD_FAILURE_H_
