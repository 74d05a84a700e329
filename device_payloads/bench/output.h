// The outputs of inferences, written to outputs.bin.
#ifndef IBD_BENCH_OUTPUT_H_
#define IBD_BENCH_OUTPUT_H_

#include "ibd/engine.h"
#include "ibd/journal.h"
#include "ibd/sha256.h"
#include "memory.h"

namespace ibd {

// One record is the output tensors of one inference, one after the other; the
// file is records one after the other.
class OutputFile {
 public:
  ~OutputFile();

  // Creates DIRECTORY/outputs.bin, which must not be there.
  ibd_status Open(const char* directory,
                  const ibd_engine_description& description,
                  ibd_failure* failure);

  ibd_status Append(const ibd_engine_family& family, ibd_engine* engine,
                    ibd_failure* failure);

  // Brings the file to the disk and writes one `output` line per tensor, with
  // the bytes and the hash of all of that tensor's records.
  ibd_status Finish(ibd_journal* journal, ibd_failure* failure);

 private:
  const ibd_engine_description* description_ = nullptr;
  int fd_ = -1;
  Memory<uint8_t> tensor_;
  ibd_sha256 hashes_[IBD_MAX_TENSORS];
};

}  // namespace ibd

#endif  // IBD_BENCH_OUTPUT_H_
