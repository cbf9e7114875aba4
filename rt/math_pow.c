/* powf: at most 0.6 ulp, in integer arithmetic; cbrtf: at most 0.9 ulp.
 *
 * x^y = 2^(y log2 x), and the logarithm needs some 36 good bits, more than two f32 carry without fused
 * operations. So log2 x = k + log2(c) + log2(1 + r), where x = 2^k z, 1 + r = z / c, and 1 / c has 9 bits,
 * which makes r exact. */
#include "float32.h"

typedef struct rt_log_row {
  int32_t inverse; /* 256 / c */
  int64_t log;     /* log2(c) * 2^50 */
} rt_log_row;

/* By the upper bits of z in [0.699, 1.398); c = 1 around 1, so that log2 x keeps its relative precision
 * there. */
static const rt_log_row kLogRows[16] = {{358, -544728138550818}, {343, -475202680915523},
                                        {329, -407512461130776}, {317, -347158885309904},
                                        {305, -284475986858086}, {294, -224811074450311},
                                        {284, -168600267900273}, {274, -110374313072845},
                                        {265, -56124477182627},  {256, 0},
                                        {243, 84653595185981},   {229, 181040440002298},
                                        {217, 268469445177499},  {206, 352969027239626},
                                        {196, 433798150618067},  {187, 510151485402387}};

/* a * b / 2^32 */
RT_INLINE int32_t times_q32(int32_t a, int32_t b) { return (int32_t)((int64_t)a * b >> 32); }

/* log2 of the positive number `abs`: result * 2^-*q. */
static int64_t log2_fixed(uint32_t abs, int *q) {
  int below = 0;
  if (abs < IMPLICIT) {
    int e;
    abs = normalize(abs, &e);
    abs = (abs & (IMPLICIT - 1)) | IMPLICIT; /* exponent 1 */
    below = 1 - e;
  }
  uint32_t u = abs - 0x3f330000;
  int k = ((int32_t)u >> 23) - below;
  const rt_log_row *row = &kLogRows[u >> 19 & 15];
  uint32_t z_bits = (u & 0x7fffff) + 0x3f330000;
  /* z has 24 bits, the inverse 8 behind the point; r * 2^32 */
  int64_t product = (int64_t)((z_bits & 0x7fffff) | 0x800000) * row->inverse;
  int32_t r = (int32_t)((z_bits < 0x3f800000 ? product : product * 2) - ((int64_t)1 << 32));
  /* log2(1 + r) / r within 2^-38, for |r| < 0.031 */
  int32_t p = 222057291;
  p = -258404796 + times_q32(p, r);
  p = 309815216 + times_q32(p, r);
  p = -387270848 + times_q32(p, r);
  p = 516360669 + times_q32(p, r);
  p = -774541002 + times_q32(p, r);
  int64_t ratio = (1586259972792 + ((int64_t)p * r >> 22)) >> 5; /* 2^35 */
  int64_t log = ratio * r;                                       /* 2^67 */
  if (k == 0 && row->log == 0) {
    *q = 67;
    return log;
  }
  *q = 50;
  return k * ((int64_t)1 << 50) + row->log + (log >> 17);
}

/* sign * 2^(t * 2^-40) */
static float exp2_fixed(uint32_t sign, int64_t t) {
  int n = (int)((t + ((int64_t)1 << 39)) >> 40);
  int32_t f = (int32_t)((t - n * ((int64_t)1 << 40)) >> 8); /* [-0.5, 0.5) * 2^32 */
  static const int32_t kTerms[] = {332165, 2863351, 20654573, 119194165, 515882504, 1488522236};
  int32_t p = 32851;
  for (unsigned i = 0; i < sizeof kTerms / sizeof *kTerms; ++i) p = kTerms[i] + times_q32(p, f);
  uint32_t m = 0x80000000u + (uint32_t)times_q32(p, f);
  int top = m >> 31;
  return rt_float(underflow_round_pack(sign, BIAS - 1 + top + n, shift_sticky(m, 4 + top)));
}

