/* Integer arithmetic that some machines lack: 32-bit division (Cortex-M0+), 64-bit multiplication, division
 * and shifts (32-bit machines), leading zeros. Division by zero gives quotient 0 and the dividend as
 * remainder.
 *
 * Arm's names return quotient and remainder together, in r0 and r1 or in r0:r1 and r2:r3; a 64-bit integer
 * and a vector of two are returned in just these registers.
 * https://github.com/ARM-software/abi-aa/blob/main/rtabi32/rtabi32.rst */
#include "builtins.h"

/* Leading zeros without the intrinsic, which would call __clzsi2; clz(0) = 32. */
RT_INLINE int leading_zeros(uint32_t x) {
  int n = 32;
  if (x >> 16) n -= 16, x >>= 16;
  if (x >> 8) n -= 8, x >>= 8;
  if (x >> 4) n -= 4, x >>= 4;
  if (x >> 2) n -= 2, x >>= 2;
  return x >> 1 ? n - 2 : n - (int)x;
}

RT_INLINE int leading_zeros64(uint64_t x) {
  uint32_t high = (uint32_t)(x >> 32);
  return high ? leading_zeros(high) : 32 + leading_zeros((uint32_t)x);
}

RT_INLINE uint32_t divide32(uint32_t n, uint32_t d, uint32_t *remainder) {
  uint32_t q = 0;
  if (d && n >= d) {
    int shift = leading_zeros(d) - leading_zeros(n);
    d <<= shift;
    do {
      q <<= 1;
      if (n >= d) n -= d, q |= 1;
      d >>= 1;
    } while (shift--);
  }
  *remainder = n;
  return q;
}

/* Shifts in halves: a shift of a 64-bit number by a variable may be a call to a function below. */
RT_INLINE uint64_t shift_left(uint64_t x, int n) {
  uint32_t low = (uint32_t)x, high = (uint32_t)(x >> 32);
  if (n & 32) return (uint64_t)(low << (n & 31)) << 32;
  if (n) high = high << n | low >> (32 - n), low <<= n;
  return (uint64_t)high << 32 | low;
}

RT_INLINE uint64_t shift_right(uint64_t x, int n, uint32_t fill) {
  uint32_t low = (uint32_t)x, high = (uint32_t)(x >> 32);
  if (n & 32) low = high, high = fill, n &= 31;
  if (n) low = low >> n | high << (32 - n), high = high >> n | fill << (32 - n);
  return (uint64_t)high << 32 | low;
}

RT_INLINE uint64_t divide64(uint64_t n, uint64_t d, uint64_t *remainder) {
  uint64_t q = 0;
  if (!(n >> 32) && (uint32_t)(d >> 32) == 0 && d) {
    q = (uint32_t)n / (uint32_t)d;
    *remainder = (uint32_t)n - (uint32_t)q * (uint32_t)d;
    return q;
  }
  if (d && n >= d) {
    int shift = leading_zeros64(d) - leading_zeros64(n);
    d = shift_left(d, shift);
    do {
      q <<= 1;
      if (n >= d) n -= d, q |= 1;
      d >>= 1;
    } while (shift--);
  }
  *remainder = n;
  return q;
}

RT_INLINE int64_t signed_divide64(int64_t n, int64_t d, int64_t *remainder) {
  uint64_t r, sign_n = (uint64_t)(n >> 63), sign_q = sign_n ^ (uint64_t)(d >> 63);
  uint64_t un = ((uint64_t)n ^ sign_n) - sign_n,
           ud = ((uint64_t)d ^ (uint64_t)(d >> 63)) - (uint64_t)(d >> 63);
  uint64_t q = divide64(un, ud, &r);
  *remainder = (int64_t)((r ^ sign_n) - sign_n);
  return (int64_t)((q ^ sign_q) - sign_q);
}

