/* f64 arithmetic for machines whose floating-point unit has none; as softfloat.c, and the conversions from
 * and to f32. */
#include "builtins.h"

#define REP uint64_t
#define SREP int64_t
#define BITS 64
#define SIG 52

RT_INLINE int leading_zeros(uint64_t x) {
  uint32_t high = (uint32_t)(x >> 32);
  return high ? __builtin_clz(high) : 32 + __builtin_clz((uint32_t)x);
}
#define CLZ(x) leading_zeros(x)

RT_INLINE uint64_t high_product(uint64_t a, uint64_t b, uint64_t *lost) {
  uint32_t al = (uint32_t)a, ah = (uint32_t)(a >> 32), bl = (uint32_t)b, bh = (uint32_t)(b >> 32);
  uint64_t low = (uint64_t)al * bl, middle = (uint64_t)ah * bl + (low >> 32);
  uint64_t middle2 = (uint64_t)al * bh + (uint32_t)middle;
  *lost = ((uint32_t)low | (uint32_t)middle2) != 0;
  return (uint64_t)ah * bh + (middle >> 32) + (middle2 >> 32);
}
#define HIGH_PRODUCT high_product

#include "softfloat.inc"

RT_INLINE uint64_t extend(uint32_t a) {
  uint64_t sign = (uint64_t)(a >> 31) << 63;
  uint32_t ua = a & 0x7fffffff;
  if (ua >= 0x7f800000) {
    uint64_t payload = (uint64_t)(ua & 0x7fffff) << 29;
    return sign | INF_REP | payload | (payload ? QUIET_BIT : 0);
  }
  if (ua == 0) return sign;
  int e = (int)(ua >> 23);
  uint32_t m = ua & 0x7fffff;
  if (e == 0) {
    int shift = __builtin_clz(m) - 8;
    m = (m << shift) & 0x7fffff;
    e = 1 - shift;
  }
  return sign | (uint64_t)(e + BIAS - 127) << 52 | (uint64_t)m << 29;
}

RT_INLINE uint32_t truncate(uint64_t a) {
  uint32_t sign = (uint32_t)(a >> 63) << 31;
  uint64_t ua = a & ABS_MASK;
  if (ua >= INF_REP) {
    return ua > INF_REP ? sign | 0x7fc00000 | ((uint32_t)(ua >> 29) & 0x3fffff) : sign | 0x7f800000;
  }
  int e = (int)(ua >> 52) - BIAS + 127;
  if (e >= 255) return sign | 0x7f800000;
  uint64_t m = (ua & (IMPLICIT - 1)) | IMPLICIT; /* leading 1 at 52; what is subnormal here rounds to zero */
  int down = 29;
  if (e <= 0) down += 1 - e, e = 1;
  if (down > 54) return sign;
  uint32_t r = (uint32_t)(m >> down) + ((uint32_t)(e - 1) << 23);
  uint64_t rest = m & (((uint64_t)1 << down) - 1), half = (uint64_t)1 << (down - 1);
  r += rest > half || (rest == half && (r & 1));
  return sign | r;
}

#define BINARY(name, value)                      \
  RT_HELPER double name(double x, double y) {    \
    uint64_t a = rt_bits64(x), b = rt_bits64(y); \
    return rt_double(value);                     \
  }
#define COMPARE(name, value)                     \
  RT_HELPER int name(double x, double y) {       \
    uint64_t a = rt_bits64(x), b = rt_bits64(y); \
    return value;                                \
  }
#define FROM(name, type, value) \
  RT_HELPER double name(type x) { return rt_double(value); }
#define TO(name, type, convert) \
  RT_HELPER type name(double x) { return convert(rt_bits64(x)); }

#ifdef __arm__
BINARY(__aeabi_dadd, add_reps(a, b))
BINARY(__aeabi_dsub, add_reps(a, b ^ SIGN_BIT))
BINARY(__aeabi_drsub, add_reps(b, a ^ SIGN_BIT))
BINARY(__aeabi_dmul, mul_reps(a, b))
BINARY(__aeabi_ddiv, div_reps(a, b))
COMPARE(__aeabi_dcmpeq, compare_reps(a, b, 2) == 0)
COMPARE(__aeabi_dcmplt, compare_reps(a, b, 2) == -1)
COMPARE(__aeabi_dcmple, compare_reps(a, b, 2) <= 0)
COMPARE(__aeabi_dcmpge, compare_reps(a, b, -2) >= 0)
COMPARE(__aeabi_dcmpgt, compare_reps(a, b, -2) == 1)
COMPARE(__aeabi_dcmpun, unordered_reps(a, b))
FROM(__aeabi_i2d, int32_t, from_i32(x))
FROM(__aeabi_ui2d, uint32_t, from_u32(0, x))
FROM(__aeabi_l2d, int64_t, from_i64(x))
FROM(__aeabi_ul2d, uint64_t, from_u64(0, x))
TO(__aeabi_d2iz, int32_t, to_i32)
TO(__aeabi_d2uiz, uint32_t, to_u32)
TO(__aeabi_d2lz, int64_t, to_i64)
TO(__aeabi_d2ulz, uint64_t, to_u64)
FROM(__aeabi_f2d, float, extend(rt_bits32(x)))
RT_HELPER float __aeabi_d2f(double x) { return rt_float(truncate(rt_bits64(x))); }
#else
BINARY(__adddf3, add_reps(a, b))
BINARY(__subdf3, add_reps(a, b ^ SIGN_BIT))
BINARY(__muldf3, mul_reps(a, b))
BINARY(__divdf3, div_reps(a, b))
COMPARE(__eqdf2, compare_reps(a, b, 1))
COMPARE(__nedf2, compare_reps(a, b, 1))
COMPARE(__ltdf2, compare_reps(a, b, 1))
COMPARE(__ledf2, compare_reps(a, b, 1))
COMPARE(__gtdf2, compare_reps(a, b, -1))
COMPARE(__gedf2, compare_reps(a, b, -1))
COMPARE(__unorddf2, unordered_reps(a, b))
FROM(__floatsidf, int32_t, from_i32(x))
FROM(__floatunsidf, uint32_t, from_u32(0, x))
FROM(__floatdidf, int64_t, from_i64(x))
FROM(__floatundidf, uint64_t, from_u64(0, x))
TO(__fixdfsi, int32_t, to_i32)
TO(__fixunsdfsi, uint32_t, to_u32)
TO(__fixdfdi, int64_t, to_i64)
TO(__fixunsdfdi, uint64_t, to_u64)
FROM(__extendsfdf2, float, extend(rt_bits32(x)))
float __truncdfsf2(double x) { return rt_float(truncate(rt_bits64(x))); }
#endif
