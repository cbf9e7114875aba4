// Joins tensors along one axis.
//   in: one or more of equal dtype, rank and extents but for `axis`   out: the extents of `axis` added up
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Concat {
  static constexpr std::string_view kName = "concat";
  int64_t axis = 0;  ///< 0 <= axis < rank
  bool operator==(const Concat&) const = default;
  static void fields(auto& self, auto&& visit) { visit("axis", self.axis); }
};

Result<Types> infer(const Concat&, std::span<const Type> in);
void reference(const Concat&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
