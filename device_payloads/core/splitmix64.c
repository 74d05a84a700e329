#include "ibd/splitmix64.h"

#include <string.h>

uint64_t ibd_splitmix64_draw(uint64_t* state) {
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t x = *state;
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* The IEEE half of m * 2^-11, 0 <= m < 2^11; all of them are normal or zero. */
static uint16_t half_of(unsigned m) {
  if (m == 0) {
    return 0;
  }
  unsigned exponent = 14;
  while ((m & 0x400) == 0) {
    m <<= 1;
    --exponent;
  }
  return (uint16_t)(exponent << 10 | (m & 0x3ff));
}

/* The bits of one element, in the lowest bytes. */
static uint64_t element_of(uint64_t x, ibd_dtype dtype) {
  switch (dtype) {
    case IBD_FLOAT32: {
      float value = (float)(x >> 40) * 0x1p-24f;
      uint32_t bits;
      memcpy(&bits, &value, sizeof bits);
      return bits;
    }
    case IBD_FLOAT64: {
      double value = (double)(x >> 11) * 0x1p-53;
      uint64_t bits;
      memcpy(&bits, &value, sizeof bits);
      return bits;
    }
    case IBD_FLOAT16:
      return half_of((unsigned)(x >> 53));
    case IBD_INT8:
    case IBD_UINT8:
      return x >> 56;
    case IBD_BOOL:
      return x >> 63;
    case IBD_INT16:
    case IBD_UINT16:
    case IBD_INT32:
    case IBD_UINT32:
    case IBD_INT64:
    case IBD_UINT64:
      return (x >> 33) & 1;
  }
  return 0;
}

int ibd_splitmix64_fill(uint64_t* state, ibd_dtype dtype, size_t elements,
                        void* data) {
  size_t bytes = ibd_dtype_bytes(dtype);
  if (bytes == 0) {
    return -1;
  }
  uint8_t* next = data;
  for (size_t i = 0; i < elements; ++i) {
    /* Devices are little-endian; x86 and arm are the only ones we build for. */
    uint64_t bits = element_of(ibd_splitmix64_draw(state), dtype);
    memcpy(next, &bits, bytes);
    next += bytes;
  }
  return 0;
}
