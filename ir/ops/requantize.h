// Scales integers: an accumulator of conv2d or matmul becomes a narrow integer again. The scale of slice c of
// the last axis is multiplier[c] * 2^-shift[c] (`real`: multiplier[c] alone), and
//   out = clamp(zero_point + round(x * scale), low, high)
//   in: x [..,c] integer, multiplier [c] or [1], and but for `real` shift i32 [c] or [1]   out: dtype `to`,
//   x's shape
// How a product is rounded is part of what the model means; frameworks differ:
//   single  (x * multiplier + 2^(shift-1)) >> shift in 64 bits; multiplier i32, 1 <= shift <= 62. Halves go
//   up.
//           Production kernels of TFLite for conv2d (ruy), and its 16x8 kernels.
//   twice   32 bits, for |multiplier| in [2^30, 2^31) and 1 <= shift <= 62: x << max(31 - shift, 0),
//   wrapping; then
//           (x * multiplier + 2^30) >> 31 (saturating rounding doubling high multiply); then a rounding
//           shift by max(shift - 31, 0), halves away from zero. TFLite's reference kernels, gemmlowp.
//   real    float arithmetic: round-half-to-even(float(x) * multiplier), multiplier f32. ONNX.
// https://arxiv.org/abs/1712.05877 section 2.2, https://onnx.ai/onnx/operators/onnx__QLinearConv.html
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Requantize {
  static constexpr std::string_view kName = "requantize";
  enum class Rounding : uint8_t { single, twice, real };
  Rounding rounding = Rounding::single;
  DType to = DType::i8;  ///< i8, u8, i16, u16 or i32
  int64_t zero_point = 0;
  int64_t low = INT32_MIN;   ///< of out, zero point included; the range of `to` holds besides
  int64_t high = INT32_MAX;  ///< likewise
  bool operator==(const Requantize&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("rounding", self.rounding);
    visit("to", self.to);
    visit("zero_point", self.zero_point);
    visit("low", self.low);
    visit("high", self.high);
  }
};

/// What low and high come to within the range of `to`.
struct IntegerRange {
  int64_t low, high;
};
IntegerRange output_range(const Requantize&);

Result<Types> infer(const Requantize&, std::span<const Type> in);
void reference(const Requantize&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