/* 0: y is not an integer, 1: odd, 2: even. */
RT_INLINE int integer_kind(uint32_t y) {
  int e = (int)(y >> 23 & 255) - BIAS;
  if (e < 0) return (y & ABS_MASK) == 0 ? 2 : 0;
  if (e > 23) return 2;
  uint32_t m = (y & 0x7fffff) | 0x800000;
  if (m & ((1u << (23 - e)) - 1)) return 0;
  return m >> (23 - e) & 1 ? 1 : 2;
}

/* x or y is 0, infinite or NaN. */
static float pow_special(uint32_t a, uint32_t b, uint32_t sign) {
  uint32_t ua = a & ABS_MASK, ub = b & ABS_MASK;
  if (ub == 0 || a == 0x3f800000) return 1.0f;
  if (ua > INF_REP || ub > INF_REP) return rt_float(NAN_REP);
  if (ub == INF_REP) {
    if (ua == 0x3f800000) return 1.0f;
    return rt_float((ua > 0x3f800000) == !(b & SIGN_BIT) ? INF_REP : 0);
  }
  return rt_float(sign | ((ua == 0) == !(b & SIGN_BIT) ? 0 : INF_REP));
}

float powf(float x, float y) {
  uint32_t a = rt_bits32(x), b = rt_bits32(y), ua = a & ABS_MASK, ub = b & ABS_MASK, sign = 0;
  int kind = integer_kind(b);
  if (a & SIGN_BIT && kind == 1) sign = SIGN_BIT;
  if (ua == 0 || ub == 0 || ua >= INF_REP || ub >= INF_REP || a == 0x3f800000) return pow_special(a, b, sign);
  if (a & SIGN_BIT && kind == 0) return rt_float(NAN_REP);
  int q, ey;
  int64_t log = log2_fixed(ua, &q);
  if (log == 0) return rt_float(sign | 0x3f800000);
  /* 38 bits of the logarithm times 24 of y */
  uint64_t magnitude = log < 0 ? 0 - (uint64_t)log : (uint64_t)log;
  int bits = magnitude >> 32 ? 64 - __builtin_clz((uint32_t)(magnitude >> 32))
                             : 32 - __builtin_clz((uint32_t)magnitude);
  if (bits > 38) log >>= bits - 38, q -= bits - 38;
  uint32_t my = normalize(ub, &ey);
  int64_t t = log * (b & SIGN_BIT ? -(int32_t)my : (int32_t)my);
  int shift = q + 23 - (ey - BIAS) - 40; /* to 40 fraction bits */
  uint64_t mt = t < 0 ? 0 - (uint64_t)t : (uint64_t)t;
  int bits_t = mt >> 32 ? 64 - __builtin_clz((uint32_t)(mt >> 32)) : 32 - __builtin_clz((uint32_t)mt);
  if (bits_t - shift > 40 + 8) return rt_float(t < 0 ? sign : sign | INF_REP);
  t = shift <= 0 ? t * ((int64_t)1 << -shift) : shift < 63 ? t >> shift : 0;
  return exp2_fixed(sign, t);
}

float cbrtf(float x) {
  uint32_t u = rt_bits32(x), abs = u & ABS_MASK, correction = 0;
  if (abs == 0 || abs >= INF_REP) return x + x;
  float a = rt_float(abs);
  /* Away from both ends of the range, by cubes. */
  if (a < 0x1p-100f) a *= 0x1p24f, correction = 0u - (8u << SIG);
  if (a > 0x1p100f) a *= 0x1p-24f, correction = 8u << SIG;
  float t = rt_float(rt_bits32(a) / 3 + 709958130); /* within 6 % */
  for (int i = 0; i < 2; ++i) {
    float cube = t * t * t;
    t *= (cube + (a + a)) / ((cube + cube) + a);
  }
  t = rt_float((rt_bits32(t) + 0x800) & 0xfffff000); /* 12 bits: its square is exact */
  float r = a / (t * t);
  t += t * ((r - t) / ((t + t) + r));
  return rt_float((rt_bits32(t) + correction) | (u & SIGN_BIT));
}
