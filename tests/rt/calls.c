/* A program without libc whose operators are calls to the runtime: on machines without division, floating
 * point or 64-bit arithmetic it tests that the functions follow the calling convention that the compiler
 * expects. The expected values are the compiler's own constant folding. The exit status is the number of the
 * first wrong line, modulo 251, or 0. */
#include <stdint.h>

static volatile uint32_t u = 4000000007u, v = 1013;
static volatile int32_t i = -2000000011, j = 97;
static volatile uint64_t U = 0xfedcba9876543210, V = 0x1234567;
static volatile int64_t I = -0x7edcba9876543211, J = 1000003;
static volatile float a = 1.7e6f, b = -3.3e-4f;
static volatile double c = 1.7e60, d = -3.3e-4;
static volatile int n = 37;

static volatile int wrong;
#define CHECK(expression, expected) \
  if ((expression) != (expected) && !wrong) wrong = __LINE__ % 251

static void integers(void) {
  CHECK(u / v, 4000000007u / 1013);
  CHECK(u % v, 4000000007u % 1013);
  CHECK(i / j, -2000000011 / 97);
  CHECK(i % j, -2000000011 % 97);
  uint32_t q = u / v, r = u % v;
  CHECK(q * v + r, 4000000007u);
  CHECK(U / V, 0xfedcba9876543210 / 0x1234567);
  CHECK(U % V, 0xfedcba9876543210 % 0x1234567);
  CHECK(I / J, -0x7edcba9876543211 / 1000003);
  CHECK(I % J, -0x7edcba9876543211 % 1000003);
  uint64_t Q = U / V, R = U % V;
  CHECK(Q * V + R, 0xfedcba9876543210);
  CHECK(U * V, 0xfedcba9876543210 * 0x1234567);
  CHECK(U << n, 0xfedcba9876543210 << 37);
  CHECK(U >> n, 0xfedcba9876543210 >> 37);
  CHECK(I >> n, -0x7edcba9876543211 >> 37);
  CHECK(__builtin_clz(v), 22);
}

static void floats(void) {
  CHECK(a + b, 1.7e6f + -3.3e-4f);
  CHECK(a - b, 1.7e6f - -3.3e-4f);
  CHECK(a * b, 1.7e6f * -3.3e-4f);
  CHECK(a / b, 1.7e6f / -3.3e-4f);
  CHECK(a < b, 0);
  CHECK(a > b, 1);
  CHECK(a <= b, 0);
  CHECK(a >= b, 1);
  CHECK(a == b, 0);
  CHECK(a != b, 1);
  CHECK(__builtin_isunordered(a, b), 0);
  CHECK((int32_t)a, 1700000);
  CHECK((uint32_t)a, 1700000u);
  CHECK((int64_t)(a * a), (int64_t)(1.7e6f * 1.7e6f));
  CHECK((uint64_t)(a * a), (uint64_t)(1.7e6f * 1.7e6f));
  CHECK((float)i, -2000000011.0f);
  CHECK((float)u, 4000000007.0f);
  CHECK((float)I, (float)-0x7edcba9876543211);
  CHECK((float)U, (float)0xfedcba9876543210);
}

static void doubles(void) {
  CHECK(c + d, 1.7e60 + -3.3e-4);
  CHECK(c - d, 1.7e60 - -3.3e-4);
  CHECK(c * d, 1.7e60 * -3.3e-4);
  CHECK(c / d, 1.7e60 / -3.3e-4);
  CHECK(c < d, 0);
  CHECK(c > d, 1);
  CHECK(c <= d, 0);
  CHECK(c >= d, 1);
  CHECK(c == d, 0);
  CHECK((int32_t)(d * 1e9), (int32_t)(-3.3e-4 * 1e9));
  CHECK((uint32_t)(d * -1e9), (uint32_t)(-3.3e-4 * -1e9));
  CHECK((int64_t)(d * 1e20), (int64_t)(-3.3e-4 * 1e20));
  CHECK((uint64_t)(d * -1e20), (uint64_t)(-3.3e-4 * -1e20));
  CHECK((double)i, -2000000011.0);
  CHECK((double)u, 4000000007.0);
  CHECK((double)I, (double)-0x7edcba9876543211);
  CHECK((double)U, (double)0xfedcba9876543210);
  CHECK((double)a, (double)1.7e6f);
  CHECK((float)d, (float)-3.3e-4);
}

static volatile _Float16 h = (_Float16)-3.3e-4f;

static void halves(void) {
  CHECK((float)h, (float)(_Float16)-3.3e-4f);
  CHECK((_Float16)b, (_Float16)-3.3e-4f);
  CHECK((_Float16)d, (_Float16)-3.3e-4);
}

static void memory(void) {
  static volatile unsigned char from[70], to[70];
  struct block {
    unsigned char bytes[61];
  };
  for (int k = 0; k < 70; ++k) from[k] = (unsigned char)(k + 1), to[k] = 0;
  *(struct block*)(to + 3) = *(struct block*)(from + 2);
  for (int k = 0; k < 61; ++k) CHECK(to[3 + k], k + 3);
  CHECK(to[2], 0);
  CHECK(to[64], 0);
  __builtin_memset((void*)(to + 1), 7, (unsigned)n);
  CHECK(to[0], 0);
  CHECK(to[1], 7);
  CHECK(to[37], 7);
  CHECK(to[38], 38);
}

__attribute__((noreturn)) void _start(void) {
  integers();
  floats();
  doubles();
  halves();
  memory();
#ifdef __arm__
  register int status __asm__("r0") = wrong;
  register int call __asm__("r7") = 1; /* exit */
  __asm__ volatile("svc 0" ::"r"(status), "r"(call));
#else
  register int status __asm__("a0") = wrong;
  register int call __asm__("a7") = 93;
  __asm__ volatile("ecall" ::"r"(status), "r"(call));
#endif
  __builtin_unreachable();
}
