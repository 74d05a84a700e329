#include "options.h"

#include <string.h>

#include "ibd/number.h"

namespace ibd {

const char kHelp[] =
    "usage: ibd_bench --engine litert|fake --model FILE --model-sha256 HEX\n"
    "                 --journal FILE --nonce TEXT [options]\n"
    "\n"
    "  --library PATH      the engine's library (litert: libLiteRt.so)\n"
    "  --accelerator NAME  cpu\n"
    "  --threads N         CPU threads [1]\n"
    "  --batch N           leading dimension, where the model leaves it open "
    "[1]\n"
    "  --warmup N          inferences before the timed ones [1]\n"
    "  --runs N            timed inferences [5]\n"
    "  --power-s S         afterwards repeat for S seconds [0: do not]\n"
    "  --input FILE        the input tensors of one inference, one after the "
    "other\n"
    "  --seed N            without --input: random input of this seed [0]\n"
    "  --dataset FILE      only run through N such records, untimed phases "
    "aside\n"
    "  --count N           how many records of the data set\n"
    "  --outputs DIR       write outputs.bin there\n"
    "  --option KEY=VALUE  for the engine; may be repeated\n"
    "  --version, --help\n";

namespace {

constexpr int64_t kMost = 1000000000;

bool Is(const char* word, const char* name) { return strcmp(word, name) == 0; }

ibd_status ParseEngineOption(char* text, Options* options,
                             ibd_failure* failure) {
  char* equals = strchr(text, '=');
  if (equals == nullptr || equals == text) {
    return ibd_fail(failure, IBD_USAGE, "--option takes KEY=VALUE, not \"%s\"",
                    text);
  }
  if (options->engine_option_count == kMaxEngineOptions) {
    return ibd_fail(failure, IBD_USAGE, "more than %zu --option",
                    kMaxEngineOptions);
  }
  *equals = '\0';
  options->engine_options[options->engine_option_count++] = {text, equals + 1};
  return IBD_OK;
}

// Where the text of an option goes; nullptr if its value is a number.
const char** TextOf(const char* name, Options* options) {
  struct Text {
    const char* name;
    const char* Options::*field;
  };
  static constexpr Text kTexts[] = {
      {"--engine", &Options::engine},
      {"--model", &Options::model},
      {"--model-sha256", &Options::model_sha256},
      {"--journal", &Options::journal},
      {"--nonce", &Options::nonce},
      {"--library", &Options::library},
      {"--accelerator", &Options::accelerator},
      {"--input", &Options::input},
      {"--dataset", &Options::dataset},
      {"--outputs", &Options::outputs},
  };
  for (const Text& text : kTexts) {
    if (Is(name, text.name)) {
      return &(options->*text.field);
    }
  }
  return nullptr;
}

bool ParseNumber(const char* name, const char* value, Options* options,
                 bool* is_known) {
  *is_known = true;
  if (Is(name, "--threads")) {
    return ibd_parse_int(value, 1, 1024, &options->threads);
  }
  if (Is(name, "--batch")) {
    return ibd_parse_int(value, 1, 1 << 20, &options->batch);
  }
  if (Is(name, "--warmup")) {
    return ibd_parse_int(value, 0, kMost, &options->warmup_count);
  }
  if (Is(name, "--runs")) {
    return ibd_parse_int(value, 0, kMost, &options->run_count);
  }
  if (Is(name, "--count")) {
    return ibd_parse_int(value, 1, kMost, &options->dataset_count);
  }
  if (Is(name, "--power-s")) {
    return ibd_parse_seconds(value, &options->power_ns);
  }
  if (Is(name, "--seed")) {
    return ibd_parse_uint64(value, &options->seed);
  }
  *is_known = false;
  return false;
}

ibd_status ParseOne(const char* name, char* value, Options* options,
                    ibd_failure* failure) {
  if (Is(name, "--option")) {
    return ParseEngineOption(value, options, failure);
  }
  if (const char** text = TextOf(name, options)) {
    *text = value;
    return IBD_OK;
  }
  bool is_known;
  if (ParseNumber(name, value, options, &is_known)) {
    return IBD_OK;
  }
  if (is_known) {
    return ibd_fail(failure, IBD_USAGE, "%s cannot be \"%s\"", name, value);
  }
  return ibd_fail(failure, IBD_USAGE, "unknown option \"%s\"; see --help",
                  name);
}

ibd_status CheckWhole(const Options& options, ibd_failure* failure) {
  const struct {
    const char* name;
    const char* value;
  } required[] = {{"--engine", options.engine},
                  {"--model", options.model},
                  {"--model-sha256", options.model_sha256},
                  {"--journal", options.journal},
                  {"--nonce", options.nonce}};
  for (const auto& option : required) {
    if (option.value == nullptr || option.value[0] == '\0') {
      return ibd_fail(failure, IBD_USAGE, "%s is missing; see --help",
                      option.name);
    }
  }
  if (!ibd_is_sha256_hex(options.model_sha256)) {
    return ibd_fail(failure, IBD_USAGE,
                    "--model-sha256 takes 64 lower-case hex digits, not \"%s\"",
                    options.model_sha256);
  }
  if ((options.dataset != nullptr) != (options.dataset_count > 0)) {
    return ibd_fail(failure, IBD_USAGE, "--dataset and --count go together");
  }
  if (options.dataset != nullptr && options.input != nullptr) {
    return ibd_fail(failure, IBD_USAGE,
                    "--dataset and --input exclude each other");
  }
  if (options.dataset == nullptr && options.power_ns == 0 &&
      options.warmup_count + options.run_count == 0) {
    return ibd_fail(
        failure, IBD_USAGE,
        "no inference was asked for: --warmup, --runs and --power-s "
        "are all 0");
  }
  return IBD_OK;
}

}  // namespace

ibd_status ParseOptions(int argc, char** argv, Options* options,
                        ibd_failure* failure) {
  for (int i = 1; i < argc; i += 2) {
    if (Is(argv[i], "--version") || Is(argv[i], "--help")) {
      options->wants_version = Is(argv[i], "--version");
      options->wants_help = !options->wants_version;
      return IBD_OK;
    }
    if (i + 1 == argc) {
      return ibd_fail(failure, IBD_USAGE,
                      "\"%s\" is unknown or lacks its value; see --help",
                      argv[i]);
    }
    ibd_status status = ParseOne(argv[i], argv[i + 1], options, failure);
    if (status != IBD_OK) {
      return status;
    }
  }
  return CheckWhole(*options, failure);
}

}  // namespace ibd
