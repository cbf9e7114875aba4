/* exp: at most 1.4 ulp; log: 1.0; fmod: exact. f64 is rare in models for inference, so these are short:
 * series whose terms end below the last place, after the argument is reduced. */
#include "builtins.h"

#define RT_INF64 __builtin_inf()
#define RT_NAN64 __builtin_nan("")

/* ln 2 in two parts: 32 bits, so that products with an exponent are exact, and the rest. */
#define kLn2High64 0x1.62e42feep-1
#define kLn2Low64 0x1.a39ef35793c76p-33

/* 2^k for -1022 <= k <= 1023. */
RT_INLINE double power2(int k) { return rt_double((uint64_t)(k + 1023) << 52); }

double exp(double x) {
  if (x != x) return x;
  if (x > 710.0) return RT_INF64;
  if (x < -746.0) return 0.0;
  const double magic = 0x1.8p52;
  double n = (x * 0x1.71547652b82fep+0 + magic) - magic;
  int k = (int)n, half = k / 2;
  double r = (x - n * kLn2High64) - n * kLn2Low64; /* |r| <= ln(2) / 2: 14 terms */
  double p = 1.0 / 13;
  for (int i = 12; i >= 2; --i) p = (1.0 + r * p) * (1.0 / i);
  return (1.0 + (r + r * r * p)) * power2(half) * power2(k - half);
}

double log(double x) {
  if (!(x > 0.0 && x < RT_INF64)) {
    if (x == 0.0) return -RT_INF64;
    return x > 0.0 || x != x ? x : RT_NAN64;
  }
  int below = 0;
  if (x < 0x1p-1022) x *= 0x1p54, below = 54;
  /* x = 2^k m with m in [sqrt(1/2), sqrt(2)) */
  uint64_t u = rt_bits64(x) - 0x3fe6a09e667f3bcd;
  int k = (int)((int64_t)u >> 52) - below;
  double f = rt_double((u & 0xfffffffffffff) + 0x3fe6a09e667f3bcd) - 1.0;
  /* log(1 + f) = 2 atanh(s) = f - s (f - 2 s^2 (1/3 + s^2/5 + ...)), with s = f / (2 + f), |s| < 0.172 */
  double s = f / (2.0 + f), z = s * s, tail = 1.0 / 23;
  for (int i = 21; i >= 3; i -= 2) tail = 1.0 / i + z * tail;
  double n = (double)k;
  return n * kLn2High64 + (f - (s * (f - 2.0 * z * tail) - n * kLn2Low64));
}

/* x = result * 2^(e - 1075) with 2^52 <= result < 2^53; x is positive and finite. */
RT_INLINE uint64_t significand(uint64_t x, int *e) {
  uint64_t m = x & 0xfffffffffffff;
  *e = (int)(x >> 52);
  if (*e) return m | 1ull << 52;
  for (*e = 1; m < 1ull << 52; m <<= 1) --*e;
  return m;
}

/* Long division, a bit a step: the exponents say how many. */
double fmod(double x, double y) {
  uint64_t a = rt_bits64(x), b = rt_bits64(y) & ~(1ull << 63), sign = a & 1ull << 63;
  a ^= sign;
  if (b == 0 || a >= 0x7ffull << 52 || b > 0x7ffull << 52) return RT_NAN64;
  if (a < b) return x;
  int ea, eb;
  uint64_t ma = significand(a, &ea), mb = significand(b, &eb);
  for (; ea > eb; --ea) {
    if (ma >= mb) ma -= mb;
    ma <<= 1;
  }
  if (ma >= mb) ma -= mb;
  if (ma == 0) return rt_double(sign);
  while (ma < 1ull << 52) ma <<= 1, --ea;
  if (ea < 1) return rt_double(sign | ma >> (1 - ea)); /* subnormal, as y: the bits lost are 0 */
  return rt_double(sign | (uint64_t)ea << 52 | (ma & 0xfffffffffffff));
}
