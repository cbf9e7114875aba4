// Permutes axes: out.shape[i] = x.shape[perm[i]].
//   in: x   out: the same dtype
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Transpose {
  static constexpr std::string_view kName = "transpose";
  std::vector<int64_t> perm;  ///< a permutation of 0 .. rank-1
  bool operator==(const Transpose&) const = default;
  static void fields(auto& self, auto&& visit) { visit("perm", self.perm); }
};

Result<Types> infer(const Transpose&, std::span<const Type> in);
void reference(const Transpose&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
