/* sinhf, coshf, tanhf: at most 1.4 ulp; asinhf, acoshf: 0.9; atanhf: 1.2. */
#include "math_core.h"

/* (exp(a) + sign * exp(-a)) / 2 for a >= 0: 2^(k - 1) * ((1 + p) + sign * 2^-2k / (1 + p)). */
RT_INLINE float exp_pair(float a, float sign) {
  if (a > 90.0f) return RT_INF;
  int k;
  float p = rt_exp_parts(a, &k);
  float other = k < 14 ? sign * rt_power2(-2 * k) / (1.0f + p) : 0.0f;
  return rt_scale(1.0f + (p + other), k - 1);
}

float sinhf(float x) {
  float a = rt_absolute(x), z = x * x;
  if (x != x || a < 0x1p-12f) return x;
  if (a > 1.0f) return rt_with_sign(exp_pair(a, -1.0f), x);
  return x + x * z * (0x1.555556p-3f + z * (0x1.1110c6p-7f + z * (0x1.a03554p-13f + z * 0x1.725236p-19f)));
}

float coshf(float x) { return x != x ? x : exp_pair(rt_absolute(x), 1.0f); }

float tanhf(float x) {
  float a = rt_absolute(x), z = x * x;
  if (x != x || a < 0x1p-12f) return x;
  if (a < 0.6f) {
    float p = 0x1.65fc46p-6f + z * (-0x1.1930dcp-7f + z * 0x1.4d7b44p-9f);
    return x + x * z * (-0x1.555556p-2f + z * (0x1.111148p-3f + z * (-0x1.ba21bep-5f + z * p)));
  }
  if (a > 9.1f) return rt_with_sign(1.0f, x);
  int k;
  float p = rt_exp_parts(a + a, &k);
  float e = rt_power2(k) + rt_power2(k) * p;
  return rt_with_sign(1.0f - 2.0f / (e + 1.0f), x);
}

/* a + b = sum + error exactly, for |a| >= |b|. */
RT_INLINE float sum_error(float a, float b, float sum) { return b - (sum - a); }

/* log(1 + u + low) for u >= 0 and low tiny. */
static float log1p_sum(float u, float low) {
  float v = 1.0f + u;
  low += u > 1.0f ? sum_error(u, 1.0f, v) : sum_error(1.0f, u, v);
  int k;
  float m = rt_log_parts(v, &k);
  return rt_log_sum(k, m - 1.0f, low * rt_power2(-k) / m);
}

/* The upper 12 bits of x. Products of such halves are exact, so that fusing them with a sum changes nothing.
 */
RT_INLINE float upper_half(float x) { return rt_float(rt_bits32(x) & 0xfffff000); }

/* sqrt(w + low) - s, where s = sqrt(w) is rounded and not 0. */
RT_INLINE float root_error(float w, float low, float s) {
  float high = upper_half(s), rest = s - high;
  return ((((w - high * high) - 2.0f * high * rest) - rest * rest) + low) / (2.0f * s);
}

/* log(a + sqrt(a^2 + sign)) for 0.5 <= a < 2^12, as log(1 + (a - 1) + root). */
static float log_of_pair(float a, float sign) {
  float high = upper_half(a), rest = a - high, square = high * high,
        square_low = 2.0f * high * rest + rest * rest;
  float first = square + sign, w = first + square_low;
  float low = square >= 1.0f ? sum_error(square, sign, first) : sum_error(sign, square, first);
  low += sum_error(first, square_low, w); /* first is not smaller, but where w is exact */
  float s = __builtin_sqrtf(w), s_low = w > 0.0f ? root_error(w, low, s) : 0.0f;
  float t = a - 1.0f; /* may be negative; s is not less than -t */
  float u = s + t;
  float u_low = s >= rt_absolute(t) ? sum_error(s, t, u) : sum_error(t, s, u);
  return log1p_sum(u, u_low + s_low);
}

/* log(2 a) */
static float log_of_double(float a) {
  int k;
  float f = rt_log_parts(a, &k) - 1.0f;
  return rt_log_sum(k + 1, f, 0.0f);
}

float asinhf(float x) {
  float a = rt_absolute(x), z = x * x;
  if (!(a < RT_INF) || a < 0x1p-12f) return x;
  if (a < 0.5f) {
    float p = 0x1.efbdeap-6f + z * (-0x1.570562p-6f + z * 0x1.59411p-7f);
    return x + x * z * (-0x1.555556p-3f + z * (0x1.33336cp-4f + z * (-0x1.6db2f6p-5f + z * p)));
  }
  return rt_with_sign(a < 0x1p12f ? log_of_pair(a, 1.0f) : log_of_double(a), x);
}

float acoshf(float x) {
  if (!(x >= 1.0f)) return x != x ? x : RT_NAN;
  if (x == RT_INF) return x;
  return x < 0x1p12f ? log_of_pair(x, -1.0f) : log_of_double(x);
}

float atanhf(float x) {
  float a = rt_absolute(x), z = x * x;
  if (!(a < 1.0f)) return a == 1.0f ? rt_with_sign(RT_INF, x) : x != x ? x : RT_NAN;
  if (a < 0x1p-12f) return x;
  if (a < 0.5f) {
    float p = 0x1.d68f92p-4f + z * (0x1.068cb8p-4f + z * 0x1.4552dep-3f);
    return x + x * z * (0x1.555554p-2f + z * (0x1.999c5ep-3f + z * (0x1.241792p-3f + z * p)));
  }
  return rt_with_sign(0.5f * log1p_sum(2.0f * a / (1.0f - a), 0.0f), x);
}
