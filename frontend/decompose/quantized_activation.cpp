// Quantized activations. Functions of 8 bits that production kernels look up in a table are tables here;
// those of 16 bits are fixed-point arithmetic. Rectifiers are scalings, rounded twice.
#include <algorithm>
#include <cmath>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {
namespace {

using ir::Requantize;

constexpr auto kTwice = Requantize::Rounding::twice;

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float hyperbolic_tangent(float x) { return std::tanh(x); }

bool is_byte(Builder& b, const Quantized& x) { return ir::size_of(b.dtype(x.value)) == 1; }

/// x * factor where x >= 0, otherwise `negative`, which lacks the zero point as yet.
V rectified(Builder& b, V x, FixedPoint factor, V negative, const Output& output) {
  const V either = b.select(b.binary(Fn::greater_equal, x, 0.0), scaled(b, x, factor), negative);
  const auto zero = static_cast<double>(zero_of(output.q, output.dtype));
  const Range range = range_of(output);
  return b.cast(b.unary(Fn::clamp, b.add(either, zero), static_cast<double>(range.low),
                        static_cast<double>(range.high)),
                output.dtype);
}

/// What hard_swish multiplies with: f32 factors, 15-bit multipliers.
struct HardSwish {
  int16_t multiplier, slope_multiplier;
  int exponent, slope_exponent;
};

int16_t shortened(int32_t multiplier) {
  constexpr int32_t kHalf = 1 << 15;
  return multiplier >= INT32_MAX - kHalf ? INT16_MAX : static_cast<int16_t>((multiplier + kHalf) >> 16);
}

int16_t saturated_shift(int16_t x, int bits) {
  return static_cast<int16_t>(std::clamp<int64_t>(int64_t{x} << bits, INT16_MIN, INT16_MAX));
}

/// x * clamp(x/6 + 1/2, 0, 1) in 16 bits; x is centred, with 7 bits more.
int64_t hard_swish_of(const HardSwish& p, int16_t x) {
  const int16_t on_output_scale = doubling_high_multiply(x, p.multiplier);
  int16_t gate = x;
  if (p.slope_exponent > 0) gate = saturated_shift(gate, p.slope_exponent - 1);
  gate = doubling_high_multiply(gate, p.slope_multiplier);
  if (p.slope_exponent > 0) gate = saturated_shift(gate, 1);
  if (p.slope_exponent < 0) gate = static_cast<int16_t>(rounding_shift(gate, -p.slope_exponent));
  gate = static_cast<int16_t>((gate + (1 << 15)) >> 1);
  // This product is not rounded, but truncated toward zero.
  const auto product = static_cast<int32_t>(int32_t{gate} * on_output_scale / (1 << 15));
  return rounding_shift(product, -p.exponent);
}

}  // namespace

V relu(Builder& b, const Quantized& x, std::optional<float> low, std::optional<float> high,
       const Output& output) {
  const float scale = scale_of(output.q);
  const int64_t zero = zero_of(output.q, output.dtype);
  const Range whole = range_of(output);
  const auto quantize = [&](float real) {
    return zero + static_cast<int64_t>(std::clamp(std::round(real / scale), -2e9f, 2e9f));
  };
  const int64_t least = low ? std::max(whole.low, quantize(*low)) : whole.low;
  const int64_t most = std::max(least, high ? std::min(whole.high, quantize(*high)) : whole.high);
  if (x.q == output.q && b.dtype(x.value) == output.dtype)
    return b.unary(Fn::clamp, x.value, static_cast<double>(least), static_cast<double>(most));
  const FixedPoint factor = fixed_point(scale_of(x.q) / scale);
  const V moved = requantize(b, centred(b, x), {&factor, 1}, kTwice, output);
  return b.unary(Fn::clamp, moved, static_cast<double>(least), static_cast<double>(most));
}

V leaky_relu(Builder& b, const Quantized& x, float alpha, const Output& output) {
  const V wide = centred(b, x);
  const FixedPoint slope = fixed_point(scale_of(x.q) * alpha / scale_of(output.q));
  return rectified(b, wide, fixed_point(scale_of(x.q) / scale_of(output.q)), scaled(b, wide, slope), output);
}

V prelu(Builder& b, const Quantized& x, const Quantized& alpha, const Output& output) {
  const V wide = centred(b, x);
  const FixedPoint slope =
      fixed_point(static_cast<double>(scale_of(x.q) * scale_of(alpha.q) / scale_of(output.q)));
  const V negative = scaled(b, b.mul(wide, centred(b, alpha)), slope);
  return rectified(b, wide, fixed_point(scale_of(x.q) / scale_of(output.q)), negative, output);
}

V hard_swish(Builder& b, const Quantized& x, const Output& output) {
  if (!is_byte(b, x)) reject_unsupported("HARD_SWISH of 16-bit numbers is not supported");
  const float finer = 1.0f / 128 * scale_of(x.q);
  const FixedPoint to_output = fixed_point(finer / scale_of(output.q));
  const FixedPoint slope = fixed_point(finer / (3.0f / 32768));
  const HardSwish parameters{shortened(to_output.multiplier), shortened(slope.multiplier),
                             31 - to_output.shift, 31 - slope.shift};
  if (parameters.exponent > 0)
    reject_unsupported("HARD_SWISH whose output is much finer than its input is not supported");
  const int64_t in_zero = zero_of(x.q, b.dtype(x.value)), out_zero = zero_of(output.q, output.dtype);
  return tabulated(b, x, output, [&](int64_t stored) {
    return out_zero + hard_swish_of(parameters, static_cast<int16_t>((stored - in_zero) * 128));
  });
}

V logistic(Builder& b, const Quantized& x, const Output& output) {
  if (is_byte(b, x)) return tabulated_real(b, x, output, sigmoid);
  return logistic16(b, x, output);
}

V tanh(Builder& b, const Quantized& x, const Output& output) {
  if (is_byte(b, x)) return tabulated_real(b, x, output, hyperbolic_tangent);
  return tanh16(b, x, output);
}

V softmax(Builder& b, const Quantized& x, float beta, const Output& output) {
  if (!is_byte(b, x)) return softmax16(b, x, beta, output);
  // table[255 - d] stands for an element that lies d below the largest.
  Tensor table = Tensor::zeros({DType::f32, {256}, {}});
  const float step = -scale_of(x.q) * beta;
  const auto values = table.mutable_data<float>();
  for (size_t d = 0; d < 256; ++d) values[255 - d] = std::exp(step * static_cast<float>(d));
  const float out_scale = scale_of(output.q), one = 1;
  const V y =
      b.op(ir::Softmax{b.rank(x.value) - 1, false, out_scale}, {x.value, b.constant(std::move(table))});
  const ir::Quantize op{output.dtype, ir::Quantize::Ties::away, {zero_of(output.q, output.dtype)}, 0};
  return b.op(op, {y, b.constant(Tensor::of<float>({&one, 1}, {1}))});
}

}  // namespace halite::frontend::quantized
