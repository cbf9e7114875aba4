// Integer division, multiplication and shifts against the host's.
#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <random>

extern "C" {
int __clzsi2(uint32_t);
uint32_t __udivsi3(uint32_t, uint32_t);
uint32_t __umodsi3(uint32_t, uint32_t);
uint64_t __udivdi3(uint64_t, uint64_t);
uint64_t __umoddi3(uint64_t, uint64_t);
int64_t __divdi3(int64_t, int64_t);
int64_t __moddi3(int64_t, int64_t);
uint64_t __muldi3(uint64_t, uint64_t);
uint64_t __ashldi3(uint64_t, int);
uint64_t __lshrdi3(uint64_t, int);
uint64_t __ashrdi3(uint64_t, int);
}

namespace {

// Numbers of all sizes.
template <class T>
T sized(std::mt19937_64& engine) {
  return static_cast<T>(engine()) >> (engine() % (sizeof(T) * 8));
}

}  // namespace

TEST_CASE("division gives the host's quotient and remainder for operands of all sizes") {
  std::mt19937_64 engine(1);
  int wrong = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    auto n = sized<uint32_t>(engine), d = sized<uint32_t>(engine);
    if (d) wrong += __udivsi3(n, d) != n / d || __umodsi3(n, d) != n % d;
    auto n64 = sized<uint64_t>(engine), d64 = sized<uint64_t>(engine);
    if (d64) wrong += __udivdi3(n64, d64) != n64 / d64 || __umoddi3(n64, d64) != n64 % d64;
    auto s = sized<int64_t>(engine), t = sized<int64_t>(engine);
    if (t && !(s == INT64_MIN && t == -1)) wrong += __divdi3(s, t) != s / t || __moddi3(s, t) != s % t;
  }
  CHECK(wrong == 0);
  CHECK(__udivdi3(UINT64_MAX, 1) == UINT64_MAX);
  CHECK(__udivdi3(UINT64_MAX, UINT64_MAX) == 1);
  CHECK(__divdi3(INT64_MIN, 1) == INT64_MIN);
  CHECK(__divdi3(INT64_MIN, INT64_MIN) == 1);
}

TEST_CASE("division by zero gives quotient 0 and the dividend as remainder") {
  CHECK(__udivsi3(7, 0) == 0);
  CHECK(__umodsi3(7, 0) == 7);
  CHECK(__udivdi3(7, 0) == 0);
  CHECK(__moddi3(-7, 0) == -7);
}

TEST_CASE("64-bit products and shifts are the host's") {
  std::mt19937_64 engine(2);
  int wrong = 0;
  for (int i = 0; i < 300'000; ++i) {
    auto a = sized<uint64_t>(engine), b = sized<uint64_t>(engine);
    int n = static_cast<int>(engine() % 64);
    wrong += __muldi3(a, b) != a * b || __ashldi3(a, n) != a << n || __lshrdi3(a, n) != a >> n ||
             __ashrdi3(a, n) != static_cast<uint64_t>(static_cast<int64_t>(a) >> n);
  }
  CHECK(wrong == 0);
}

TEST_CASE("leading zeros are counted, 32 of them in 0") {
  for (uint32_t x : {0u, 1u, 2u, 3u, 0x7fffffffu, 0x80000000u, 0xffffffffu})
    CHECK(__clzsi2(x) == std::countl_zero(x));
  for (int i = 0; i < 32; ++i) CHECK(__clzsi2(0xa5a5a5a5u >> i) == std::countl_zero(0xa5a5a5a5u >> i));
}
