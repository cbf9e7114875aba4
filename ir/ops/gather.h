// Picks slices of a tensor along one axis by an index tensor; negative indices count from the end, and an
// index out of range is clamped (the model's fault; memory is never read outside x).
// A table of 256 entries is thus indexed by i8 and u8 alike.
//   in: x, indices (i8, u8, i32 or i64, any rank)   out: x.shape[:axis] + indices.shape + x.shape[axis+1:]
// https://onnx.ai/onnx/operators/onnx__Gather.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Gather {
  static constexpr std::string_view kName = "gather";
  int64_t axis = 0;  ///< 0 <= axis < rank of x
  bool operator==(const Gather&) const = default;
  static void fields(auto& self, auto&& visit) { visit("axis", self.axis); }
};

Result<Types> infer(const Gather&, std::span<const Type> in);
void reference(const Gather&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