/* By 16-bit digits: a 64-bit product of 32-bit numbers may be a call to __aeabi_lmul. */
RT_INLINE uint64_t multiply64(uint64_t a, uint64_t b) {
  uint32_t al = (uint32_t)a, bl = (uint32_t)b;
  uint32_t a0 = al & 0xffff, a1 = al >> 16, b0 = bl & 0xffff, b1 = bl >> 16;
  uint32_t low = a0 * b0, middle = a1 * b0 + (low >> 16), middle2 = a0 * b1 + (middle & 0xffff);
  uint32_t high = a1 * b1 + (middle >> 16) + (middle2 >> 16);
  high += al * (uint32_t)(b >> 32) + (uint32_t)(a >> 32) * bl;
  return (uint64_t)high << 32 | (uint32_t)(middle2 << 16 | (low & 0xffff));
}

int __clzsi2(uint32_t x) { return leading_zeros(x); }

#ifdef __arm__

typedef uint64_t rt_quad __attribute__((vector_size(16)));

RT_INLINE int32_t signed_divide32(int32_t n, int32_t d, int32_t *remainder) {
  uint32_t r, sign_n = (uint32_t)(n >> 31), sign_q = sign_n ^ (uint32_t)(d >> 31);
  uint32_t un = ((uint32_t)n ^ sign_n) - sign_n,
           ud = ((uint32_t)d ^ (uint32_t)(d >> 31)) - (uint32_t)(d >> 31);
  uint32_t q = divide32(un, ud, &r);
  *remainder = (int32_t)((r ^ sign_n) - sign_n);
  return (int32_t)((q ^ sign_q) - sign_q);
}

uint32_t __aeabi_uidiv(uint32_t n, uint32_t d) {
  uint32_t r;
  return divide32(n, d, &r);
}

uint64_t __aeabi_uidivmod(uint32_t n, uint32_t d) {
  uint32_t r, q = divide32(n, d, &r);
  return (uint64_t)r << 32 | q;
}

int32_t __aeabi_idiv(int32_t n, int32_t d) {
  int32_t r;
  return signed_divide32(n, d, &r);
}

uint64_t __aeabi_idivmod(int32_t n, int32_t d) {
  int32_t r, q = signed_divide32(n, d, &r);
  return (uint64_t)(uint32_t)r << 32 | (uint32_t)q;
}

RT_HELPER rt_quad __aeabi_uldivmod(uint64_t n, uint64_t d) {
  uint64_t r, q = divide64(n, d, &r);
  return (rt_quad){q, r};
}

RT_HELPER rt_quad __aeabi_ldivmod(int64_t n, int64_t d) {
  int64_t r, q = signed_divide64(n, d, &r);
  return (rt_quad){(uint64_t)q, (uint64_t)r};
}

uint64_t __aeabi_lmul(uint64_t a, uint64_t b) { return multiply64(a, b); }
uint64_t __aeabi_llsl(uint64_t x, int n) { return shift_left(x, n); }
uint64_t __aeabi_llsr(uint64_t x, int n) { return shift_right(x, n, 0); }
uint64_t __aeabi_lasr(uint64_t x, int n) { return shift_right(x, n, (uint32_t)((int32_t)(x >> 32) >> 31)); }
int __aeabi_lcmp(int64_t a, int64_t b) { return (a > b) - (a < b); }
int __aeabi_ulcmp(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

#else

uint32_t __udivsi3(uint32_t n, uint32_t d) {
  uint32_t r;
  return divide32(n, d, &r);
}

uint32_t __umodsi3(uint32_t n, uint32_t d) {
  uint32_t r;
  divide32(n, d, &r);
  return r;
}

uint64_t __udivdi3(uint64_t n, uint64_t d) {
  uint64_t r;
  return divide64(n, d, &r);
}

uint64_t __umoddi3(uint64_t n, uint64_t d) {
  uint64_t r;
  divide64(n, d, &r);
  return r;
}

int64_t __divdi3(int64_t n, int64_t d) {
  int64_t r;
  return signed_divide64(n, d, &r);
}

int64_t __moddi3(int64_t n, int64_t d) {
  int64_t r;
  signed_divide64(n, d, &r);
  return r;
}

uint64_t __muldi3(uint64_t a, uint64_t b) { return multiply64(a, b); }
uint64_t __ashldi3(uint64_t x, int n) { return shift_left(x, n); }
uint64_t __lshrdi3(uint64_t x, int n) { return shift_right(x, n, 0); }
uint64_t __ashrdi3(uint64_t x, int n) { return shift_right(x, n, (uint32_t)((int32_t)(x >> 32) >> 31)); }

#endif
