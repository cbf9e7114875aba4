// Element type conversion as ONNX Cast: float to integer truncates toward zero and saturates at the ends of
// the range (NaN gives 0); integer to integer wraps; to boolean is != 0; f32 to f16 rounds to nearest even;
// bf16 is reached, and left, by way of f32, with the same rounding; kernels may take what is below 2^-126 for
// zero on the way.
//   in: x   out: dtype `to`, the same shape
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Cast {
  static constexpr std::string_view kName = "cast";
  DType to = DType::f32;
  bool operator==(const Cast&) const = default;
  static void fields(auto& self, auto&& visit) { visit("to", self.to); }
};

Result<Types> infer(const Cast&, std::span<const Type> in);
void reference(const Cast&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
