// An engine that only pretends: known latencies, and failures at will.
//
// Options: latency_ns [1000000], cv_pct [0], seed [0], work=spin|sleep [spin],
// inputs and outputs (bytes of each uint8 tensor per sample, by commas) [16],
// fail=none|crash|hang|error|garbage|partial|wrong_hash [none],
// fail_at=init|<number of the inference, from 1, over all phases> [1].
//
// Its outputs are splitmix64 bytes that depend on its inputs alone, so that a
// test can tell whose outputs it holds.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engines/table.h"
#include "ibd/clock.h"
#include "ibd/number.h"
#include "ibd/splitmix64.h"
#include "ibd/version.h"

namespace ibd {

namespace {

enum class Fail {
  kNone,
  kCrash,
  kHang,
  kError,
  kGarbage,
  kPartial,
  kWrongHash
};

struct Fake {
  int64_t latency_ns = 1000000;
  double cv_pct = 0;
  uint64_t seed = 0;
  bool sleeps = false;
  Fail fail = Fail::kNone;
  int64_t fail_at = 1;  // 0: while it opens
  int64_t runs = 0;
  ibd_engine_description description = {};
  uint8_t* inputs[IBD_MAX_TENSORS] = {};
};

Fake* Of(ibd_engine* engine) { return reinterpret_cast<Fake*>(engine); }
const Fake* Of(const ibd_engine* engine) {
  return reinterpret_cast<const Fake*>(engine);
}

bool ParseFail(const char* text, Fail* fail) {
  static const char* const kNames[] = {
      "none", "crash", "hang", "error", "garbage", "partial", "wrong_hash"};
  for (int i = 0; i < 7; ++i) {
    if (strcmp(text, kNames[i]) == 0) {
      *fail = static_cast<Fail>(i);
      return true;
    }
  }
  return false;
}

// "16,32" to tensors [batch, 16] and [batch, 32].
bool ParseTensors(const char* text, int batch, const char* prefix,
                  ibd_tensor* tensors, size_t* count) {
  *count = 0;
  while (*count < IBD_MAX_TENSORS) {
    char* end;
    long bytes = strtol(text, &end, 10);
    if (end == text || bytes <= 0 || bytes > (1L << 28)) {
      return false;
    }
    ibd_tensor& tensor = tensors[*count];
    tensor = {};
    size_t length = strlen(prefix);
    memcpy(tensor.name, prefix, length);
    tensor.name[length] = static_cast<char>('0' + *count % 10);
    tensor.dtype = IBD_UINT8;
    tensor.rank = 2;
    tensor.shape[0] = batch;
    tensor.shape[1] = static_cast<int32_t>(bytes);
    tensor.bytes = static_cast<size_t>(bytes) * static_cast<size_t>(batch);
    ++*count;
    if (*end == '\0') {
      return true;
    }
    if (*end != ',') {
      return false;
    }
    text = end + 1;
  }
  return false;
}

bool ParseOption(const ibd_engine_option& option, int batch, Fake* fake,
                 bool* is_known) {
  *is_known = true;
  const char* value = option.value;
  if (strcmp(option.key, "latency_ns") == 0) {
    return ibd_parse_int(value, 0, 3600 * IBD_NS_PER_S, &fake->latency_ns);
  }
  if (strcmp(option.key, "cv_pct") == 0) {
    return ibd_parse_double(value, 0, 100, &fake->cv_pct);
  }
  if (strcmp(option.key, "seed") == 0) {
    return ibd_parse_uint64(value, &fake->seed);
  }
  if (strcmp(option.key, "work") == 0) {
    fake->sleeps = strcmp(value, "sleep") == 0;
    return fake->sleeps || strcmp(value, "spin") == 0;
  }
  if (strcmp(option.key, "inputs") == 0) {
    return ParseTensors(value, batch, "input_", fake->description.inputs,
                        &fake->description.input_count);
  }
  if (strcmp(option.key, "outputs") == 0) {
    return ParseTensors(value, batch, "output_", fake->description.outputs,
                        &fake->description.output_count);
  }
  if (strcmp(option.key, "fail") == 0) {
    return ParseFail(value, &fake->fail);
  }
  if (strcmp(option.key, "fail_at") == 0) {
    if (strcmp(value, "init") == 0) {
      fake->fail_at = 0;
      return true;
    }
    return ibd_parse_int(value, 1, INT64_MAX, &fake->fail_at);
  }
  *is_known = false;
  return false;
}

void Close(ibd_engine* engine) {
  Fake* fake = Of(engine);
  for (uint8_t* input : fake->inputs) {
    free(input);
  }
  free(fake);
}

ibd_status Load(const ibd_engine_config* config, ibd_engine** engine,
                char version[128], ibd_failure* failure) {
  memcpy(version, IBD_VERSION, sizeof IBD_VERSION);
  if (strcmp(config->accelerator, "cpu") != 0) {
    return ibd_fail(failure, IBD_ACCELERATOR_UNAVAILABLE,
                    "the fake engine runs on cpu, not on \"%s\"",
                    config->accelerator);
  }
  Fake* fake = static_cast<Fake*>(malloc(sizeof(Fake)));
  if (fake == nullptr) {
    return ibd_fail(failure, IBD_OUT_OF_MEMORY, "no memory for an engine");
  }
  static const Fake kFresh;
  memcpy(static_cast<void*>(fake), &kFresh, sizeof kFresh);
  *engine = reinterpret_cast<ibd_engine*>(fake);
  ibd_engine_description* about = &fake->description;
  ParseTensors("16", config->batch, "input_", about->inputs,
               &about->input_count);
  ParseTensors("16", config->batch, "output_", about->outputs,
               &about->output_count);
  memcpy(about->accelerator, "cpu", sizeof "cpu");
  about->fully_accelerated = IBD_YES;
  for (size_t i = 0; i < config->option_count; ++i) {
    const ibd_engine_option& option = config->options[i];
    bool is_known;
    if (!ParseOption(option, config->batch, fake, &is_known)) {
      return ibd_fail(failure, IBD_USAGE, "fake engine: %s \"%s%s%s\"",
                      is_known ? "bad value in" : "unknown option", option.key,
                      is_known ? "=" : "", is_known ? option.value : "");
    }
  }
  return IBD_OK;
}

ibd_status FailNow(const Fake& fake, ibd_status status, ibd_failure* failure) {
  switch (fake.fail) {
    case Fail::kCrash:
      // Past any handler that a sanitizer has put there.
      signal(SIGSEGV, SIG_DFL);
      raise(SIGSEGV);
      return IBD_OK;
    case Fail::kHang:
      for (;;) {
        pause();
      }
    case Fail::kError:
      return ibd_fail(failure, status, "fake engine: told to fail");
    case Fail::kNone:
    case Fail::kGarbage:
    case Fail::kPartial:
    case Fail::kWrongHash:
      return IBD_OK;
  }
  return IBD_OK;
}

ibd_status Open(ibd_engine* engine, ibd_failure* failure) {
  Fake* fake = Of(engine);
  for (size_t i = 0; i < fake->description.input_count; ++i) {
    fake->inputs[i] =
        static_cast<uint8_t*>(calloc(fake->description.inputs[i].bytes, 1));
    if (fake->inputs[i] == nullptr) {
      return ibd_fail(failure, IBD_OUT_OF_MEMORY, "no memory for an input");
    }
  }
  return fake->fail_at == 0 ? FailNow(*fake, IBD_MODEL_REFUSED, failure)
                            : IBD_OK;
}

void Describe(const ibd_engine* engine, ibd_engine_description* description) {
  *description = Of(engine)->description;
}

ibd_status WriteInput(ibd_engine* engine, size_t index, const void* data,
                      ibd_failure*) {
  Fake* fake = Of(engine);
  memcpy(fake->inputs[index], data, fake->description.inputs[index].bytes);
  return IBD_OK;
}

// Normal enough: the sum of twelve uniform draws, less its mean (variance 1).
double DrawNormal(uint64_t* state) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) {
    sum += static_cast<double>(ibd_splitmix64_draw(state) >> 11) * 0x1p-53;
  }
  return sum;
}

