// Repeats extents of 1 to a larger shape of the same rank (NumPy broadcasting, ONNX Expand after a reshape).
//   in: x of any dtype   out: the same dtype, shape `shape`; each extent of x equals shape's or is 1
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Broadcast {
  static constexpr std::string_view kName = "broadcast";
  Shape shape;
  bool operator==(const Broadcast&) const = default;
  static void fields(auto& self, auto&& visit) { visit("shape", self.shape); }
};

Result<Types> infer(const Broadcast&, std::span<const Type> in);
void reference(const Broadcast&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
