// ibd_bench: measures one model on one engine and writes a journal.
#include <stdio.h>
#include <string.h>

#include "engines/table.h"
#include "ibd/clock.h"
#include "ibd/file.h"
#include "ibd/version.h"
#include "input.h"
#include "options.h"
#include "output.h"
#include "phase.h"
#include "record.h"

namespace ibd {

namespace {

// Times are kept in memory for phases of up to this many inferences.
constexpr size_t kLeastRoom = size_t{1} << 12;
constexpr size_t kMostRoom = size_t{1} << 20;

class Bench {
 public:
  Bench(const Options& options, const ibd_engine_family& family)
      : options_(options), family_(family) {}
  ~Bench() {
    if (engine_ != nullptr) {
      family_.close(engine_);
    }
    ibd_journal_close(&journal_);
  }

  ibd_status Run() {
    ibd_failure failure = {};
    int error = ibd_journal_open(&journal_, options_.journal, options_.nonce);
    if (error != 0) {
      fprintf(stderr, "ibd_bench: %s: %s\n", options_.journal, strerror(error));
      return IBD_JOURNAL_FAILED;
    }
    ibd_status status = Start(&failure);
    if (status == IBD_OK) {
      status = Initialise(&failure);
    }
    if (status == IBD_OK) {
      status = Measure(&failure);
    }
    return RecordEnd(&journal_, status, failure);
  }

 private:
  ibd_status CheckModel(Beginning* beginning, ibd_failure* failure) const {
    char hex[IBD_SHA256_HEX + 1];
    int error = ibd_file_hash(options_.model, hex, &beginning->model_bytes);
    if (error != 0) {
      beginning->model_bytes = 0;
      return ibd_fail(failure, IBD_MODEL_UNREADABLE, "%s: %s", options_.model,
                      strerror(error));
    }
    memcpy(beginning->model_sha256, hex, sizeof hex);
    if (strcmp(hex, options_.model_sha256) != 0) {
      return ibd_fail(failure, IBD_MODEL_HASH,
                      "%s has SHA-256 %s; %s was expected", options_.model, hex,
                      options_.model_sha256);
    }
    return IBD_OK;
  }

  ibd_status Start(ibd_failure* failure) {
    Beginning beginning;
    ibd_status status = CheckModel(&beginning, failure);
    if (status == IBD_OK && ibd_boot_ns() < 0) {
      status = ibd_fail(failure, IBD_CLOCK_FAILED,
                        "this kernel has no CLOCK_BOOTTIME");
    }
    if (status == IBD_OK) {
      ibd_engine_config config = {};
      config.model_path = options_.model;
      config.library_path = options_.library;
      config.accelerator = options_.accelerator;
      config.threads = static_cast<int>(options_.threads);
      config.batch = static_cast<int>(options_.batch);
      config.options = options_.engine_options;
      config.option_count = options_.engine_option_count;
      status =
          family_.load(&config, &engine_, beginning.engine_version, failure);
    }
    ibd_failure second;
    ibd_status begun = RecordBegin(&journal_, options_, beginning, &second);
    if (status == IBD_OK && begun != IBD_OK) {
      *failure = second;
      return begun;
    }
    return status;
  }

  ibd_status Initialise(ibd_failure* failure) {
    int64_t start_ns = ibd_boot_ns();
    ibd_status status = family_.open(engine_, failure);
    int64_t end_ns = ibd_boot_ns();
    if (status != IBD_OK) {
      return status;
    }
    family_.describe(engine_, &description_);
    if (family_.sabotage != nullptr) {
      journal_.sabotage = family_.sabotage(engine_);
    }
    status = RecordReady(&journal_, description_, start_ns, end_ns, failure);
    return status != IBD_OK ? status : Sync(&journal_, failure);
  }

