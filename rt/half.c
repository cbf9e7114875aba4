/* Conversions between f16 and wider formats, for machines without the instructions. Correctly rounded to
 * nearest even; NaNs become quiet and keep the upper bits of their payload. On Arm an f16 travels as an
 * integer, elsewhere as the ABI's half-precision type. */
#include "builtins.h"

RT_INLINE uint32_t half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, u = h & 0x7fff;
  if (u >= 0x7c00) return sign | 0x7f800000 | (u & 0x3ff) << 13 | (u > 0x7c00 ? 0x400000 : 0);
  if (u >= 0x400) return sign | ((u << 13) + ((127u - 15u) << 23));
  if (u == 0) return sign;
  uint32_t shift = (uint32_t)__builtin_clz(u) - 21; /* brings the leading 1 to bit 10 */
  return sign | ((127u - 15u + 1u - shift) << 23) | ((u << shift & 0x3ff) << 13);
}

/* significand: leading 1 at bit 30, last bit sticky; e: biased for f16. */
RT_INLINE uint16_t round_half(uint16_t sign, int e, uint32_t significand) {
  int down = 20;
  if (e >= 31) return sign | 0x7c00;
  if (e <= 0) down += 1 - e, e = 1;
  if (down > 31) return sign;
  uint32_t r = (significand >> down) + ((uint32_t)(e - 1) << 10);
  uint32_t rest = significand & ((1u << down) - 1), half = 1u << (down - 1);
  r += rest > half || (rest == half && (r & 1));
  return (uint16_t)(sign | r);
}

RT_INLINE uint16_t float_to_half(uint32_t f) {
  uint16_t sign = (uint16_t)(f >> 16 & 0x8000);
  uint32_t u = f & 0x7fffffff;
  if (u > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (u >> 13 & 0x1ff));
  return round_half(sign, (int)(u >> 23) - 127 + 15, (u & 0x7fffff) << 7 | 1u << 30);
}

RT_INLINE uint16_t double_to_half(uint64_t d) {
  uint16_t sign = (uint16_t)(d >> 48 & 0x8000);
  uint64_t u = d & 0x7fffffffffffffff, fraction = u & 0xfffffffffffff;
  if (u > 0x7ff0000000000000) return (uint16_t)(sign | 0x7e00 | (fraction >> 42 & 0x1ff));
  uint32_t sticky = (fraction & 0x3fffff) != 0;
  return round_half(sign, (int)(u >> 52) - 1023 + 15, (uint32_t)(fraction >> 22) | 1u << 30 | sticky);
}

#ifdef __arm__
RT_HELPER float __aeabi_h2f(uint16_t h) { return rt_float(half_to_float(h)); }
RT_HELPER float __gnu_h2f_ieee(uint16_t h) { return rt_float(half_to_float(h)); }
RT_HELPER uint16_t __aeabi_f2h(float f) { return float_to_half(rt_bits32(f)); }
RT_HELPER uint16_t __gnu_f2h_ieee(float f) { return float_to_half(rt_bits32(f)); }
RT_HELPER uint16_t __aeabi_d2h(double d) { return double_to_half(rt_bits64(d)); }
#else
typedef union rt_f16 {
  _Float16 f;
  uint16_t bits;
} rt_f16;

float __extendhfsf2(_Float16 h) { return rt_float(half_to_float((rt_f16){.f = h}.bits)); }
_Float16 __truncsfhf2(float f) { return (rt_f16){.bits = float_to_half(rt_bits32(f))}.f; }
_Float16 __truncdfhf2(double d) { return (rt_f16){.bits = double_to_half(rt_bits64(d))}.f; }
#endif
