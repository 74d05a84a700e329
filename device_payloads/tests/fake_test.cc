#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "engines/table.h"
#include "ibd/clock.h"

namespace {

using ibd::kFake;

struct Opened {
  ibd_engine* engine = nullptr;
  ibd_status status = IBD_OK;
  ibd_failure failure = {};
};

Opened Open(const ibd_engine_option* options, size_t count, int batch = 1) {
  Opened opened;
  ibd_engine_config config = {};
  config.accelerator = "cpu";
  config.threads = 1;
  config.batch = batch;
  config.options = options;
  config.option_count = count;
  char version[128];
  opened.status = kFake.load(&config, &opened.engine, version, &opened.failure);
  if (opened.status == IBD_OK) {
    opened.status = kFake.open(opened.engine, &opened.failure);
  }
  return opened;
}

void ItsLatencyIsTheOneSet() {
  const ibd_engine_option options[] = {{"latency_ns", "3000000"}};
  Opened opened = Open(options, 1);
  CHECK_INT(opened.status, IBD_OK);
  int64_t shortest_ns = INT64_MAX;
  for (int i = 0; i < 20; ++i) {
    int64_t start_ns = ibd_boot_ns();
    CHECK_INT(kFake.run(opened.engine, &opened.failure), IBD_OK);
    int64_t took_ns = ibd_boot_ns() - start_ns;
    CHECK(took_ns >= 3000000);
    if (took_ns < shortest_ns) {
      shortest_ns = took_ns;
    }
  }
  CHECK(shortest_ns < 4000000);
  kFake.close(opened.engine);
}

void SleepingBurnsNoCpu() {
  const ibd_engine_option options[] = {{"latency_ns", "100000000"},
                                       {"work", "sleep"}};
  Opened opened = Open(options, 2);
  int64_t before_ns = ibd_process_cpu_ns();
  CHECK_INT(kFake.run(opened.engine, &opened.failure), IBD_OK);
  CHECK(ibd_process_cpu_ns() - before_ns < 50000000);
  kFake.close(opened.engine);
}

void OutputsDependOnInputsAlone() {
  const ibd_engine_option options[] = {
      {"inputs", "4,8"}, {"outputs", "6"}, {"latency_ns", "0"}};
  Opened opened = Open(options, 3, 2);
  ibd_engine_description about;
  kFake.describe(opened.engine, &about);
  CHECK_INT(about.input_count, 2);
  CHECK_INT(about.inputs[1].bytes, 16);
  CHECK_INT(about.inputs[1].shape[0], 2);
  CHECK_INT(about.outputs[0].bytes, 12);
  uint8_t input[16] = {1, 2, 3};
  uint8_t first[12];
  uint8_t again[12];
  uint8_t other[12];
  kFake.write_input(opened.engine, 1, input, &opened.failure);
  kFake.read_output(opened.engine, 0, first, &opened.failure);
  kFake.run(opened.engine, &opened.failure);
  kFake.read_output(opened.engine, 0, again, &opened.failure);
  input[15] = 9;
  kFake.write_input(opened.engine, 1, input, &opened.failure);
  kFake.read_output(opened.engine, 0, other, &opened.failure);
  CHECK(memcmp(first, again, sizeof first) == 0);
  CHECK(memcmp(first, other, sizeof first) != 0);
  kFake.close(opened.engine);
}

void BadOptionsAreNamed() {
  const ibd_engine_option unknown[] = {{"speed", "1"}};
  Opened opened = Open(unknown, 1);
  CHECK_INT(opened.status, IBD_USAGE);
  CHECK_TEXT(opened.failure.message, "fake engine: unknown option \"speed\"");
  kFake.close(opened.engine);
  const ibd_engine_option bad[] = {{"fail", "maybe"}};
  opened = Open(bad, 1);
  CHECK_INT(opened.status, IBD_USAGE);
  CHECK_TEXT(opened.failure.message,
             "fake engine: bad value in \"fail=maybe\"");
  kFake.close(opened.engine);
}

void AnErrorComesAtItsInference() {
  const ibd_engine_option options[] = {
      {"fail", "error"}, {"fail_at", "3"}, {"latency_ns", "0"}};
  Opened opened = Open(options, 3);
  CHECK_INT(kFake.run(opened.engine, &opened.failure), IBD_OK);
  CHECK_INT(kFake.run(opened.engine, &opened.failure), IBD_OK);
  CHECK_INT(kFake.run(opened.engine, &opened.failure), IBD_INFERENCE_FAILED);
  kFake.close(opened.engine);
  const ibd_engine_option early[] = {{"fail", "error"}, {"fail_at", "init"}};
  opened = Open(early, 2);
  CHECK_INT(opened.status, IBD_MODEL_REFUSED);
  kFake.close(opened.engine);
}

void ACrashIsASegmentationFault() {
  pid_t pid = fork();
  if (pid == 0) {
    const ibd_engine_option options[] = {{"fail", "crash"}};
    Opened opened = Open(options, 1);
    kFake.run(opened.engine, &opened.failure);
    _exit(0);
  }
  int status;
  CHECK_INT(waitpid(pid, &status, 0), pid);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

void SabotageWaitsForItsInference() {
  const ibd_engine_option options[] = {
      {"fail", "garbage"}, {"fail_at", "2"}, {"latency_ns", "0"}};
  Opened opened = Open(options, 3);
  CHECK_INT(kFake.sabotage(opened.engine), IBD_SABOTAGE_NONE);
  kFake.run(opened.engine, &opened.failure);
  CHECK_INT(kFake.sabotage(opened.engine), IBD_SABOTAGE_NONE);
  kFake.run(opened.engine, &opened.failure);
  CHECK_INT(kFake.sabotage(opened.engine), IBD_SABOTAGE_GARBAGE);
  kFake.close(opened.engine);
}

void OtherAcceleratorsAreUnavailable() {
  ibd_engine_config config = {};
  config.accelerator = "gpu";
  config.batch = 1;
  ibd_engine* engine = nullptr;
  ibd_failure failure;
  char version[128];
  CHECK_INT(kFake.load(&config, &engine, version, &failure),
            IBD_ACCELERATOR_UNAVAILABLE);
  CHECK(engine == nullptr);
}

}  // namespace

int main() {
  ItsLatencyIsTheOneSet();
  SleepingBurnsNoCpu();
  OutputsDependOnInputsAlone();
  BadOptionsAreNamed();
  AnErrorComesAtItsInference();
  ACrashIsASegmentationFault();
  SabotageWaitsForItsInference();
  OtherAcceleratorsAreUnavailable();
  return 0;
}
