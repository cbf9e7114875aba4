// exp(x - max) / sum(exp(x - max)) along one axis, or its logarithm.
//   in: x, f32   out: the same type
// With a table, for 8-bit x (TFLite): table[255 + x - max] stands for the exponential, and
//   in: x i8 or u8, table f32 [256]   out: f32, x's shape
//   out = table[..] * (1 / (sum of table[..] * scale)), f32 throughout, the sum in the order of the axis.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Softmax {
  static constexpr std::string_view kName = "softmax";
  int64_t axis = 0;  ///< 0 <= axis < rank
  bool log = false;
  double scale = 1;  ///< with a table: that of the integers that the output becomes
  bool operator==(const Softmax&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("axis", self.axis);
    visit("log", self.log);
    visit("scale", self.scale);
  }
};

Result<Types> infer(const Softmax&, std::span<const Type> in);
void reference(const Softmax&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
