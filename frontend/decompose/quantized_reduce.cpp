// Quantized pools and reductions. A pool works on what is stored, as its input and output have one
// quantization.
#include <algorithm>
#include <cmath>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {
namespace {

V clamped(Builder& b, V x, const Output& output) {
  const Range range = range_of(output);
  return b.unary(Fn::clamp, x, static_cast<double>(range.low), static_cast<double>(range.high));
}

/// Sums of what is stored, in 32 bits.
V stored_sums(Builder& b, const Quantized& x, const Axes& axes) {
  return b.sum(b.cast(x.value, DType::i32), axes);
}

/// round(f) + zero point, of reals.
V rounded(Builder& b, V x, const Output& output) {
  const auto zero = static_cast<double>(zero_of(output.q, output.dtype));
  return b.cast(clamped(b, b.add(b.unary(Fn::round_away, x), zero), output), output.dtype);
}

}  // namespace

V pool2d(Builder& b, const Quantized& x, const ir::Pool2d& op, const Output& output) {
  const V y = b.op(op, {x.value});
  return output.activation == Activation::none ? y : clamped(b, y, output);
}

/// Over both spatial axes, kept: the scaled sum, with the zero points' difference rounded apart. Otherwise on
/// equal quantizations the truncated mean of what is stored, and else arithmetic in f32.
V mean(Builder& b, const Quantized& x, const Axes& axes, bool keep, const Output& output) {
  const float in = scale_of(x.q), out = scale_of(output.q);
  const int64_t in_zero = zero_of(x.q, b.dtype(x.value)), out_zero = zero_of(output.q, output.dtype);
  int64_t count = 1;
  for (const int64_t axis : axes) count *= b.shape(x.value)[axis];
  const bool bytes = ir::size_of(b.dtype(x.value)) == 1;
  if (bytes && keep && b.rank(x.value) == 4 && axes == Axes{1, 2}) {
    const float moved = static_cast<float>(in_zero) * in / out;
    const auto bias = out_zero - static_cast<int64_t>(moved > 0 ? moved + 0.5f : moved - 0.5f);
    const FixedPoint factor = fixed_point(in / (static_cast<float>(count) * out));
    const V y = b.add(scaled(b, stored_sums(b, x, axes), factor), static_cast<double>(bias));
    return b.cast(clamped(b, y, output), output.dtype);
  }
  if (x.q.scale == output.q.scale && in_zero == out_zero)
    return b.cast(b.mean(b.cast(x.value, DType::i32), axes), output.dtype);
  const float scale = in / out, bias = -static_cast<float>(in_zero) * scale;
  const V mean = b.binary(Fn::div, b.cast(stored_sums(b, x, axes), DType::f32), static_cast<double>(count));
  return rounded(b, b.add(b.mul(mean, scale), bias), output);
}

V sum(Builder& b, const Quantized& x, const Axes& axes, const Output& output) {
  int64_t count = 1;
  for (const int64_t axis : axes) count *= b.shape(x.value)[axis];
  const float scale = scale_of(x.q) / scale_of(output.q);
  const float bias = -static_cast<float>(zero_of(x.q, b.dtype(x.value))) * scale * static_cast<float>(count);
  return rounded(b, b.add(b.mul(b.cast(stored_sums(b, x, axes), DType::f32), scale), bias), output);
}

}  // namespace halite::frontend::quantized
