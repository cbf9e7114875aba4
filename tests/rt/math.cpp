// The math functions against libm in double precision (with the host's f32 operations where those are exact),
// over the whole range of f32: every 1021st number, or every single one with HALITE_FULL=1 in the
// environment. The worst error of each function is printed.
#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tests/rt/bits.h"

extern "C" {
float rt_truncf(float);
float rt_floorf(float);
float rt_ceilf(float);
float rt_roundf(float);
float rt_roundevenf(float);
float rt_rintf(float);
float rt_nearbyintf(float);
float rt_fabsf(float);
float rt_copysignf(float, float);
float rt_fminf(float, float);
float rt_fmaxf(float, float);
float rt_ldexpf(float, int);
float rt_fmodf(float, float);
float rt_sqrtf(float);
float rt_fmaf(float, float, float);
float rt_expf(float);
float rt_exp2f(float);
float rt_exp10f(float);
float rt_logf(float);
float rt_log2f(float);
float rt_log10f(float);
float rt_powf(float, float);
float rt_cbrtf(float);
float rt_sinf(float);
float rt_cosf(float);
void rt_sincosf(float, float*, float*);
float rt_tanf(float);
float rt_asinf(float);
float rt_acosf(float);
float rt_atanf(float);
float rt_atan2f(float, float);
float rt_sinhf(float);
float rt_coshf(float);
float rt_tanhf(float);
float rt_asinhf(float);
float rt_acoshf(float);
float rt_atanhf(float);
float rt_erff(float);
double rt_exp(double);
double rt_log(double);
double rt_fmod(double, double);
}

using halite::test::bits;
using halite::test::FloatStream;
using halite::test::same;

