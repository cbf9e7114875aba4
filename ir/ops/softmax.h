// exp(x - max) / sum(exp(x - max)) along one axis, or its logarithm.
//   in: x, f32   out: the same type
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
  bool operator==(const Softmax&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("axis", self.axis);
    visit("log", self.log);
  }
};

Result<Types> infer(const Softmax&, std::span<const Type> in);
void reference(const Softmax&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
