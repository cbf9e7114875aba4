// Logistic function and hyperbolic tangent in 16-bit fixed-point arithmetic. exp(-x) is a product of powers
// of e, one for each bit of x down to a quarter, and of a polynomial for what is left; quotients come from
// three steps of Newton's. A number with k bits before the point has 15 - k behind it.
// https://github.com/google/gemmlowp/blob/master/fixedpoint
#include <algorithm>

#include "frontend/decompose/fixed_point.h"

namespace halite::frontend {
namespace {

constexpr int16_t kOne = INT16_MAX;  // with no bit before the point

int16_t wrapped(int x) { return static_cast<int16_t>(x); }
int16_t product(int16_t a, int16_t b) { return doubling_high_multiply(a, b); }
int16_t halved(int16_t x, int times) { return static_cast<int16_t>(rounding_shift(x, times)); }
int16_t doubled(int16_t x, int times) {
  return static_cast<int16_t>(std::clamp(int{x} * (1 << times), INT16_MIN, INT16_MAX));
}
/// A constant with 31 bits behind the point where this has 15.
int16_t constant(int32_t value) { return static_cast<int16_t>(rounding_shift(value, 16)); }

/// exp(a) for -1/4 <= a < 0, around -1/8.
int16_t exp_of_quarter(int16_t a) {
  const int16_t x = wrapped(a + (1 << 12));
  const int16_t x2 = product(x, x), x3 = product(x2, x), x4 = product(x2, x2);
  const int16_t cubic = product(wrapped(halved(x4, 2) + x3), constant(715827883));  // 1/3
  const int16_t tail = halved(wrapped(cubic + x2), 1);
  const int16_t at_middle = constant(1895147668);  // exp(-1/8)
  return static_cast<int16_t>(
      std::clamp(at_middle + product(at_middle, wrapped(x + tail)), INT16_MIN, INT16_MAX));
}

/// exp(a) for a <= 0.
int16_t exp_of_negative(int16_t a, int integer_bits) {
  if (a == 0) return kOne;
  constexpr int32_t kPowers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int fraction = 15 - integer_bits, quarter = 1 << (fraction - 2);
  const int below = (a & (quarter - 1)) - quarter;
  int16_t result = exp_of_quarter(doubled(wrapped(below), integer_bits));
  const int rest = below - a;
  for (int exponent = -2; exponent <= 4 && exponent < integer_bits; ++exponent)
    if (rest & (1 << (fraction + exponent))) result = product(result, constant(kPowers[exponent + 2]));
  if (integer_bits > 5 && a < -(1 << (20 - integer_bits))) return 0;
  return result;
}

/// 2 / (1 + a) for 0 <= a <= 1, with two bits before the point.
int16_t twice_inverse_of_one_plus(int16_t a) {
  constexpr int kOneOfTwoBits = 1 << 13;
  const auto half = static_cast<int16_t>((int{a} + kOne + 1) / 2);
  int16_t x = wrapped(constant(1515870810) + product(half, constant(-1010580540)));  // 48/17 - 32/17 half
  for (int i = 0; i < 3; ++i) {
    const int16_t error = wrapped(kOneOfTwoBits - product(half, x));
    x = wrapped(x + doubled(product(x, error), 2));
  }
  return x;
}

}  // namespace

int16_t fixed_logistic(int16_t x, int integer_bits) {
  if (x == 0) return 1 << 14;
  const int16_t exp = exp_of_negative(x > 0 ? wrapped(-x) : x, integer_bits);
  const int16_t y = doubled(twice_inverse_of_one_plus(exp), 1);
  return x > 0 ? y : wrapped(kOne - y);
}

int16_t fixed_tanh(int16_t x, int integer_bits) {
  if (x == 0) return 0;
  const int16_t exp = exp_of_negative(x < 0 ? x : wrapped(-x), integer_bits + 1);
  const int16_t y = doubled(wrapped(twice_inverse_of_one_plus(exp) - (1 << 13)), 2);
  return x < 0 ? wrapped(-y) : y;
}

}  // namespace halite::frontend