namespace {

const uint32_t kStride = std::getenv("HALITE_FULL") ? 1 : 1021;

/// Distance of y from the true value in units of the last place there (of the least subnormal at least).
double ulp_error(float y, double truth) {
  if (std::isnan(truth)) return std::isnan(y) ? 0 : 1e9;
  if (std::fabs(truth) >= 0x1.ffffffp127) return y == static_cast<float>(truth) ? 0 : 1e9;
  if (!std::isfinite(y)) return std::fabs(truth) > 0x1.fffffdp127 ? 1 : 1e9;
  if (truth == 0) return y == 0 && std::signbit(y) == std::signbit(truth) ? 0 : 1e9;
  int e;
  std::frexp(truth, &e);
  return std::fabs(y - truth) / std::ldexp(1.0, std::max(e - 24, -149));
}

struct Worst {
  double error = 0;
  float x = 0, y = 0, found = 0;
  void see(float a, float b, float is, double truth) {
    double e = ulp_error(is, truth);
    if (e > error) error = e, x = a, y = b, found = is;
  }
  void report(const char* name, double limit) const {
    std::printf("%-10s %.3f ulp, at %a %a\n", name, error, x, y);
    INFO(name << "(" << x << ", " << y << ") gave " << found);
    CHECK(error <= limit);
  }
};

void sweep(const char* name, float (*ours)(float), double (*truth)(double), double limit) {
  Worst worst;
  for (uint64_t u = 0; u < 0x100000000; u += kStride) {
    float x = std::bit_cast<float>(static_cast<uint32_t>(u));
    worst.see(x, 0, ours(x), truth(x));
  }
  for (uint32_t u :
       {0x80000000u, 0x3f800000u, 0xbf800000u, 0x7f800000u, 0xff800000u, 0x7f7fffffu, 1u, 0x80000001u}) {
    float x = std::bit_cast<float>(u);
    worst.see(x, 0, ours(x), truth(x));
  }
  worst.report(name, limit);
}

void check_exact(const char* name, float (*ours)(float), float (*host)(float)) {
  uint32_t wrong = 0;
  float first = 0;
  for (uint64_t u = 0; u < 0x100000000; u += kStride) {
    float x = std::bit_cast<float>(static_cast<uint32_t>(u));
    if (!same(ours(x), host(x)) && !wrong++) first = x;
  }
  // All numbers with few significant bits around the integers: halves, odd and even.
  for (int i = -70000; i <= 70000; ++i) {
    float x = static_cast<float>(i) / 8;
    if (!same(ours(x), host(x)) && !wrong++) first = x;
  }
  INFO(name << " of " << first << " gave " << ours(first));
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("rounding functions and the square root are exact over the whole range, against libm") {
  check_exact("truncf", rt_truncf, truncf);
  check_exact("floorf", rt_floorf, floorf);
  check_exact("ceilf", rt_ceilf, ceilf);
  check_exact("roundf", rt_roundf, roundf);
  check_exact("rintf", rt_rintf, rintf);
  check_exact("nearbyintf", rt_nearbyintf, nearbyintf);
  check_exact("roundevenf", rt_roundevenf, rintf);
  check_exact("fabsf", rt_fabsf, fabsf);
  check_exact("sqrtf", rt_sqrtf, sqrtf);
}

TEST_CASE("exponentials are accurate over the whole range, against libm") {
  sweep("expf", rt_expf, exp, 1.1);
  sweep("exp2f", rt_exp2f, exp2, 1.1);
  sweep("exp10f", rt_exp10f, [](double x) { return std::pow(10.0, x); }, 1.3);
}

TEST_CASE("logarithms are accurate over the whole range, against libm") {
  sweep("logf", rt_logf, log, 0.9);
  sweep("log2f", rt_log2f, log2, 1.1);
  sweep("log10f", rt_log10f, log10, 1.1);
}

TEST_CASE("trigonometric functions are accurate over the whole range, against libm") {
  sweep("sinf", rt_sinf, sin, 1.1);
  sweep("cosf", rt_cosf, cos, 1.1);
  sweep("tanf", rt_tanf, tan, 2.0);
  sweep("asinf", rt_asinf, asin, 1.7);
  sweep("acosf", rt_acosf, acos, 1.2);
  sweep("atanf", rt_atanf, atan, 1.6);
}

TEST_CASE("sincosf gives sinf and cosf") {
  FloatStream<float> stream;
  for (int i = 0; i < 100'000; ++i) {
    float x = stream.next(), s, c;
    rt_sincosf(x, &s, &c);
    REQUIRE(same(s, rt_sinf(x)));
    REQUIRE(same(c, rt_cosf(x)));
  }
}

TEST_CASE("hyperbolic functions are accurate over the whole range, against libm") {
  sweep("sinhf", rt_sinhf, sinh, 1.4);
  sweep("coshf", rt_coshf, cosh, 1.4);
  sweep("tanhf", rt_tanhf, tanh, 1.4);
  sweep("asinhf", rt_asinhf, asinh, 0.9);
  sweep("acoshf", rt_acoshf, acosh, 0.9);
  sweep("atanhf", rt_atanhf, atanh, 1.2);
}

TEST_CASE("erff and cbrtf are accurate over the whole range, against libm") {
  sweep("erff", rt_erff, erf, 1.4);
  sweep("cbrtf", rt_cbrtf, cbrt, 0.9);
}

TEST_CASE("powf and atan2f are accurate, against libm") {
  FloatStream<float> stream;
  std::mt19937 engine(5);
  std::uniform_real_distribution<float> result(-150, 129), near(-1e-3f, 1e-3f), any(-20, 20);
  Worst pow_worst, atan2_worst;
  for (int i = 0; i < 3'000'000; ++i) {
    float a = stream.next(), b = stream.next();
    pow_worst.see(a, b, rt_powf(a, b), std::pow(double{a}, double{b}));
    atan2_worst.see(a, b, rt_atan2f(a, b), std::atan2(double{a}, double{b}));
    // Results all over the range of f32, and bases close to 1.
    float x = std::exp2(any(engine)), y = result(engine) / std::log2(x);
    pow_worst.see(x, y, rt_powf(x, y), std::pow(double{x}, double{y}));
    x = 1 + near(engine), y = result(engine) / std::log2(x);
    pow_worst.see(x, y, rt_powf(x, y), std::pow(double{x}, double{y}));
    x = any(engine), y = std::round(any(engine));
    pow_worst.see(x, y, rt_powf(x, y), std::pow(double{x}, double{y}));
    atan2_worst.see(x, y, rt_atan2f(x, y), std::atan2(double{x}, double{y}));
  }
  pow_worst.report("powf", 0.6);
  atan2_worst.report("atan2f", 1.6);
}

TEST_CASE("powf and atan2f treat zeros, infinities and NaN as C does") {
  const float values[] = {
      0.0f,    -0.0f,          1,        -1,        2,   -2,      3,        -3,      0.5f,      -0.5f,
      2.5f,    -2.5f,          INFINITY, -INFINITY, NAN, FLT_MAX, -FLT_MAX, FLT_MIN, 0x1p-149f, -0x1p-149f,
      0x1p24f, 0x1.000002p24f, 8388607,  8388608.5f};
  for (float x : values)
    for (float y : values) {
      CAPTURE(x);
      CAPTURE(y);
      CHECK(ulp_error(rt_powf(x, y), std::pow(double{x}, double{y})) <= 1);
      CHECK(ulp_error(rt_atan2f(x, y), std::atan2(double{x}, double{y})) <= 2);
    }
}

TEST_CASE("fmaf, fmodf and ldexpf are exact, against libm") {
  FloatStream<float> stream;
  std::mt19937 engine(6);
  int wrong_fma = 0, wrong_mod = 0, wrong_ldexp = 0;
  for (int i = 0; i < 3'000'000; ++i) {
    float a = stream.next(), b = stream.next(), c = stream.next();
    wrong_fma += !same(rt_fmaf(a, b, c), fmaf(a, b, c));
    wrong_fma += !same(rt_fmaf(a, b, -a * b), fmaf(a, b, -a * b));  // cancels but for the rounding
    wrong_fma += !same(rt_fmaf(a, b, std::nextafter(a * b, c)), fmaf(a, b, std::nextafter(a * b, c)));
    wrong_mod += !same(rt_fmodf(a, b), fmodf(a, b));
    int n = static_cast<int>(engine() % 600) - 300;
    wrong_ldexp += !same(rt_ldexpf(a, n), ldexpf(a, n));
  }
  CHECK(wrong_fma == 0);
  CHECK(wrong_mod == 0);
  CHECK(wrong_ldexp == 0);
}

TEST_CASE("fminf and fmaxf prefer numbers to NaN and tell the zeros apart") {
  CHECK(same(rt_fminf(NAN, 1), 1.0f));
  CHECK(same(rt_fmaxf(1, NAN), 1.0f));
  CHECK(same(rt_fminf(0.0f, -0.0f), -0.0f));
  CHECK(same(rt_fmaxf(-0.0f, 0.0f), 0.0f));
  CHECK(same(rt_copysignf(-3, 0.0f), 3.0f));
  FloatStream<float> stream;
  for (int i = 0; i < 100'000; ++i) {
    float a = stream.next(), b = stream.next();
    REQUIRE(same(rt_fminf(a, b), a == b && a == 0 ? rt_fminf(a, b) : fminf(a, b)));
    REQUIRE(same(rt_fmaxf(a, b), a == b && a == 0 ? rt_fmaxf(a, b) : fmaxf(a, b)));
  }
}

TEST_CASE("exp, log and fmod of doubles agree with libm") {
  std::mt19937_64 engine(7);
  std::uniform_real_distribution<double> exponent(-745, 710), near(0.7, 1.5), any(-1, 1);
  std::uniform_int_distribution<int> power(-1070, 1020);
  const auto ulps = [](double found, long double truth) {
    const double there = std::fabs(static_cast<double>(truth));
    const double unit = std::max(std::nextafter(there, INFINITY) - there, 0x1p-1074);
    return static_cast<double>(std::fabs(found - truth) / static_cast<long double>(unit));
  };
  double worst_exp = 0, worst_log = 0;
  int wrong_mod = 0;
  for (int i = 0; i < 500'000; ++i) {
    const double x = exponent(engine), z = near(engine), w = std::ldexp(z, power(engine));
    if (x > -708 && x < 709)
      worst_exp = std::max(worst_exp, ulps(rt_exp(x), std::exp(static_cast<long double>(x))));
    for (const double v : {z, w})
      worst_log = std::max(worst_log, ulps(rt_log(v), std::log(static_cast<long double>(v))));
    const double a = std::ldexp(any(engine), power(engine)), b = std::ldexp(any(engine), power(engine));
    wrong_mod += !same(rt_fmod(a, b), std::fmod(a, b)) && !(std::isnan(rt_fmod(a, b)) && b == 0);
  }
  std::printf("exp %.3f ulp, log %.3f ulp\n", worst_exp, worst_log);
  CHECK(worst_exp <= 1.4);
  CHECK(worst_log <= 1.0);
  CHECK(wrong_mod == 0);
  CHECK(rt_exp(-INFINITY) == 0);
  CHECK(rt_exp(-745) == std::exp(-745.0));
  CHECK(rt_exp(1000) == INFINITY);
  CHECK(rt_log(0) == -INFINITY);
  CHECK(rt_log(INFINITY) == INFINITY);
  for (const double nan : {rt_log(-1), rt_exp(NAN), rt_log(NAN), rt_fmod(1, 0), rt_fmod(INFINITY, 1)})
    CHECK(std::isnan(nan));
}
