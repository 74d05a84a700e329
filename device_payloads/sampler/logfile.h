/* A file of lines that knows its own hash. */
#ifndef IBD_SAMPLER_LOGFILE_H_
#define IBD_SAMPLER_LOGFILE_H_

#include <stdint.h>

#include "ibd/sha256.h"
#include "ibd/text.h"

/* Lines gather in `pending` and go to the file by logfile_flush: a disk that
 * blocks must not cost a deadline for every row.
 */
typedef struct logfile {
  int fd;
  ibd_sha256 hash;
  ibd_text pending;
} logfile;

/* All return 0 or an errno. */

/* Creates DIRECTORY/NAME, which must not be there. */
int logfile_open(logfile* file, const char* directory, const char* name);
int logfile_flush(logfile* file);

/* Writes "sha256=<hex of all bytes so far>\n" behind what is in the last line,
 * fsyncs and closes. `whole` receives the hash of the whole file.
 */
int logfile_finish(logfile* file, const char* last_line,
                   char whole[IBD_SHA256_HEX + 1]);

#endif  // IBD_SAMPLER_LOGFILE_H_
