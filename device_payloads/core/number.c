#include "ibd/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ibd/clock.h"
#include "ibd/sha256.h"

bool ibd_parse_int(const char* text, int64_t least, int64_t most,
                   int64_t* value) {
  char* end;
  errno = 0;
  long long parsed = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' ||
      isspace((unsigned char)*text) || parsed < least || parsed > most) {
    return false;
  }
  *value = parsed;
  return true;
}

bool ibd_parse_uint64(const char* text, uint64_t* value) {
  char* end;
  errno = 0;
  /* strtoull takes "-1" for the largest number; a person means something else.
   */
  if (!isdigit((unsigned char)*text)) {
    return false;
  }
  unsigned long long parsed = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0') {
    return false;
  }
  *value = parsed;
  return true;
}

bool ibd_parse_double(const char* text, double least, double most,
                      double* value) {
  char* end;
  errno = 0;
  double parsed = strtod(text, &end);
  if (errno != 0 || end == text || *end != '\0' ||
      isspace((unsigned char)*text) || !(parsed >= least && parsed <= most)) {
    return false;
  }
  *value = parsed;
  return true;
}

bool ibd_parse_seconds(const char* text, int64_t* ns) {
  double seconds;
  if (!ibd_parse_double(text, 0, 1e6, &seconds)) {
    return false;
  }
  *ns = (int64_t)(seconds * (double)IBD_NS_PER_S + 0.5);
  return true;
}

bool ibd_is_sha256_hex(const char* text) {
  if (strlen(text) != IBD_SHA256_HEX) {
    return false;
  }
  return strspn(text, "0123456789abcdef") == IBD_SHA256_HEX;
}
