/* What ibd_sampler was asked to do. */
#ifndef IBD_SAMPLER_OPTIONS_H_
#define IBD_SAMPLER_OPTIONS_H_

#include <stdbool.h>
#include <stdint.h>

#include "ibd/failure.h"

typedef struct options {
  const char* out;
  const char* nonce;
  const char* nodes; /* NULL: none */
  int64_t period_ns;
  int64_t before_ns;
  int64_t after_ns;
  int64_t most_ns; /* from the start of the child */
  bool is_detached;
  bool wants_version;
  bool wants_help;
  char** child; /* NULL-terminated argv, or NULL: no child */
} options;

extern const char kHelp[];

ibd_status parse_options(int argc, char** argv, options* parsed,
                         ibd_failure* failure);

#endif  // IBD_SAMPLER_OPTIONS_H_
