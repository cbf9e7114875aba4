/* asinf: at most 1.7 ulp; acosf: 1.2; atanf, atan2f: 1.6. */
#include "math_core.h"

/* atan(t) - t for |t| <= 1, within 2^-26. */
RT_INLINE float atan_tail(float t) {
  float z = t * t;
  float p = 0x1.01e514p-4f + z * (-0x1.2a759ap-5f + z * (0x1.c62ea6p-7f + z * -0x1.449a16p-9f));
  p = -0x1.246f74p-3f + z * (0x1.c423eep-4f + z * (-0x1.636df2p-4f + z * p));
  return t * z * (-0x1.555554p-2f + z * (0x1.99984cp-3f + z * p));
}

/* asin(t) - t for |t| <= 0.5, given z = t^2; within 2^-30 |t|. */
RT_INLINE float asin_tail(float t, float z) {
  float p = 0x1.ffbf34p-6f + z * (0x1.0fe1b2p-6f + z * 0x1.1acb92p-5f);
  return t * z * (0x1.555554p-3f + z * (0x1.3334cep-4f + z * (0x1.6d3e6ap-5f + z * p)));
}

float atanf(float x) {
  float a = rt_absolute(x);
  if (x != x) return x;
  if (a < 0x1p-12f) return x;
  if (a <= 1.0f) return x + atan_tail(x);
  float t = 1.0f / a;
  return rt_with_sign(kPi2High - (t - (kPi2Low - atan_tail(t))), x);
}

/* Quotients that underflow are what atan2 is there. */
float atan2f(float y, float x) {
  if (x != x || y != y) return x + y;
  float ax = rt_absolute(x), ay = rt_absolute(y);
  int negative = rt_bits32(x) >> 31;
  float high, t, sign; /* |result| = high + sign * atan(t) */
  if (ay == 0.0f || (ax == RT_INF && ay != RT_INF)) {
    high = negative ? 2.0f * kPi2High : 0.0f, t = 0.0f, sign = 1.0f;
    if (!negative) return rt_with_sign(0.0f, y);
  } else if (ay == RT_INF && ax == RT_INF) {
    high = negative ? 2.0f * kPi2High : 0.0f, t = 1.0f, sign = negative ? -1.0f : 1.0f;
  } else if (ay > ax) {
    high = kPi2High, t = ax / ay, sign = negative ? 1.0f : -1.0f;
  } else {
    high = negative ? 2.0f * kPi2High : 0.0f, t = ay / ax, sign = negative ? -1.0f : 1.0f;
  }
  float low = high * (kPi2Low / kPi2High);
  return rt_with_sign(high + sign * (t + (atan_tail(t) + sign * low)), y);
}

float asinf(float x) {
  float a = rt_absolute(x);
  if (!(a <= 1.0f)) return x != x ? x : RT_NAN;
  if (a < 0x1p-12f) return x;
  if (a <= 0.5f) return x + asin_tail(x, x * x);
  float z = 0.5f * (1.0f - a), s = __builtin_sqrtf(z);
  return rt_with_sign(kPi2High - (2.0f * s - (kPi2Low - 2.0f * asin_tail(s, z))), x);
}

float acosf(float x) {
  float a = rt_absolute(x);
  if (!(a <= 1.0f)) return x != x ? x : RT_NAN;
  if (a <= 0.5f) return kPi2High - (x - (kPi2Low - asin_tail(x, x * x)));
  float z = 0.5f * (1.0f - a), s = __builtin_sqrtf(z), half = s + asin_tail(s, z);
  return x > 0.0f ? 2.0f * half : 2.0f * (kPi2High - (half - kPi2Low));
}
