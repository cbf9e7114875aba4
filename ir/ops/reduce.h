// Combines all elements along some axes, which are kept with extent 1 (dropping them is a reshape).
//   in: x, numeric   out: the same dtype; no axes: the identity
// Integers wrap; their mean is the 64-bit sum divided, truncated toward zero.
// An empty reduction gives the kind's neutral element; the mean of nothing is NaN (integers: 0).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Reduce {
  static constexpr std::string_view kName = "reduce";
  enum class Kind : uint8_t { sum, mean, max, min, prod };
  Kind kind = Kind::sum;
  std::vector<int64_t> axes;  ///< ascending, each 0 <= axis < rank, distinct
  bool operator==(const Reduce&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("kind", self.kind);
    visit("axes", self.axes);
  }
};

Result<Types> infer(const Reduce&, std::span<const Type> in);
void reference(const Reduce&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
