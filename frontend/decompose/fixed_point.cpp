// Fixed-point arithmetic; see the header.
#include "frontend/decompose/fixed_point.h"

#include <algorithm>
#include <cmath>

#include "frontend/build.h"

namespace halite::frontend {

FixedPoint fixed_point(double real) {
  if (!std::isfinite(real)) reject_invalid("its scales are not finite numbers");
  if (real == 0) return {};
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  auto multiplier = static_cast<int64_t>(std::round(std::ldexp(fraction, 31)));
  if (multiplier == int64_t{1} << 31) {
    multiplier /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  if (exponent > 30) reject_unsupported("its scales differ by a factor of 2^30 or more");
  return {static_cast<int32_t>(multiplier), 31 - exponent};
}

FixedPoint narrow(FixedPoint factor) {
  constexpr int32_t kLargest = 0x7FFF;
  const int32_t multiplier =
      factor.multiplier < kLargest << 16 ? (factor.multiplier + (1 << 15)) >> 16 : kLargest;
  if (factor.shift <= 16) reject_unsupported("its scales differ by a factor of 2^15 or more");
  return {multiplier, factor.shift - 16};
}

FixedPoint negated(FixedPoint factor) { return {-factor.multiplier, factor.shift}; }

int32_t doubling_high_multiply(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}

int16_t doubling_high_multiply(int16_t a, int16_t b) {
  if (a == INT16_MIN && b == INT16_MIN) return INT16_MAX;
  return static_cast<int16_t>((int32_t{a} * b + (1 << 14)) >> 15);
}

int32_t rounding_shift(int32_t x, int shift) {
  const int32_t mask = static_cast<int32_t>((int64_t{1} << shift) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> shift) + ((x & mask) > threshold ? 1 : 0);
}

}  // namespace halite::frontend
