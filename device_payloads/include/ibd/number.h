/* Numbers that a person typed on a command line. */
#ifndef IBD_NUMBER_H_
#define IBD_NUMBER_H_

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All take the whole text, and leave `value` alone if they return false. */

bool ibd_parse_int(const char* text, int64_t least, int64_t most,
                   int64_t* value);
bool ibd_parse_uint64(const char* text, uint64_t* value);
bool ibd_parse_double(const char* text, double least, double most,
                      double* value);

/* Seconds such as "2.5" to ns; 0 <= s <= 1e6. */
bool ibd_parse_seconds(const char* text, int64_t* ns);

bool ibd_is_sha256_hex(const char* text);

#ifdef __cplusplus
}
#endif

#endif  // IBD_NUMBER_H_