  ibd_status Measure(ibd_failure* failure) {
    InputRecord input;
    OutputFile outputs;
    ibd_status status = input.Take(description_, failure);
    if (status == IBD_OK && options_.outputs != nullptr) {
      status = outputs.Open(options_.outputs, description_, failure);
    }
    if (status == IBD_OK) {
      status = options_.dataset != nullptr
                   ? MeasureDataset(&input, &outputs, failure)
                   : MeasurePhases(&input, &outputs, failure);
    }
    if (status == IBD_OK && options_.outputs != nullptr) {
      status = outputs.Finish(&journal_, failure);
    }
    return status;
  }

  ibd_status MeasureDataset(InputRecord* input, OutputFile* outputs,
                            ibd_failure* failure) {
    PhaseRunner runner(family_, engine_, &journal_);
    ibd_status status =
        input->OpenDataset(options_.dataset, options_.dataset_count, failure);
    if (status == IBD_OK) {
      status = runner.Take(kLeastRoom, failure);
    }
    if (status == IBD_OK) {
      status = runner.RunDataset(
          input, options_.dataset_count,
          options_.outputs != nullptr ? outputs : nullptr, failure);
    }
    return status;
  }

  ibd_status MeasurePhases(InputRecord* input, OutputFile* outputs,
                           ibd_failure* failure) {
    PhaseRunner runner(family_, engine_, &journal_);
    ibd_status status = options_.input != nullptr
                            ? input->FillFromFile(options_.input, failure)
                            : input->FillFromSeed(options_.seed, failure);
    if (status == IBD_OK) {
      status = input->Give(family_, engine_, failure);
    }
    if (status == IBD_OK) {
      status = runner.Take(RoomFor(options_.run_count), failure);
    }
    if (status == IBD_OK) {
      status = runner.RunCount("warmup", options_.warmup_count, failure);
    }
    if (status == IBD_OK) {
      status = runner.RunCount("latency", options_.run_count, failure);
    }
    if (status == IBD_OK && options_.power_ns > 0) {
      status = MeasurePower(&runner, failure);
    }
    if (status == IBD_OK && options_.outputs != nullptr) {
      status = outputs->Append(family_, engine_, failure);
    }
    return status;
  }

  ibd_status MeasurePower(PhaseRunner* runner, ibd_failure* failure) {
    int64_t shortest_ns = runner->shortest_ns();
    // Twice what the fastest inference so far would need.
    int64_t likely_count =
        shortest_ns > 0 ? 2 * (options_.power_ns / shortest_ns) : 0;
    ibd_status status = runner->Take(RoomFor(likely_count), failure);
    return status != IBD_OK
               ? status
               : runner->RunFor("power", options_.power_ns, failure);
  }

  static size_t RoomFor(int64_t count) {
    if (count < static_cast<int64_t>(kLeastRoom)) {
      return kLeastRoom;
    }
    return count > static_cast<int64_t>(kMostRoom) ? kMostRoom
                                                   : static_cast<size_t>(count);
  }

  const Options& options_;
  const ibd_engine_family& family_;
  ibd_engine* engine_ = nullptr;
  ibd_engine_description description_ = {};
  ibd_journal journal_ = {};
};

int Main(int argc, char** argv) {
  static Options options;
  ibd_failure failure = {};
  ibd_status status = ParseOptions(argc, argv, &options, &failure);
  if (status == IBD_OK && options.wants_version) {
    printf("ibd_bench %s\n", IBD_VERSION);
    return IBD_OK;
  }
  if (status == IBD_OK && options.wants_help) {
    fputs(kHelp, stdout);
    return IBD_OK;
  }
  const ibd_engine_family* family = nullptr;
  if (status == IBD_OK) {
    status = FindEngine(options.engine, &family, &failure);
  }
  if (status != IBD_OK) {
    fprintf(stderr, "ibd_bench: %s\n", failure.message);
    return status;
  }
  return Bench(options, *family).Run();
}

}  // namespace

}  // namespace ibd

int main(int argc, char** argv) { return ibd::Main(argc, argv); }
