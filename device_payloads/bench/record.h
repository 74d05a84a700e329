// The lines of the journal, other than those of a phase.
#ifndef IBD_BENCH_RECORD_H_
#define IBD_BENCH_RECORD_H_

#include <stdint.h>

#include "ibd/engine.h"
#include "ibd/journal.h"
#include "options.h"

namespace ibd {

// Commits a line; on failure says which file could not be written.
ibd_status Commit(ibd_journal* journal, ibd_failure* failure);
ibd_status Sync(ibd_journal* journal, ibd_failure* failure);

// What the program knew when it began. Texts are "" and bytes 0 where it
// stopped before it knew; an error line then says why.
struct Beginning {
  char engine_version[128] = "";
  char model_sha256[IBD_SHA256_HEX + 1] = "";
  int64_t model_bytes = 0;
};

ibd_status RecordBegin(ibd_journal* journal, const Options& options,
                       const Beginning& beginning, ibd_failure* failure);
ibd_status RecordReady(ibd_journal* journal,
                       const ibd_engine_description& description,
                       int64_t init_start_ns, int64_t init_end_ns,
                       ibd_failure* failure);

// Writes the error, if there is one, and the end. Returns the exit status.
ibd_status RecordEnd(ibd_journal* journal, ibd_status status,
                     const ibd_failure& failure);

}  // namespace ibd

#endif  // IBD_BENCH_RECORD_H_
