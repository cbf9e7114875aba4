/* Rounding to integers, remainder, square root, fused multiply-add, extrema: all exact or correctly rounded
 * (0.5 ulp), in integer arithmetic, for machines without the instruction. */
#include "float32.h"

/* Clears the fraction of x after adding `bias` (less than one unit of the integer part) to its magnitude. */
RT_INLINE float cut(uint32_t bits, uint32_t bias, uint32_t fraction) {
  return rt_float((bits + bias) & ~fraction);
}

RT_INLINE int exponent(uint32_t bits) { return (int)(bits >> 23 & 255) - 127; }

/* x's fraction bits where 0 <= exponent < 23. */
RT_INLINE uint32_t fraction_mask(int e) { return 0x7fffffu >> e; }

float truncf(float x) {
  uint32_t u = rt_bits32(x);
  int e = exponent(u);
  if (e >= 23) return x;
  return e < 0 ? rt_float(u & SIGN_BIT) : cut(u, 0, fraction_mask(e));
}

/* Away from zero by the fraction mask if the sign asks for it. */
RT_INLINE float directed(float x, uint32_t away_sign) {
  uint32_t u = rt_bits32(x);
  int e = exponent(u), away = (u & SIGN_BIT) == away_sign;
  if (e >= 23) return x;
  if (e < 0) return rt_float((u & SIGN_BIT) | (away && u & ABS_MASK ? 0x3f800000u : 0));
  return cut(u, away ? fraction_mask(e) : 0, fraction_mask(e));
}

float floorf(float x) { return directed(x, SIGN_BIT); }
float ceilf(float x) { return directed(x, 0); }

float roundf(float x) {
  uint32_t u = rt_bits32(x);
  int e = exponent(u);
  if (e >= 23) return x;
  if (e < 0) return rt_float((u & SIGN_BIT) | (e == -1 ? 0x3f800000u : 0));
  return cut(u, 0x400000u >> e, fraction_mask(e));
}

float roundevenf(float x) {
  uint32_t u = rt_bits32(x);
  int e = exponent(u);
  if (e >= 23) return x;
  if (e < 0) return rt_float((u & SIGN_BIT) | ((u & ABS_MASK) > 0x3f000000u ? 0x3f800000u : 0));
  /* One less than half, and one more if the integer part is odd; at e == 0 the integer part is 1, odd. */
  uint32_t odd = e ? u >> (23 - e) & 1 : 1;
  return cut(u, (0x400000u >> e) - 1 + odd, fraction_mask(e));
}

/* The rounding mode is always the default one. */
float rintf(float x) { return roundevenf(x); }
float nearbyintf(float x) { return roundevenf(x); }

float fabsf(float x) { return rt_float(rt_bits32(x) & ABS_MASK); }

float copysignf(float x, float y) { return rt_float((rt_bits32(x) & ABS_MASK) | (rt_bits32(y) & SIGN_BIT)); }

/* The operand that is not NaN, if one is; -0 is less than +0. */
float fminf(float x, float y) {
  uint32_t a = rt_bits32(x), b = rt_bits32(y);
  if ((a & ABS_MASK) > INF_REP) return y;
  if ((b & ABS_MASK) > INF_REP) return x;
  if (((a | b) & ABS_MASK) == 0) return rt_float(a | b);
  return compare_reps(a, b, 0) < 0 ? x : y;
}

float fmaxf(float x, float y) {
  uint32_t a = rt_bits32(x), b = rt_bits32(y);
  if ((a & ABS_MASK) > INF_REP) return y;
  if ((b & ABS_MASK) > INF_REP) return x;
  if (((a | b) & ABS_MASK) == 0) return rt_float(a & b);
  return compare_reps(a, b, 0) > 0 ? x : y;
}

float ldexpf(float x, int n) {
  uint32_t u = rt_bits32(x), abs = u & ABS_MASK;
  int e;
  if (abs == 0 || abs >= INF_REP) return x;
  if (n > 400) n = 400;
  if (n < -400) n = -400;
  REP m = normalize(abs, &e);
  return rt_float(underflow_round_pack(u & SIGN_BIT, e + n, m << 3));
}

