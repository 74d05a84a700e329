#include "check.h"
#include "options.h"

namespace {

constexpr char kHash[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

ibd_status Parse(ibd::Options* options, ibd_failure* failure,
                 const char* const* words) {
  // ParseOptions cuts key=value in two, so each word needs memory of its own.
  static char memory[32][80];
  static char* argv[32];
  int argc = 1;
  for (; words[argc - 1] != nullptr; ++argc) {
    snprintf(memory[argc], sizeof memory[argc], "%s", words[argc - 1]);
    argv[argc] = memory[argc];
  }
  argv[argc] = nullptr;
  *options = ibd::Options();
  return ibd::ParseOptions(argc, argv, options, failure);
}

void EverythingCanBeSaid() {
  const char* words[] = {
      "--engine",  "fake",  "--model",  "m", "--model-sha256", kHash,
      "--journal", "j",     "--nonce",  "n", "--threads",      "4",
      "--batch",   "2",     "--warmup", "3", "--runs",         "7",
      "--power-s", "1.5",   "--seed",   "9", "--outputs",      "d",
      "--option",  "k=v=w", nullptr};
  ibd::Options options;
  ibd_failure failure;
  CHECK_INT(Parse(&options, &failure, words), IBD_OK);
  CHECK_TEXT(options.engine, "fake");
  CHECK_INT(options.threads, 4);
  CHECK_INT(options.batch, 2);
  CHECK_INT(options.warmup_count, 3);
  CHECK_INT(options.run_count, 7);
  CHECK_INT(options.power_ns, 1500000000);
  CHECK_INT(options.seed, 9);
  CHECK_INT(options.engine_option_count, 1);
  CHECK_TEXT(options.engine_options[0].key, "k");
  CHECK_TEXT(options.engine_options[0].value, "v=w");
  CHECK_TEXT(options.accelerator, "cpu");
}

void WhatIsWrongIsNamed() {
  static const struct {
    const char* words[20];
    const char* said;
  } cases[] = {
      {{"--engine", "fake"}, "--model is missing"},
      {{"--threads", "0"}, "--threads cannot be \"0\""},
      {{"--thread", "1"}, "unknown option \"--thread\""},
      {{"--runs"}, "\"--runs\" is unknown or lacks its value"},
      {{"--option", "novalue"}, "--option takes KEY=VALUE, not \"novalue\""},
      {{"--engine", "fake", "--model", "m", "--model-sha256", "abc",
        "--journal", "j", "--nonce", "n"},
       "--model-sha256 takes 64"},
      {{"--engine", "fake", "--model", "m", "--model-sha256", kHash,
        "--journal", "j", "--nonce", "n", "--dataset", "d"},
       "--dataset and --count go together"},
      {{"--engine", "fake", "--model", "m", "--model-sha256", kHash,
        "--journal", "j", "--nonce", "n", "--runs", "0", "--warmup", "0"},
       "no inference was asked for"},
  };
  for (const auto& each : cases) {
    ibd::Options options;
    ibd_failure failure;
    CHECK_INT(Parse(&options, &failure, each.words), IBD_USAGE);
    CHECK(strstr(failure.message, each.said) != nullptr);
  }
}

}  // namespace

int main() {
  EverythingCanBeSaid();
  WhatIsWrongIsNamed();
  return 0;
}
