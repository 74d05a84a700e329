// Memory that is freed when its owner goes.
#ifndef IBD_BENCH_MEMORY_H_
#define IBD_BENCH_MEMORY_H_

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

namespace ibd {

// Plain bytes from malloc: the program links no C++ library, so that it is
// small and quick to build for every device.
template <typename T>
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { free(data_); }

  // Takes room for `count` elements and touches every page of it, so that no
  // page fault falls into a measurement. False if there is not enough memory.
  bool Take(size_t count) {
    if (count > SIZE_MAX / sizeof(T)) {
      return false;
    }
    free(data_);
    data_ = static_cast<T*>(malloc(count > 0 ? count * sizeof(T) : 1));
    count_ = data_ != nullptr ? count : 0;
    if (data_ != nullptr) {
      // Not zero: calloc's and memset's zeros may stay one shared page.
      memset(data_, 0xa5, count * sizeof(T));
    }
    return data_ != nullptr;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t count() const { return count_; }
  T& operator[](size_t index) { return data_[index]; }
  const T& operator[](size_t index) const { return data_[index]; }

 private:
  T* data_ = nullptr;
  size_t count_ = 0;
};

}  // namespace ibd

#endif  // IBD_BENCH_MEMORY_H_
