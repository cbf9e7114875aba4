// The same elements in row-major order under another shape. Every squeeze, unsqueeze and flatten is one.
//   in: x   out: `shape`, whose element count equals x's
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Reshape {
  static constexpr std::string_view kName = "reshape";
  Shape shape;
  bool operator==(const Reshape&) const = default;
  static void fields(auto& self, auto&& visit) { visit("shape", self.shape); }
};

Result<Types> infer(const Reshape&, std::span<const Type> in);
void reference(const Reshape&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
