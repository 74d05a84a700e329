// The timed loop.
#ifndef IBD_BENCH_PHASE_H_
#define IBD_BENCH_PHASE_H_

#include <stdint.h>

#include "ibd/engine.h"
#include "ibd/journal.h"
#include "input.h"
#include "memory.h"
#include "output.h"

namespace ibd {

// Runs phases and writes them into the journal. Between the two clock readings
// of an inference there is nothing but the inference; times go to memory that
// was touched before.
class PhaseRunner {
 public:
  PhaseRunner(const ibd_engine_family& family, ibd_engine* engine,
              ibd_journal* journal)
      : family_(family), engine_(engine), journal_(journal) {}

  // Room for the times of so many inferences. A phase that needs more writes
  // them out in between, never inside an inference.
  ibd_status Take(size_t room, ibd_failure* failure);

  ibd_status RunCount(const char* phase, int64_t count, ibd_failure* failure);

  // Repeats until the phase has lasted `duration_ns`; at least once.
  ibd_status RunFor(const char* phase, int64_t duration_ns,
                    ibd_failure* failure);

  // Feeds records of the data set; each inference's outputs are appended to
  // `outputs` unless that is nullptr.
  ibd_status RunDataset(InputRecord* input, int64_t count, OutputFile* outputs,
                        ibd_failure* failure);

  // The shortest inference so far; 0 before the first.
  int64_t shortest_ns() const { return shortest_ns_; }

 private:
  ibd_status Begin(const char* phase, ibd_failure* failure);
  ibd_status RunOnce(ibd_failure* failure);
  ibd_status WriteTimes(ibd_failure* failure);

  // Writes what was measured, also where an inference failed in the middle.
  ibd_status Finish(ibd_status status, ibd_failure* failure);

  const ibd_engine_family& family_;
  ibd_engine* engine_;
  ibd_journal* journal_;
  Memory<int64_t> start_ns_;
  Memory<int64_t> end_ns_;
  size_t held_ = 0;      // times in memory
  int64_t written_ = 0;  // times of this phase already in the journal
  const char* phase_ = "";
  int64_t first_start_ns_ = 0;
  int64_t last_end_ns_ = 0;
  int64_t cpu_start_ns_ = 0;
  int64_t shortest_ns_ = 0;
};

}  // namespace ibd

#endif  // IBD_BENCH_PHASE_H_
