/* f32 arithmetic for machines without a floating-point unit, under the names that LLVM calls: Arm's run-time
 * ABI or libgcc's. Correctly rounded, subnormal numbers included; see softfloat.inc. */
#include "float32.h"

#define BINARY(name, value)                      \
  RT_HELPER float name(float x, float y) {       \
    uint32_t a = rt_bits32(x), b = rt_bits32(y); \
    return rt_float(value);                      \
  }
#define COMPARE(name, value)                     \
  RT_HELPER int name(float x, float y) {         \
    uint32_t a = rt_bits32(x), b = rt_bits32(y); \
    return value;                                \
  }
#define FROM(name, type, value) \
  RT_HELPER float name(type x) { return rt_float(value); }
#define TO(name, type, convert) \
  RT_HELPER type name(float x) { return convert(rt_bits32(x)); }

#ifdef __arm__
BINARY(__aeabi_fadd, add_reps(a, b))
BINARY(__aeabi_fsub, add_reps(a, b ^ SIGN_BIT))
BINARY(__aeabi_frsub, add_reps(b, a ^ SIGN_BIT))
BINARY(__aeabi_fmul, mul_reps(a, b))
BINARY(__aeabi_fdiv, div_reps(a, b))
COMPARE(__aeabi_fcmpeq, compare_reps(a, b, 2) == 0)
COMPARE(__aeabi_fcmplt, compare_reps(a, b, 2) == -1)
COMPARE(__aeabi_fcmple, compare_reps(a, b, 2) <= 0)
COMPARE(__aeabi_fcmpge, compare_reps(a, b, -2) >= 0)
COMPARE(__aeabi_fcmpgt, compare_reps(a, b, -2) == 1)
COMPARE(__aeabi_fcmpun, unordered_reps(a, b))
FROM(__aeabi_i2f, int32_t, from_i32(x))
FROM(__aeabi_ui2f, uint32_t, from_u32(0, x))
FROM(__aeabi_l2f, int64_t, from_i64(x))
FROM(__aeabi_ul2f, uint64_t, from_u64(0, x))
TO(__aeabi_f2iz, int32_t, to_i32)
TO(__aeabi_f2uiz, uint32_t, to_u32)
TO(__aeabi_f2lz, int64_t, to_i64)
TO(__aeabi_f2ulz, uint64_t, to_u64)
#else
BINARY(__addsf3, add_reps(a, b))
BINARY(__subsf3, add_reps(a, b ^ SIGN_BIT))
BINARY(__mulsf3, mul_reps(a, b))
BINARY(__divsf3, div_reps(a, b))
/* The result is compared with 0, so that the comparison is false for NaN. */
COMPARE(__eqsf2, compare_reps(a, b, 1))
COMPARE(__nesf2, compare_reps(a, b, 1))
COMPARE(__ltsf2, compare_reps(a, b, 1))
COMPARE(__lesf2, compare_reps(a, b, 1))
COMPARE(__gtsf2, compare_reps(a, b, -1))
COMPARE(__gesf2, compare_reps(a, b, -1))
COMPARE(__unordsf2, unordered_reps(a, b))
FROM(__floatsisf, int32_t, from_i32(x))
FROM(__floatunsisf, uint32_t, from_u32(0, x))
FROM(__floatdisf, int64_t, from_i64(x))
FROM(__floatundisf, uint64_t, from_u64(0, x))
TO(__fixsfsi, int32_t, to_i32)
TO(__fixunssfsi, uint32_t, to_u32)
TO(__fixsfdi, int64_t, to_i64)
TO(__fixunssfdi, uint64_t, to_u64)
#endif
