// From real numbers to integers: out = saturate(round(x / scale) + zero_point), per tensor or per slice of an
// axis.
//   in: x f32, scale f32 [1] or [extent of `axis`]   out: dtype `to`, the same shape
// The quotient is rounded to f32 first. Ties go to the even neighbour (ONNX) or away from zero (TFLite). NaN
// gives the zero point. https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Quantize {
  static constexpr std::string_view kName = "quantize";
  enum class Ties : uint8_t { even, away };
  DType to = DType::i8;  ///< i8, u8, i16, u16 or i32
  Ties ties = Ties::even;
  std::vector<int64_t> zero_point{0};  ///< one entry, or one per slice
  int64_t axis = 0;                    ///< of the slices; 0 where scale is [1]
  bool operator==(const Quantize&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("to", self.to);
    visit("ties", self.ties);
    visit("zero_point", self.zero_point);
    visit("axis", self.axis);
  }
};

Result<Types> infer(const Quantize&, std::span<const Type> in);
void reference(const Quantize&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