/* By subtracting shifted divisors: one step per bit of the quotient. */
float fmodf(float x, float y) {
  uint32_t a = rt_bits32(x), ua = a & ABS_MASK, ub = rt_bits32(y) & ABS_MASK;
  if (ua > INF_REP || ub > INF_REP) return rt_float((ua > INF_REP ? a : rt_bits32(y)) | QUIET_BIT);
  if (ua == INF_REP || ub == 0) return rt_float(NAN_REP);
  if (ua < ub || ub == INF_REP) return x;
  int ea, eb;
  REP m = normalize(ua, &ea), d = normalize(ub, &eb);
  for (; ea > eb; --ea) {
    if (m >= d) m -= d;
    m <<= 1;
  }
  if (m >= d) m -= d;
  if (m == 0) return rt_float(a & SIGN_BIT);
  int shift = CLZ(m) - (BITS - 1 - SIG);
  if (eb - shift > 0) return rt_float((a & SIGN_BIT) | ((m << shift) + ((uint32_t)(eb - shift - 1) << SIG)));
  return rt_float((a & SIGN_BIT) | (eb > 0 ? m << (eb - 1) : m >> (1 - eb)));
}

/* Digit by digit. The root has 25 bits, the last one for rounding; a tie cannot occur, since the square of an
 * odd 25-bit number has more than 25 significant bits. */
float sqrtf(float x) {
  uint32_t u = rt_bits32(x);
  if ((u & ABS_MASK) > INF_REP) return rt_float(u | QUIET_BIT);
  if (u == INF_REP || (u & ABS_MASK) == 0) return x;
  if (u & SIGN_BIT) return rt_float(NAN_REP);
  int e;
  REP m = normalize(u, &e);
  e -= BIAS;
  uint32_t pairs = m << (e & 1 ? 8 : 7), rest = 0, root = 0; /* two bits before the binary point */
  for (int i = 0; i < 25; ++i) {
    rest = rest << 2 | pairs >> 30;
    pairs <<= 2;
    uint32_t trial = root << 2 | 1;
    root <<= 1;
    if (rest >= trial) rest -= trial, root |= 1;
  }
  e = (e - (e & 1)) / 2 + BIAS;
  return rt_float(((root + 1) >> 1) + ((uint32_t)(e - 1) << SIG));
}

/* m: any 64-bit significand, of weight 2^(e - BIAS - 23) at bit 0. */
RT_INLINE uint32_t pack64(uint32_t sign, int e, uint64_t m) {
  int zeros = m >> 32 ? __builtin_clz((uint32_t)(m >> 32)) : 32 + __builtin_clz((uint32_t)m);
  int down = 63 - zeros - (SIG + 3);
  uint32_t r =
      down <= 0 ? (uint32_t)m << -down : (uint32_t)(m >> down) | ((m & (((uint64_t)1 << down) - 1)) != 0);
  return underflow_round_pack(sign, e + down + 3, r);
}

/* x * y + z, rounded once. The product's 48 bits and z's 24 are aligned with the larger's leading bit at 61
 * or 60. */
float fmaf(float x, float y, float z) {
  uint32_t a = rt_bits32(x), b = rt_bits32(y), c = rt_bits32(z);
  uint32_t ua = a & ABS_MASK, ub = b & ABS_MASK, uc = c & ABS_MASK, sign = (a ^ b) & SIGN_BIT;
  if (ua >= INF_REP || ub >= INF_REP || ua == 0 || ub == 0) return rt_float(add_reps(mul_reps(a, b), c));
  if (uc >= INF_REP) return rt_float(uc > INF_REP ? c | QUIET_BIT : c);
  if (uc == 0) return rt_float(mul_reps(a, b));
  int ea, eb, ec;
  uint64_t p = (uint64_t)normalize(ua, &ea) * normalize(ub, &eb);
  uint64_t q = (uint64_t)normalize(uc, &ec) << 37;
  p <<= 14;
  int ep = ea + eb - BIAS - 23 - 14;
  ec -= 37;
  uint32_t sign_q = c & SIGN_BIT;
  if (ep < ec || (ep == ec && p < q)) {
    uint64_t m = p;
    p = q, q = m;
    int e = ep;
    ep = ec, ec = e;
    uint32_t s = sign;
    sign = sign_q, sign_q = s;
  }
  int d = ep - ec;
  q = d == 0 ? q : d < 64 ? q >> d | ((q & (((uint64_t)1 << d) - 1)) != 0) : 1;
  if (sign != sign_q) {
    if (p < q) {
      uint64_t m = p;
      p = q, q = m;
      sign = sign_q;
    }
    p -= q;
    if (p == 0) return 0.0f;
  } else {
    p += q;
  }
  return rt_float(pack64(sign, ep, p));
}
