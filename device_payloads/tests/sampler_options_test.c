#include "check.h"
#include "options.h"

static ibd_status parse(options* parsed, ibd_failure* failure,
                        const char* const* words) {
  static char* argv[32];
  int argc = 0;
  argv[argc++] = "ibd_sampler";
  for (; *words != NULL; ++words) {
    argv[argc++] = (char*)*words;
  }
  argv[argc] = NULL;
  return parse_options(argc, argv, parsed, failure);
}

static void everything_can_be_said(void) {
  const char* words[] = {"--out",      "d",      "--nonce",   "n",
                         "--nodes",    "list",   "--rate-hz", "50",
                         "--before-s", "1.5",    "--after-s", "2",
                         "--max-s",    "30",     "--detach",  "--",
                         "prog",       "--help", NULL};
  options parsed;
  ibd_failure failure;
  CHECK_INT(parse(&parsed, &failure, words), IBD_OK);
  CHECK_TEXT(parsed.out, "d");
  CHECK_TEXT(parsed.nonce, "n");
  CHECK_TEXT(parsed.nodes, "list");
  CHECK_INT(parsed.period_ns, 20000000);
  CHECK_INT(parsed.before_ns, 1500000000);
  CHECK_INT(parsed.after_ns, 2000000000);
  CHECK_INT(parsed.most_ns, 30000000000);
  CHECK(parsed.is_detached);
  CHECK(!parsed.wants_help); /* that one is the child's */
  CHECK_TEXT(parsed.child[0], "prog");
  CHECK_TEXT(parsed.child[1], "--help");
  CHECK(parsed.child[2] == NULL);
}

static void what_is_wrong_is_named(void) {
  static const struct {
    const char* words[8];
    const char* said;
  } kCases[] = {
      {{"--nonce", "n", "--before-s", "1"}, "--out is missing"},
      {{"--out", "d", "--before-s", "1"}, "--nonce is missing"},
      {{"--out", "d", "--nonce", "n"}, "nothing to do"},
      {{"--out", "d", "--nonce", "n", "--"}, "no child"},
      {{"--out", "d", "--nonce", "a b"}, "--nonce cannot be \"a b\""},
      {{"--rate-hz", "0"}, "--rate-hz cannot be \"0\""},
      {{"--max-s", "0"}, "--max-s cannot be \"0\""},
      {{"--rat", "1"}, "\"--rat\" is unknown"},
      {{"--out"}, "lacks its value"},
  };
  for (size_t i = 0; i < sizeof kCases / sizeof kCases[0]; ++i) {
    options parsed;
    ibd_failure failure;
    CHECK_INT(parse(&parsed, &failure, kCases[i].words), IBD_USAGE);
    CHECK(strstr(failure.message, kCases[i].said) != NULL);
  }
}

int main(void) {
  everything_can_be_said();
  what_is_wrong_is_named();
  return 0;
}
