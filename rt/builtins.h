/* What the functions that a back end calls have in common. Arm's run-time ABI passes floating-point numbers
 * of these functions in core registers, whatever the float ABI of the program. */
#ifndef HALITE_BUILTINS_H
#define HALITE_BUILTINS_H

#include <stdint.h>

#ifdef __arm__
#define RT_HELPER __attribute__((pcs("aapcs")))
#else
#define RT_HELPER
#endif

#define RT_INLINE static inline __attribute__((always_inline))

typedef union rt_f32 {
  float f;
  uint32_t bits;
} rt_f32;

typedef union rt_f64 {
  double f;
  uint64_t bits;
} rt_f64;

RT_INLINE uint32_t rt_bits32(float f) { return (rt_f32){.f = f}.bits; }
RT_INLINE uint64_t rt_bits64(double f) { return (rt_f64){.f = f}.bits; }
RT_INLINE float rt_float(uint32_t bits) { return (rt_f32){.bits = bits}.f; }
RT_INLINE double rt_double(uint64_t bits) { return (rt_f64){.bits = bits}.f; }

#endif
