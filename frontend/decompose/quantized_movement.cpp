// Quantized operators that move elements.
#include <algorithm>
#include <cmath>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {

/// Inputs on another scale are moved to the output's in f32 (8 bits: by a table).
V concat(Builder& b, std::vector<Quantized> inputs, int64_t axis, const Output& output) {
  std::vector<V> parts;
  for (const Quantized& x : inputs) {
    if (x.q == output.q) {
      parts.push_back(x.value);
      continue;
    }
    if (ir::size_of(b.dtype(x.value)) != 1) {
      parts.push_back(requantize(b, x, {output.dtype, output.q}));
      continue;
    }
    const float scale = scale_of(x.q) * (1.0f / scale_of(output.q));
    const float bias = -static_cast<float>(zero_of(x.q, b.dtype(x.value))) * scale;
    const int64_t zero = zero_of(output.q, output.dtype);
    parts.push_back(tabulated(b, x, {output.dtype, output.q}, [&](int64_t stored) {
      return static_cast<int64_t>(std::round(static_cast<float>(stored) * scale + bias)) + zero;
    }));
  }
  const V y = b.concat(parts, axis);
  if (output.activation == Activation::none) return y;
  const Range range = range_of(output);
  return b.unary(Fn::clamp, y, static_cast<double>(range.low), static_cast<double>(range.high));
}

V pad(Builder& b, const Quantized& x, const std::vector<int64_t>& before, const std::vector<int64_t>& after,
      std::optional<int64_t> value) {
  const int64_t fill = value.value_or(zero_of(x.q, b.dtype(x.value)));
  return b.op(ir::Pad{ir::Pad::Mode::constant, before, after, static_cast<double>(fill)}, {x.value});
}

}  // namespace halite::frontend::quantized
