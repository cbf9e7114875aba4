// Every f32 whose low bits are a multiple of a stride is put through the polynomials; errors are measured in
// ulp against the C library's double functions.
#include "schedules/math.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <vector>

using namespace halite::schedules;
using Halide::Expr;

namespace {

std::vector<float> sweep(float low, float high) {
  std::vector<float> values;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 1237) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (x >= low && x <= high) values.push_back(x);
  }
  for (float edge : {low, high, 0.0f, 1.0f, -1.0f}) {
    if (edge >= low && edge <= high) values.push_back(edge);
  }
  return values;
}

std::vector<float> evaluate(Expr (*f)(const Expr&), const std::vector<float>& x) {
  Halide::Buffer<float> in(const_cast<float*>(x.data()), static_cast<int>(x.size()));
  Halide::Func g;
  Halide::Var i;
  g(i) = f(in(i));
  g.vectorize(i, 16, Halide::TailStrategy::GuardWithIf);
  std::vector<float> y(x.size());
  Halide::Buffer<float> out(y.data(), static_cast<int>(y.size()));
  g.realize(out);
  return y;
}

/// The largest error of f between low and high, where error(y, wanted) is that of y.
double worst(Expr (*f)(const Expr&), double (*exact)(double), float low, float high,
             double (*error)(float, double)) {
  const auto x = sweep(low, high);
  const auto y = evaluate(f, x);
  double largest = 0;
  float at = 0;
  for (size_t i = 0; i < x.size(); i++) {
    const double e = error(y[i], exact(x[i]));
    if (!(e <= largest)) largest = e, at = x[i];
  }
  MESSAGE("largest error ", largest, " at ", at);
  return largest;
}

double distance(float y, double wanted) { return std::abs(y - wanted); }

/// In ulp of the result; one below the smallest normal number counts as zero, and infinity must be met.
double ulp_error(float y, double wanted) {
  const float rounded = static_cast<float>(wanted);
  if (std::abs(wanted) < 1.17549435e-38) {
    CHECK(std::abs(y) <= 1.17549435e-38f);
    return 0;
  }
  if (std::isinf(rounded)) {
    CHECK(y == rounded);
    return 0;
  }
  return distance(y, wanted) / std::ldexp(1.0, std::max(-149, std::ilogb(rounded) - 23));
}

double worst_ulp(Expr (*f)(const Expr&), double (*exact)(double), float low, float high) {
  return worst(f, exact, low, high, ulp_error);
}

/// 0.5 x (1 + erf(x / sqrt 2)) as the front ends compose Gelu, and as PyTorch writes it.
Expr gelu(const Expr& x) { return (x * 0.5f) * (math::erf(x * 0.707106781f) + 1.0f); }
Expr gelu_of_pytorch(const Expr& x) { return (x * (math::erf(x / 1.41421356f) + 1.0f)) * 0.5f; }
/// By erfc, which below zero loses no digits.
double exact_gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }

Expr sigmoid(const Expr& x) { return math::sigmoid(x); }
Expr fused_sigmoid(const Expr& x) { return math::sigmoid(x, math::Rounding::once); }
double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
constexpr float kInf = INFINITY;

}  // namespace

TEST_CASE("exp is within 2 ulp, infinite beyond its range and zero below it") {
  CHECK(worst_ulp(math::exp, std::exp, -kInf, kInf) <= 2);
}
TEST_CASE("expm1 is within 3 ulp") { CHECK(worst_ulp(math::expm1, std::expm1, -kInf, kInf) <= 3); }
TEST_CASE("log is within 2 ulp from subnormals to infinity") {
  CHECK(worst_ulp(math::log, std::log, 1e-45f, kInf) <= 2);
  const auto y = evaluate(math::log, {0.0f, -0.0f, -1.0f, -kInf, NAN, kInf, 1.0f});
  CHECK(y[0] == -kInf);
  CHECK(y[1] == -kInf);
  CHECK(std::isnan(y[2]));
  CHECK(std::isnan(y[3]));
  CHECK(std::isnan(y[4]));
  CHECK(y[5] == kInf);
  CHECK(y[6] == 0);
}
TEST_CASE("log1p is within 3 ulp") { CHECK(worst_ulp(math::log1p, std::log1p, -0.999999f, kInf) <= 3); }
TEST_CASE("tanh is within 3 ulp and saturates") { CHECK(worst_ulp(math::tanh, std::tanh, -kInf, kInf) <= 3); }
TEST_CASE("sigmoid is within 3.2 ulp, saturates and lets a NaN through, however products are rounded") {
  CHECK(worst_ulp(sigmoid, exact_sigmoid, -kInf, kInf) <= 3);
  CHECK(worst_ulp(fused_sigmoid, exact_sigmoid, -kInf, kInf) <= 3.2);
  for (auto f : {sigmoid, fused_sigmoid}) {
    const auto y = evaluate(f, {-kInf, -1e30f, -106.0f, 0.0f, 61.0f, kInf, NAN, -NAN});
    for (size_t i : {0, 1, 2}) CHECK(y[i] == 0);
    CHECK(y[3] == 0.5f);
    for (size_t i : {4, 5}) CHECK(y[i] == 1);
    for (size_t i : {6, 7}) CHECK(std::isnan(y[i]));
  }
}
TEST_CASE("erf is within 3 ulp and saturates") { CHECK(worst_ulp(math::erf, std::erf, -kInf, kInf) <= 3); }
TEST_CASE("gelu, composed of erf, is within 2 ulp above zero and 2^-22 below") {
  for (auto f : {gelu, gelu_of_pytorch}) {
    CHECK(worst_ulp(f, exact_gelu, 0, 1e38f) <= 2);
    CHECK(worst(f, exact_gelu, -1e30f, 0, distance) <= 0x1p-22);
    CHECK(evaluate(f, {-6.0f, -1e30f, 0.0f, 20.0f}) == std::vector<float>{0, 0, 0, 20});
  }
}

TEST_CASE("NaN and infinity are recognised by their bits") {
  const std::vector<float> x{NAN, -NAN, kInf, -kInf, 0.0f, 3.4e38f, 1e-45f};
  const auto nan = evaluate([](const Expr& v) { return Halide::cast<float>(math::is_nan(v)); }, x);
  const auto inf = evaluate([](const Expr& v) { return Halide::cast<float>(math::is_inf(v)); }, x);
  CHECK(nan == std::vector<float>{1, 1, 0, 0, 0, 0, 0});
  CHECK(inf == std::vector<float>{0, 0, 1, 1, 0, 0, 0});
}
