// Fixed-point arithmetic as TFLite's integer kernels define it. A real factor is a 31-bit multiplier and a
// shift:
//   real = multiplier * 2^-shift, 2^30 <= multiplier < 2^31 (or 0 for a factor below 2^-32)
// which are what ir::Requantize takes. How the factor itself is computed from scales (in which order, in f32
// or f64) is up to each operator and decides about the last bit, so callers do that.
// https://arxiv.org/abs/1712.05877, https://ai.google.dev/edge/litert/models/quantization_spec
#pragma once

#include <cstdint>

namespace halite::frontend {

struct FixedPoint {
  int32_t multiplier = 0;
  int32_t shift = 31;
};

/// Nearest, halves away from zero. Throws Rejected if the factor is no number or 2^30 or more.
FixedPoint fixed_point(double real);
/// With a 15-bit multiplier, for sums of 64 bits (16x8).
FixedPoint narrow(FixedPoint);
/// The factor with the opposite sign.
FixedPoint negated(FixedPoint);

/// The upper half of 2ab, halves up, saturated.
int32_t doubling_high_multiply(int32_t a, int32_t b);
int16_t doubling_high_multiply(int16_t a, int16_t b);
/// x / 2^shift, halves away from zero.
int32_t rounding_shift(int32_t x, int shift);

/// Of 16-bit numbers with `integer_bits` bits before the point, and a result with none; exactly as gemmlowp's
/// fixed-point arithmetic has them, which integer LSTM layers use.
int16_t fixed_logistic(int16_t x, int integer_bits);
int16_t fixed_tanh(int16_t x, int integer_bits);

}  // namespace halite::frontend
