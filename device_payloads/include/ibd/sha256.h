/* SHA-256 (FIPS 180-4). */
#ifndef IBD_SHA256_H_
#define IBD_SHA256_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IBD_SHA256_BYTES 32
#define IBD_SHA256_HEX (2 * IBD_SHA256_BYTES)

typedef struct ibd_sha256 {
  uint32_t state[8];
  uint64_t length_bytes;
  uint8_t block[64];
} ibd_sha256;

void ibd_sha256_begin(ibd_sha256* hash);
void ibd_sha256_add(ibd_sha256* hash, const void* data, size_t bytes);

/* Ends the hash. It may be copied before, to look at a running value. */
void ibd_sha256_end(ibd_sha256* hash, uint8_t digest[IBD_SHA256_BYTES]);

void ibd_sha256_hex(const uint8_t digest[IBD_SHA256_BYTES],
                    char hex[IBD_SHA256_HEX + 1]);

#ifdef __cplusplus
}
#endif

#endif  // IBD_SHA256_H_
