// Where the inputs of an inference come from.
#ifndef IBD_BENCH_INPUT_H_
#define IBD_BENCH_INPUT_H_

#include "ibd/engine.h"
#include "memory.h"

namespace ibd {

// The input tensors of one inference, one after the other.
class InputRecord {
 public:
  ~InputRecord();

  ibd_status Take(const ibd_engine_description& description,
                  ibd_failure* failure);

  ibd_status FillFromFile(const char* path, ibd_failure* failure);
  ibd_status FillFromSeed(uint64_t seed, ibd_failure* failure);

  // A data set is records one after the other; at least `count` of them.
  ibd_status OpenDataset(const char* path, int64_t count, ibd_failure* failure);
  ibd_status FillFromDataset(int64_t index, ibd_failure* failure);

  ibd_status Give(const ibd_engine_family& family, ibd_engine* engine,
                  ibd_failure* failure) const;

 private:
  const ibd_engine_description* description_ = nullptr;
  Memory<uint8_t> bytes_;
  const char* dataset_path_ = nullptr;
  int dataset_fd_ = -1;
};

}  // namespace ibd

#endif  // IBD_BENCH_INPUT_H_
