/* sinf, cosf, sincosf: at most 1.1 ulp; tanf: at most 2 ulp; over the whole range of f32.
 *
 * Arguments above pi/4 are multiplied by 2 / pi in fixed point, with just the 96 bits of 2 / pi that matter
 * for the argument's exponent (Payne and Hanek): the upper two bits are the quadrant, the rest the fraction
 * of it, to 2^-62. */
#include "math_core.h"

/* A zero word, then 2 / pi. */
static const uint32_t kTwoOverPi[8] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                       0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};

typedef struct rt_angle {
  float high, low; /* in [-pi/4, pi/4] */
  uint32_t quadrant;
} rt_angle;

/* For pi/4 < x < infinity. */
static rt_angle reduce_large(uint32_t x) {
  uint32_t m = (x & 0x7fffff) | 0x800000;
  uint32_t from = (x >> 23) - 120; /* first bit needed: x = m * 2^e, e - 2 + 32 */
  const uint32_t *words = &kTwoOverPi[from / 32];
  uint32_t shift = from % 32, w[3];
  for (int i = 0; i < 3; ++i) w[i] = shift ? words[i] << shift | words[i + 1] >> (32 - shift) : words[i];
  uint64_t turns = ((uint64_t)(m * w[0]) << 32) + (uint64_t)m * w[1] + ((uint64_t)m * w[2] >> 32);
  rt_angle angle;
  angle.quadrant = (uint32_t)((turns + ((uint64_t)1 << 61)) >> 62);
  int64_t fraction = (int64_t)(turns - ((uint64_t)angle.quadrant << 62)); /* of a quadrant, times 2^62 */
  uint64_t f = fraction < 0 ? 0 - (uint64_t)fraction : (uint64_t)fraction;
  int zeros = f >> 32 ? __builtin_clz((uint32_t)(f >> 32)) : 32 + __builtin_clz((uint32_t)f | 1);
  uint64_t p =
      (uint64_t)(uint32_t)((f << zeros) >> 32) * 0xc90fdaa2u; /* times pi / 2; weight 2^-(61 + zeros) */
  angle.high = (float)(int32_t)(p >> 40) * rt_power2(-21 - zeros);
  angle.low = (float)(int32_t)(p >> 16 & 0xffffff) * rt_power2(-45 - zeros);
  if (fraction < 0) angle.high = -angle.high, angle.low = -angle.low;
  return angle;
}

/* |x| finite. */
static rt_angle reduce(float x) {
  uint32_t u = rt_bits32(x), abs = u & 0x7fffffff;
  if (abs <= 0x3f490fda) return (rt_angle){x, 0.0f, 0};
  rt_angle angle = reduce_large(abs);
  if (u >> 31) angle = (rt_angle){-angle.high, -angle.low, 0 - angle.quadrant};
  return angle;
}

/* The sine less a.high, within 2^-27. */
RT_INLINE float sine_tail(rt_angle a) {
  float z = a.high * a.high;
  float p = -0x1.555552p-3f + z * (0x1.110be6p-7f + z * -0x1.9ab3dp-13f);
  return a.low * (1.0f - 0.5f * z) + a.high * z * p;
}

/* The cosine less 1, within 2^-31. */
RT_INLINE float cosine_tail(rt_angle a) {
  float z = a.high * a.high;
  float p = 0x1.555554p-5f + z * (-0x1.6c129ep-10f + z * 0x1.9bc73cp-16f);
  return (z * z * p - a.high * a.low) - 0.5f * z;
}

RT_INLINE int is_tiny(float x) { return (rt_bits32(x) & 0x7fffffff) < 0x39800000; /* 2^-12 */ }
RT_INLINE int is_finite(float x) { return (rt_bits32(x) & 0x7fffffff) < 0x7f800000; }

/* The sine of an angle moved by `quarters` quarter turns. */
RT_INLINE float turned(rt_angle a, uint32_t quarters) {
  uint32_t q = a.quadrant + quarters;
  float y = q & 1 ? 1.0f + cosine_tail(a) : a.high + sine_tail(a);
  return q & 2 ? -y : y;
}

float sinf(float x) {
  if (!is_finite(x)) return x - x;
  return is_tiny(x) ? x : turned(reduce(x), 0);
}

float cosf(float x) { return is_finite(x) ? turned(reduce(x), 1) : x - x; }

void sincosf(float x, float *s, float *c) {
  if (!is_finite(x)) {
    *s = *c = x - x;
    return;
  }
  rt_angle a = reduce(x);
  *s = is_tiny(x) ? x : turned(a, 0);
  *c = turned(a, 1);
}

/* (n + n_low) / (d + d_low) */
RT_INLINE float quotient(float n, float n_low, float d, float d_low) {
  float q = n / d;
  return q + (n_low - q * d_low) / d;
}

float tanf(float x) {
  if (!is_finite(x)) return x - x;
  if (is_tiny(x)) return x;
  rt_angle a = reduce(x);
  float s_tail = sine_tail(a), c_tail = cosine_tail(a), s = a.high + s_tail, c = 1.0f + c_tail;
  float s_low = s_tail - (s - a.high), c_low = c_tail - (c - 1.0f);
  return a.quadrant & 1 ? -quotient(c, c_low, s, s_low) : quotient(s, s_low, c, c_low);
}
