// Soft floating point against the host's, bit by bit.
#include <doctest/doctest.h>

#include <limits>

#include "tests/rt/bits.h"

extern "C" {
float __addsf3(float, float);
float __subsf3(float, float);
float __mulsf3(float, float);
float __divsf3(float, float);
int __eqsf2(float, float);
int __nesf2(float, float);
int __ltsf2(float, float);
int __lesf2(float, float);
int __gtsf2(float, float);
int __gesf2(float, float);
int __unordsf2(float, float);
float __floatsisf(int32_t);
float __floatunsisf(uint32_t);
float __floatdisf(int64_t);
float __floatundisf(uint64_t);
int32_t __fixsfsi(float);
uint32_t __fixunssfsi(float);
int64_t __fixsfdi(float);
uint64_t __fixunssfdi(float);
double __adddf3(double, double);
double __subdf3(double, double);
double __muldf3(double, double);
double __divdf3(double, double);
int __eqdf2(double, double);
int __nedf2(double, double);
int __ltdf2(double, double);
int __ledf2(double, double);
int __gtdf2(double, double);
int __gedf2(double, double);
int __unorddf2(double, double);
double __floatsidf(int32_t);
double __floatunsidf(uint32_t);
double __floatdidf(int64_t);
double __floatundidf(uint64_t);
int32_t __fixdfsi(double);
uint32_t __fixunsdfsi(double);
int64_t __fixdfdi(double);
uint64_t __fixunsdfdi(double);
double __extendsfdf2(float);
float __truncdfsf2(double);
float __extendhfsf2(_Float16);
_Float16 __truncsfhf2(float);
_Float16 __truncdfhf2(double);
}

using halite::test::bits;
using halite::test::FloatStream;
using halite::test::same;

namespace {

constexpr int kRounds = 3'000'000;

// Counts, so that a broken operation gives one message and not a million; the first failure is kept.
template <class T>
struct Tally {
  int wrong = 0;
  T a{}, b{}, found{}, expected{};
  void see(T x, T y, T is, T should) {
    if (same(is, should)) return;
    if (!wrong++) a = x, b = y, found = is, expected = should;
  }
  void report(const char* what) const {
    INFO(what << " of " << bits(a) << " and " << bits(b) << " gave " << bits(found) << " for "
              << bits(expected));
    CHECK(wrong == 0);
  }
};

template <class T, class F, class G>
void check_binary(const char* what, F soft, G hard) {
  FloatStream<T> stream;
  Tally<T> tally;
  T a = stream.next();
  for (int i = 0; i < kRounds; ++i) {
    T b = stream.next();
    tally.see(a, b, soft(a, b), hard(a, b));
    a = b;
  }
  tally.report(what);
}

template <class T>
struct Comparisons {
  int (*eq)(T, T), (*ne)(T, T), (*lt)(T, T), (*le)(T, T), (*gt)(T, T), (*ge)(T, T), (*unordered)(T, T);
};

template <class T>
void check_comparisons(Comparisons<T> c) {
  FloatStream<T> stream;
  int wrong = 0;
  T a = stream.next();
  for (int i = 0; i < kRounds; ++i) {
    T b = stream.next();
    wrong += (c.eq(a, b) == 0) != (a == b) || (c.ne(a, b) != 0) != (a != b) || (c.lt(a, b) < 0) != (a < b) ||
             (c.le(a, b) <= 0) != (a <= b) || (c.gt(a, b) > 0) != (a > b) || (c.ge(a, b) >= 0) != (a >= b) ||
             (c.unordered(a, b) != 0) != (std::isnan(a) || std::isnan(b));
    a = b;
  }
  CHECK(wrong == 0);
}

// What a conversion to an integer gives: saturated, 0 for NaN.
template <class I, class T>
I saturated(T x) {
  if (std::isnan(x)) return 0;
  if (x >= std::ldexp(T{1}, std::numeric_limits<I>::digits)) return std::numeric_limits<I>::max();
  if (x <= static_cast<T>(std::numeric_limits<I>::min())) return std::numeric_limits<I>::min();
  return static_cast<I>(x);
}

template <class I, class T>
void check_conversions(I (*to)(T), T (*from)(I)) {
  FloatStream<T> stream;
  std::mt19937_64 engine(7);
  int wrong_to = 0, wrong_from = 0;
  for (int i = 0; i < kRounds; ++i) {
    T x = stream.next();
    wrong_to += to(x) != saturated<I>(x);
    I n = static_cast<I>(engine()) >> (engine() % (sizeof(I) * 8));
    wrong_from += !same(from(n), static_cast<T>(n));
  }
  CHECK(wrong_to == 0);
  CHECK(wrong_from == 0);
  for (I n : {I{0}, I{1}, std::numeric_limits<I>::min(), std::numeric_limits<I>::max()})
    CHECK(same(from(n), static_cast<T>(n)));
}

}  // namespace

TEST_CASE("soft f32 arithmetic is bit-exact") {
  check_binary<float>("add", __addsf3, [](float a, float b) { return a + b; });
  check_binary<float>("subtract", __subsf3, [](float a, float b) { return a - b; });
  check_binary<float>("multiply", __mulsf3, [](float a, float b) { return a * b; });
  check_binary<float>("divide", __divsf3, [](float a, float b) { return a / b; });
}

