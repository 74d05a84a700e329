#include "options.h"

#include <string.h>

#include "ibd/clock.h"
#include "ibd/number.h"

const char kHelp[] =
    "usage: ibd_sampler --out DIR --nonce TEXT [options] [-- child argv...]\n"
    "\n"
    "  --nodes FILE    what to read: one \"name<TAB>path\" per line\n"
    "  --rate-hz R     rows per second [100]\n"
    "  --before-s S    sample so long before the child starts [0]\n"
    "  --after-s S     and so long after it ended [0]\n"
    "  --max-s S       kill the child's process group after so long [600]\n"
    "  --detach        go on in a session of its own; print \"pid <N>\"\n"
    "  --version, --help\n";

static bool is(const char* word, const char* name) {
  return strcmp(word, name) == 0;
}

/* Whether the value could be taken; `is_known` whether the name was. */
static bool take_value(const char* name, const char* value, options* parsed,
                       bool* is_known) {
  *is_known = true;
  if (is(name, "--out")) {
    parsed->out = value;
    return value[0] != '\0';
  }
  if (is(name, "--nonce")) {
    parsed->nonce = value;
    return value[0] != '\0' && strpbrk(value, "\t\n\r ") == NULL;
  }
  if (is(name, "--nodes")) {
    parsed->nodes = value;
    return value[0] != '\0';
  }
  if (is(name, "--rate-hz")) {
    double rate_hz;
    if (!ibd_parse_double(value, 0.001, 10000, &rate_hz)) {
      return false;
    }
    parsed->period_ns = (int64_t)((double)IBD_NS_PER_S / rate_hz + 0.5);
    return true;
  }
  if (is(name, "--before-s")) {
    return ibd_parse_seconds(value, &parsed->before_ns);
  }
  if (is(name, "--after-s")) {
    return ibd_parse_seconds(value, &parsed->after_ns);
  }
  if (is(name, "--max-s")) {
    return ibd_parse_seconds(value, &parsed->most_ns) && parsed->most_ns > 0;
  }
  *is_known = false;
  return false;
}

static ibd_status check_whole(const options* parsed, ibd_failure* failure) {
  if (parsed->out == NULL || parsed->nonce == NULL) {
    return ibd_fail(failure, IBD_USAGE, "%s is missing; see --help",
                    parsed->out == NULL ? "--out" : "--nonce");
  }
  if (parsed->child == NULL && parsed->before_ns + parsed->after_ns == 0) {
    return ibd_fail(failure, IBD_USAGE,
                    "nothing to do: no child, and --before-s and --after-s "
                    "are 0");
  }
  return IBD_OK;
}

ibd_status parse_options(int argc, char** argv, options* parsed,
                         ibd_failure* failure) {
  *parsed =
      (options){.period_ns = IBD_NS_PER_S / 100, .most_ns = 600 * IBD_NS_PER_S};
  for (int i = 1; i < argc; ++i) {
    const char* name = argv[i];
    if (is(name, "--version") || is(name, "--help")) {
      parsed->wants_version = is(name, "--version");
      parsed->wants_help = !parsed->wants_version;
      return IBD_OK;
    }
    if (is(name, "--detach")) {
      parsed->is_detached = true;
      continue;
    }
    if (is(name, "--")) {
      parsed->child = i + 1 < argc ? argv + i + 1 : NULL;
      if (parsed->child == NULL) {
        return ibd_fail(failure, IBD_USAGE, "no child after \"--\"");
      }
      break;
    }
    const char* value = i + 1 < argc ? argv[++i] : NULL;
    bool is_known = true;
    if (value == NULL || !take_value(name, value, parsed, &is_known)) {
      return is_known && value != NULL
                 ? ibd_fail(failure, IBD_USAGE, "%s cannot be \"%s\"", name,
                            value)
                 : ibd_fail(failure, IBD_USAGE,
                            "\"%s\" is unknown or lacks its value; see --help",
                            name);
    }
  }
  return check_whole(parsed, failure);
}
