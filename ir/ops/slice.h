// A regular sub-grid of a tensor. Split is several slices.
//   in: x   out: `sizes`; out[i] = x[start + i*step] on every axis. A step may be negative, never 0, and
//   never larger than the axis (write 1 where only one element is taken); every index read lies inside x.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Slice {
  static constexpr std::string_view kName = "slice";
  std::vector<int64_t> start;  ///< one per axis, 0 <= start < extent (any value where the size is 0)
  std::vector<int64_t> step;   ///< one per axis
  Shape sizes;                 ///< one per axis
  bool operator==(const Slice&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("start", self.start);
    visit("step", self.step);
    visit("sizes", self.sizes);
  }
};

Result<Types> infer(const Slice&, std::span<const Type> in);
void reference(const Slice&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
