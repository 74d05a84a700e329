// What ibd_bench was asked to do.
#ifndef IBD_BENCH_OPTIONS_H_
#define IBD_BENCH_OPTIONS_H_

#include <stddef.h>
#include <stdint.h>

#include "ibd/engine.h"

namespace ibd {

constexpr size_t kMaxEngineOptions = 32;

struct Options {
  const char* engine = nullptr;
  const char* model = nullptr;
  const char* model_sha256 = nullptr;
  const char* journal = nullptr;
  const char* nonce = nullptr;
  const char* library = nullptr;
  const char* accelerator = "cpu";
  int64_t threads = 1;
  int64_t batch = 1;
  int64_t warmup_count = 1;
  int64_t run_count = 5;
  int64_t power_ns = 0;         // 0: no power phase
  const char* input = nullptr;  // nullptr: seeded
  uint64_t seed = 0;
  const char* dataset = nullptr;  // nullptr: no dataset phase
  int64_t dataset_count = 0;
  const char* outputs = nullptr;  // nullptr: outputs are not written
  ibd_engine_option engine_options[kMaxEngineOptions];
  size_t engine_option_count = 0;
  bool wants_version = false;
  bool wants_help = false;
};

extern const char kHelp[];

// Parses argv in place ("key=value" is cut in two). Returns 0 or IBD_USAGE.
ibd_status ParseOptions(int argc, char** argv, Options* options,
                        ibd_failure* failure);

}  // namespace ibd

#endif  // IBD_BENCH_OPTIONS_H_