TEST_CASE("soft f64 arithmetic is bit-exact") {
  check_binary<double>("add", __adddf3, [](double a, double b) { return a + b; });
  check_binary<double>("subtract", __subdf3, [](double a, double b) { return a - b; });
  check_binary<double>("multiply", __muldf3, [](double a, double b) { return a * b; });
  check_binary<double>("divide", __divdf3, [](double a, double b) { return a / b; });
}

TEST_CASE("soft comparisons order all numbers and are false for NaN") {
  check_comparisons<float>({__eqsf2, __nesf2, __ltsf2, __lesf2, __gtsf2, __gesf2, __unordsf2});
  check_comparisons<double>({__eqdf2, __nedf2, __ltdf2, __ledf2, __gtdf2, __gedf2, __unorddf2});
}

TEST_CASE("conversions between integers and floats round to nearest even, truncate, and saturate") {
  check_conversions<int32_t, float>(__fixsfsi, __floatsisf);
  check_conversions<uint32_t, float>(__fixunssfsi, __floatunsisf);
  check_conversions<int64_t, float>(__fixsfdi, __floatdisf);
  check_conversions<uint64_t, float>(__fixunssfdi, __floatundisf);
  check_conversions<int32_t, double>(__fixdfsi, __floatsidf);
  check_conversions<uint32_t, double>(__fixunsdfsi, __floatunsidf);
  check_conversions<int64_t, double>(__fixdfdi, __floatdidf);
  check_conversions<uint64_t, double>(__fixunsdfdi, __floatundidf);
}

TEST_CASE("conversions between f32 and f64 are bit-exact") {
  FloatStream<float> floats;
  FloatStream<double> doubles;
  int wrong = 0;
  for (int i = 0; i < kRounds; ++i) {
    float f = floats.next();
    double d = doubles.next();
    double near_f = std::bit_cast<double>(bits(static_cast<double>(f)) + bits(d) % 3 - 1);
    wrong += !same(__extendsfdf2(f), static_cast<double>(f)) + !same(__truncdfsf2(d), static_cast<float>(d)) +
             !same(__truncdfsf2(near_f), static_cast<float>(near_f));
  }
  CHECK(wrong == 0);
}

// Value of an f16 pattern, from its definition.
static double half_value(uint16_t h) {
  int e = h >> 10 & 31, m = h & 1023;
  double v = e == 31 ? (m ? NAN : INFINITY) : e ? std::ldexp(1024 + m, e - 25) : std::ldexp(m, -24);
  return h & 0x8000 ? -v : v;
}

TEST_CASE(
    "every f16 converts exactly and back, and what lies between two rounds to the nearest, ties to even") {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    double v = half_value(static_cast<uint16_t>(h));
    float f = __extendhfsf2(std::bit_cast<_Float16>(static_cast<uint16_t>(h)));
    REQUIRE(same(static_cast<double>(f), v));
    uint16_t back = std::bit_cast<uint16_t>(__truncsfhf2(f)),
             back64 = std::bit_cast<uint16_t>(__truncdfhf2(v));
    if (std::isnan(v)) {
      REQUIRE(std::isnan(half_value(back)));
      REQUIRE(std::isnan(half_value(back64)));
      continue;
    }
    REQUIRE(back == h);
    REQUIRE(back64 == h);
    if ((h & 0x7fff) >= 0x7c00) continue;
    // The middle between this one and the next larger in magnitude (65520 for the largest, which rounds to
    // infinity).
    double next =
        (h & 0x7fff) == 0x7bff ? std::copysign(65536.0, v) : half_value(static_cast<uint16_t>(h + 1));
    double middle = (v + next) / 2;
    uint16_t even = h & 1 ? static_cast<uint16_t>(h + 1) : static_cast<uint16_t>(h);
    float below = std::nextafter(static_cast<float>(middle), 0.0f);
    float above = std::nextafter(static_cast<float>(middle), static_cast<float>(next * 2));
    REQUIRE(std::bit_cast<uint16_t>(__truncsfhf2(static_cast<float>(middle))) == even);
    REQUIRE(std::bit_cast<uint16_t>(__truncsfhf2(below)) == h);
    REQUIRE(std::bit_cast<uint16_t>(__truncsfhf2(above)) == h + 1);
    REQUIRE(std::bit_cast<uint16_t>(__truncdfhf2(middle)) == even);
    REQUIRE(std::bit_cast<uint16_t>(__truncdfhf2(std::nextafter(middle, 0.0))) == h);
    REQUIRE(std::bit_cast<uint16_t>(__truncdfhf2(std::nextafter(middle, next * 2))) == h + 1);
  }
  CHECK(std::bit_cast<uint16_t>(__truncsfhf2(1e30f)) == 0x7c00);
  CHECK(std::bit_cast<uint16_t>(__truncdfhf2(-1e300)) == 0xfc00);
  CHECK(std::bit_cast<uint16_t>(__truncdfhf2(1e-300)) == 0);
}
