// Quantized arithmetic, comparison and conversion. Every scaling is rounded twice, by production kernels too.
#include <algorithm>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {
namespace {

using ir::Requantize;

/// x << bits, as multiplication.
V shifted(Builder& b, V x, int bits) { return b.mul(x, static_cast<double>(int64_t{1} << bits)); }

/// (x << bits) * factor. A factor of one half, which one of two operands has, costs no multiplication of 64
/// bits.
V aligned(Builder& b, const Quantized& x, int bits, FixedPoint factor) {
  const V wide = centred(b, x);
  if (factor.shift == 31 && factor.multiplier == 1 << 30) return shifted(b, wide, bits - 1);
  if (factor.shift == 31 && factor.multiplier == -(1 << 30))
    return b.mul(wide, -static_cast<double>(int64_t{1} << (bits - 1)));
  return scaled(b, shifted(b, wide, bits), factor);
}

enum class Sign { plus, minus };

/// Both operands on a common scale, twice the larger of theirs, with some more bits, which the output's
/// factor takes away.
V sum(Builder& b, const Quantized& x, const Quantized& y, Sign sign, const Output& output) {
  const int bits = output.dtype == DType::i16 ? 15 : 20;
  const double sx = scale_of(x.q), sy = scale_of(y.q), common = 2 * std::max(sx, sy);
  const FixedPoint factor = fixed_point(sy / common);
  const V right = aligned(b, y, bits, sign == Sign::plus ? factor : negated(factor));
  const V total = b.add(aligned(b, x, bits, fixed_point(sx / common)), right);
  const FixedPoint back = fixed_point(common / (static_cast<double>(1 << bits) * scale_of(output.q)));
  return requantize(b, total, {&back, 1}, Requantize::Rounding::twice, output);
}

}  // namespace

V add(Builder& b, const Quantized& x, const Quantized& y, const Output& output) {
  return sum(b, x, y, Sign::plus, output);
}

V sub(Builder& b, const Quantized& x, const Quantized& y, const Output& output) {
  return sum(b, x, y, Sign::minus, output);
}

V mul(Builder& b, const Quantized& x, const Quantized& y, const Output& output) {
  const FixedPoint factor = fixed_point(scale_of(x.q) * scale_of(y.q) / scale_of(output.q));
  const V product = b.mul(centred(b, x), centred(b, y));
  return requantize(b, product, {&factor, 1}, Requantize::Rounding::twice, output);
}

V squared_difference(Builder& b, const Quantized& x, const Quantized& y, const Output& output) {
  constexpr int kBits = 7;
  const double sx = scale_of(x.q), sy = scale_of(y.q), common = 2 * std::max(sx, sy);
  const V difference =
      b.sub(aligned(b, x, kBits, fixed_point(sx / common)), aligned(b, y, kBits, fixed_point(sy / common)));
  const FixedPoint back =
      fixed_point(common * common / (static_cast<double>(1 << 2 * kBits) * scale_of(output.q)));
  return requantize(b, b.square(difference), {&back, 1}, Requantize::Rounding::twice, output);
}

V compare(Builder& b, Fn fn, const Quantized& x, const Quantized& y) {
  if (x.q == y.q) return b.binary(fn, x.value, y.value);
  const auto side = [&](const Quantized& operand) {
    constexpr int kBits = 8;
    return scaled(b, shifted(b, centred(b, operand), kBits), fixed_point(scale_of(operand.q)));
  };
  return b.binary(fn, side(x), side(y));
}

V requantize(Builder& b, const Quantized& x, const Output& output) {
  const FixedPoint factor = fixed_point(static_cast<double>(scale_of(x.q)) / scale_of(output.q));
  return requantize(b, centred(b, x), {&factor, 1}, Requantize::Rounding::twice, output);
}

V quantize(Builder& b, V x, const Output& output) {
  const float scale = scale_of(output.q);
  const ir::Quantize op{output.dtype, ir::Quantize::Ties::away, {zero_of(output.q, output.dtype)}, 0};
  return b.op(op, {x, b.constant(Tensor::of<float>({&scale, 1}, {1}))});
}

V dequantize(Builder& b, const Quantized& x) {
  const float scale = scale_of(x.q);
  const ir::Dequantize op{{zero_of(x.q, b.dtype(x.value))}, 0};
  return b.op(op, {x.value, b.constant(Tensor::of<float>({&scale, 1}, {1}))});
}

}  // namespace halite::frontend::quantized
