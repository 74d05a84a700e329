/* The random stream of seeded inputs, the same on every device and in Python.
 *
 * splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
 * generators"): the state grows by 0x9e3779b97f4a7c15, the draw is a mix of it.
 * The state starts as the seed. Each element of each input tensor, in order,
 * takes one draw x:
 *
 *   float32   (x >> 40) * 2^-24        uniform in [0, 1)
 *   float16   (x >> 53) * 2^-11        uniform in [0, 1), exact
 *   float64   (x >> 11) * 2^-53        uniform in [0, 1)
 *   int8      (int8)(x >> 56)          uniform over all values
 *   uint8     x >> 56                  uniform over all values
 *   bool      x >> 63
 *   int16 int32 int64 uint16 uint32 uint64
 *             (x >> 33) & 1            0 or 1: an index or a mask that is in
 *                                      range for any table
 */
#ifndef IBD_SPLITMIX64_H_
#define IBD_SPLITMIX64_H_

#include <stddef.h>
#include <stdint.h>

#include "ibd/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

uint64_t ibd_splitmix64_draw(uint64_t* state);

/* Fills `elements` elements; returns 0, or -1 for a type without a rule. */
int ibd_splitmix64_fill(uint64_t* state, ibd_dtype dtype, size_t elements,
                        void* data);

#ifdef __cplusplus
}
#endif

#endif  // IBD_SPLITMIX64_H_
