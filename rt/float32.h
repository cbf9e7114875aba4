/* softfloat.inc for f32. */
#ifndef HALITE_FLOAT32_H
#define HALITE_FLOAT32_H

#include "builtins.h"

#define REP uint32_t
#define SREP int32_t
#define BITS 32
#define SIG 23
#define CLZ(x) __builtin_clz(x)

RT_INLINE uint32_t high_product(uint32_t a, uint32_t b, uint32_t *lost) {
  uint64_t p = (uint64_t)a * b;
  *lost = (uint32_t)p != 0;
  return (uint32_t)(p >> 32);
}
#define HIGH_PRODUCT high_product

#include "softfloat.inc"

#endif
