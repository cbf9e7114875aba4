/* expf, exp2f: at most 1.1 ulp; exp10f: 1.3; logf: 0.9; log2f, log10f: 1.1; in f32 arithmetic without fused
 * multiply-add. */
#include "math_core.h"

float expf(float x) {
  if (x != x) return x;
  if (x > 0x1.62e43p+6f) return RT_INF;
  if (x < -104.0f) return 0.0f;
  int k;
  float p = rt_exp_parts(x, &k);
  return rt_scale(1.0f + p, k);
}

float exp2f(float x) {
  if (x != x) return x;
  if (x >= 128.0f) return RT_INF;
  if (x < -150.5f) return 0.0f;
  float n = rt_nearest(x), r = x - n;
  /* 2^r - 1 - r ln 2, within 2^-27 */
  float p = 0x1.3b2ac2p-7f + r * (0x1.5ec994p-10f + r * 0x1.4394c8p-13f);
  p = r * r * (0x1.ebfbep-3f + r * (0x1.c6afecp-5f + r * p));
  return rt_scale(1.0f + (r * 0x1.62e43p-1f + p), (int)n);
}

float exp10f(float x) {
  if (x != x) return x;
  if (x > 0x1.344136p+5f) return RT_INF;
  if (x < -45.5f) return 0.0f;
  const float log10_2_high = 0x1.344p-2f, log10_2_low = 0x1.3509f8p-18f;
  float n = rt_nearest(x * 0x1.a934fp+1f);
  float r = (x - n * log10_2_high) - n * log10_2_low;
  /* r ln 10 in two parts: the first product is exact to within what the second one mends */
  float high = rt_float(rt_bits32(r) & 0xfffff000), low = r - high;
  float t = high * 0x1.26ap+1f, t_low = high * 0x1.b1bbb6p-11f + low * 0x1.26bb1cp+1f;
  float s = t + t_low;
  return rt_scale(1.0f + rt_expm1_reduced(s), (int)n);
}

/* What log gives outside of the positive numbers. */
RT_INLINE float log_special(float x) {
  if (x == 0.0f) return -RT_INF;
  return x > 0.0f || x != x ? x : RT_NAN;
}

float logf(float x) {
  if (!(x > 0.0f && x < RT_INF)) return log_special(x);
  int k;
  float f = rt_log_parts(x, &k) - 1.0f;
  return rt_log_sum(k, f, 0.0f);
}

/* k * unit_high + f * (scale_high + scale_low) + ..., the leading product exact: scale_high has 12 bits. */
RT_INLINE float log_scaled(float x, float unit_high, float unit_low, float scale_high, float scale_low) {
  int k;
  float f = rt_log_parts(x, &k) - 1.0f, n = (float)k;
  float high = rt_float(rt_bits32(f) & 0xfffff000), low = f - high;
  float tail = rt_log1p_tail(f) - 0.5f * f * f;
  float first = high * scale_high, unit = n * unit_high;
  float rest =
      high * scale_low + low * (scale_high + scale_low) + tail * (scale_high + scale_low) + n * unit_low;
  float sum = unit + first;
  return sum + (((unit - sum) + first) + rest);
}

float log2f(float x) {
  if (!(x > 0.0f && x < RT_INF)) return log_special(x);
  return log_scaled(x, 1.0f, 0.0f, 0x1.714p+0f, 0x1.47652cp-12f);
}

float log10f(float x) {
  if (!(x > 0.0f && x < RT_INF)) return log_special(x);
  return log_scaled(x, 0x1.344p-2f, 0x1.3509f8p-18f, 0x1.bcap-2f, 0x1.7b1526p-14f);
}
