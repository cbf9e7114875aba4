/* The cores that several functions share: exp, log, and the constants split in two so that products with a
 * small integer are exact. Whether the back end fuses products and sums changes no exactness that the
 * functions rely on, only their last digits. Polynomials are Sollya's fpminimax (minimax with f32
 * coefficients); the stated bounds are of the approximation alone. */
#ifndef HALITE_MATH_CORE_H
#define HALITE_MATH_CORE_H

#include "builtins.h"

#define RT_INF __builtin_inff()
#define RT_NAN __builtin_nanf("")

#define kLn2High 0x1.62e4p-1f
#define kLn2Low 0x1.7f7d1cp-20f
#define kPi2High 0x1.921fb6p+0f
#define kPi2Low -0x1.777a5cp-25f

/* Rounds to the nearest integer; |x| < 2^22. */
RT_INLINE float rt_nearest(float x) {
  const float magic = 0x1.8p23f;
  return (x + magic) - magic;
}

/* 2^k for -126 <= k <= 127. */
RT_INLINE float rt_power2(int k) { return rt_float((uint32_t)(k + 127) << 23); }

/* x * 2^k with one rounding, for x in [0.5, 2] and |k| <= 160. */
RT_INLINE float rt_scale(float x, int k) {
  int half = k / 2;
  return x * rt_power2(half) * rt_power2(k - half);
}

/* exp(r) - 1 for |r| <= ln(2) / 2, within 2^-27. */
RT_INLINE float rt_expm1_reduced(float r) {
  float p = 0x1.120c64p-7f + r * 0x1.6caf46p-10f;
  p = 0x1.5554dcp-3f + r * (0x1.555568p-5f + r * p);
  return r + r * r * (0.5f + r * p);
}

/* exp(x) = 2^k * (1 + result), for |x| < 200. */
RT_INLINE float rt_exp_parts(float x, int *k) {
  float n = rt_nearest(x * 0x1.715476p+0f);
  *k = (int)n;
  return rt_expm1_reduced((x - n * kLn2High) - n * kLn2Low);
}

/* x = 2^k * m with m in [sqrt(1/2), sqrt(2)); x > 0, finite, subnormal too. */
RT_INLINE float rt_log_parts(float x, int *k) {
  int below = 0;
  if (x < 0x1p-126f) x *= 0x1p24f, below = 24;
  uint32_t u = rt_bits32(x) - 0x3f3504f3;
  *k = ((int32_t)u >> 23) - below;
  return rt_float((u & 0x7fffff) + 0x3f3504f3);
}

/* log(1 + f) = f - f^2 / 2 + result, for 1 + f in [sqrt(1/2), sqrt(2)), within 2^-28. */
RT_INLINE float rt_log1p_tail(float f) {
  float p = 0x1.dc7faap-4f + f * (-0x1.ddb678p-4f + f * 0x1.2c9772p-4f);
  p = -0x1.556288p-3f + f * (0x1.23dddcp-3f + f * (-0x1.fbbfp-4f + f * p));
  p = 0x1.555554p-2f + f * (-0x1.ffffe6p-3f + f * (0x1.999d2cp-3f + f * p));
  return f * f * f * p;
}

/* log(2^k * (1 + f + low)) for f as above and low tiny. */
RT_INLINE float rt_log_sum(int k, float f, float low) {
  float half_square = 0.5f * f * f, n = (float)k;
  return n * kLn2High + (f - (half_square - (rt_log1p_tail(f) + (n * kLn2Low + low))));
}

RT_INLINE float rt_absolute(float x) { return rt_float(rt_bits32(x) & 0x7fffffff); }
RT_INLINE float rt_with_sign(float x, float of) {
  return rt_float(rt_bits32(x) | (rt_bits32(of) & 0x80000000));
}

#endif