void Wait(int64_t end_ns, bool sleeps) {
  if (sleeps) {
    struct timespec end = {static_cast<time_t>(end_ns / IBD_NS_PER_S),
                           static_cast<long>(end_ns % IBD_NS_PER_S)};
    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &end, nullptr) != 0) {
    }
    return;
  }
  while (ibd_boot_ns() < end_ns) {
  }
}

ibd_status Run(ibd_engine* engine, ibd_failure* failure) {
  int64_t start_ns = ibd_boot_ns();
  Fake* fake = Of(engine);
  ++fake->runs;
  if (fake->fail_at == fake->runs) {
    ibd_status status = FailNow(*fake, IBD_INFERENCE_FAILED, failure);
    if (status != IBD_OK) {
      return status;
    }
  }
  double factor = 1 + fake->cv_pct / 100 * DrawNormal(&fake->seed);
  if (factor > 0) {
    Wait(start_ns + static_cast<int64_t>(factor *
                                         static_cast<double>(fake->latency_ns)),
         fake->sleeps);
  }
  return IBD_OK;
}

ibd_status ReadOutput(ibd_engine* engine, size_t index, void* data,
                      ibd_failure*) {
  const Fake* fake = Of(engine);
  // FNV-1a (Fowler, Noll, Vo) of all inputs and the output's number.
  uint64_t state = UINT64_C(0xcbf29ce484222325) + index;
  for (size_t i = 0; i < fake->description.input_count; ++i) {
    for (size_t k = 0; k < fake->description.inputs[i].bytes; ++k) {
      state = (state ^ fake->inputs[i][k]) * UINT64_C(0x100000001b3);
    }
  }
  const ibd_tensor& tensor = fake->description.outputs[index];
  ibd_splitmix64_fill(&state, tensor.dtype, tensor.bytes, data);
  return IBD_OK;
}

ibd_sabotage Sabotage(const ibd_engine* engine) {
  const Fake* fake = Of(engine);
  if (fake->runs < fake->fail_at) {
    return IBD_SABOTAGE_NONE;
  }
  switch (fake->fail) {
    case Fail::kGarbage:
      return IBD_SABOTAGE_GARBAGE;
    case Fail::kPartial:
      return IBD_SABOTAGE_PARTIAL;
    case Fail::kWrongHash:
      return IBD_SABOTAGE_WRONG_CHAIN;
    case Fail::kNone:
    case Fail::kCrash:
    case Fail::kHang:
    case Fail::kError:
      return IBD_SABOTAGE_NONE;
  }
  return IBD_SABOTAGE_NONE;
}

}  // namespace

const ibd_engine_family kFake = {
    "fake", Load, Open, Describe, WriteInput, ReadOutput, Run, Sabotage, Close,
};

}  // namespace ibd
