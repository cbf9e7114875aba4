// From integers to real numbers: out = float(x - zero_point) * scale, per tensor or per slice of an axis. The
// difference is exact.
//   in: x i8, u8, i16, u16 or i32, scale f32 [1] or [extent of `axis`]   out: f32, the same shape
// https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Dequantize {
  static constexpr std::string_view kName = "dequantize";
  std::vector<int64_t> zero_point{0};  ///< one entry, or one per slice
  int64_t axis = 0;                    ///< of the slices; 0 where scale is [1]
  bool operator==(const Dequantize&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("zero_point", self.zero_point);
    visit("axis", self.axis);
  }
};

Result<Types> infer(const Dequantize&, std::span<const Type> in);
void reference(const Dequantize&, std::span<const Tensor> in, std::span<Tensor> out);

namespace checks {
/// What quantize and dequantize ask alike: scale is [1] or [extent of axis], zero points are as many as
/// scales or one, and i32 numbers.
std::optional<Error> affine(std::string_view op, const Type& x, const Type& scale,
                            std::span<const int64_t> zero_point, int64_t axis);
}  // namespace checks

}  // namespace halite::ir
