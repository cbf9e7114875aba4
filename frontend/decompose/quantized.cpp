// What quantized operators have in common: ranges, centred operands, requantization, tables.
#include "frontend/decompose/quantized.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace halite::frontend::quantized {
namespace {

Range range_of(DType dtype) {
  switch (dtype) {
    case DType::i8:
      return {INT8_MIN, INT8_MAX};
    case DType::u8:
      return {0, UINT8_MAX};
    case DType::i16:
      return {INT16_MIN, INT16_MAX};
    case DType::i32:
      return {INT32_MIN, INT32_MAX};
    default:
      reject_unsupported("quantized numbers of type " + std::string(ir::to_string(dtype)) +
                         " are not supported");
  }
}

Tensor table_of(std::span<const FixedPoint> factors, int32_t FixedPoint::* field) {
  // One entry suffices where all are equal.
  const bool equal =
      std::ranges::all_of(factors, [&](const FixedPoint& f) { return f.*field == factors.front().*field; });
  std::vector<int32_t> values;
  for (const FixedPoint& f : factors.first(equal ? 1 : factors.size())) values.push_back(f.*field);
  return Tensor::of<int32_t>(values, {static_cast<int64_t>(values.size())});
}

}  // namespace

float scale_of(const ir::Quantization& q) {
  if (q.scale.size() != 1)
    reject_invalid("a tensor that must have one scale has " + std::to_string(q.scale.size()));
  if (!(q.scale[0] > 0) || !std::isfinite(q.scale[0])) reject_invalid("a scale is not a positive number");
  return q.scale[0];
}

int64_t zero_of(const ir::Quantization& q, DType dtype) {
  if (q.zero_point.empty()) return 0;
  const int64_t zero = q.zero_point[0];
  const Range range = range_of(dtype);
  if (q.zero_point.size() != 1 || zero < range.low || zero > range.high)
    reject_invalid("a zero point lies outside the range of " + std::string(ir::to_string(dtype)));
  return zero;
}

Range range_of(const Output& output) {
  Range range = range_of(output.dtype);
  if (output.activation == Activation::none) return range;
  const float scale = scale_of(output.q);
  const int64_t zero = zero_of(output.q, output.dtype);
  const auto quantize = [&](float real) {
    return zero + static_cast<int64_t>(std::clamp(std::round(real / scale), -2e9f, 2e9f));
  };
  range.low = std::max(range.low, quantize(output.activation == Activation::relu_n1_to_1 ? -1 : 0));
  if (output.activation == Activation::relu6) range.high = std::min(range.high, quantize(6));
  if (output.activation == Activation::relu_n1_to_1) range.high = std::min(range.high, quantize(1));
  // A clamp to nothing: the lower bound is applied last.
  range.high = std::max(range.low, range.high);
  return range;
}

V centred(Builder& b, const Quantized& x) {
  const int64_t zero = zero_of(x.q, b.dtype(x.value));
  const V wide = b.cast(x.value, DType::i32);
  return zero == 0 ? wide : b.add(wide, static_cast<double>(-zero));
}

V requantize(Builder& b, V x, std::span<const FixedPoint> factors, ir::Requantize::Rounding rounding,
             const Output& output) {
  const Range range = range_of(output);
  const int64_t zero = zero_of(output.q, output.dtype);
  const V multiplier = b.constant(table_of(factors, &FixedPoint::multiplier));
  const V shift = b.constant(table_of(factors, &FixedPoint::shift));
  const ir::Requantize op{rounding, output.dtype, zero, range.low, range.high};
  if (b.rank(x) > 0) return b.op(op, {x, multiplier, shift});
  return b.reshape(b.op(op, {b.reshape(x, {1}), multiplier, shift}), {});
}

V scaled(Builder& b, V x, FixedPoint factor) {
  return requantize(b, x, {&factor, 1}, ir::Requantize::Rounding::twice, {DType::i32, {}});
}

V tabulated(Builder& b, const Quantized& x, const Output& output, const std::function<int64_t(int64_t)>& f) {
  const DType from = b.dtype(x.value);
  HALITE_CHECK(ir::size_of(from) == 1, "a table is indexed by bytes");
  const Range range = range_of(output);
  Tensor table = Tensor::zeros({output.dtype, {256}, {}});
  for (int64_t i = 0; i < 256; ++i) {
    const int64_t stored = from == DType::i8 && i > 127 ? i - 256 : i;
    table.set(i, static_cast<double>(std::clamp(f(stored), range.low, range.high)));
  }
  return b.op(ir::Gather{0}, {b.constant(std::move(table)), x.value});
}

V tabulated_real(Builder& b, const Quantized& x, const Output& output, float (*f)(float)) {
  const float scale = scale_of(x.q), inverse = 1 / scale_of(output.q);
  const int64_t zero = zero_of(x.q, b.dtype(x.value)), out_zero = zero_of(output.q, output.dtype);
  return tabulated(b, x, output, [&](int64_t stored) {
    const float real = scale * static_cast<float>(stored - zero);
    const float rescaled = std::round(f(real) * inverse) + static_cast<float>(out_zero);
    return static_cast<int64_t>(std::clamp(rescaled, -1e9f, 1e9f));
  });
}

}  // namespace halite::frontend::quantized
