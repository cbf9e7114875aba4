// Runs one of two graphs, as a condition says.
//   in: condition (boolean, one element), captures...    out: the results of `yes` if it is true, else of
//   `no`
// Both graphs have the captures as their inputs, whether they read them or not, and results of the same
// element types and shapes.
// https://onnx.ai/onnx/operators/onnx__If.html
#pragma once

#include "ir/ops/region.h"

namespace halite::ir {

struct Branch {
  static constexpr std::string_view kName = "branch";
  Region yes;
  Region no;
  bool operator==(const Branch&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("yes", self.yes);
    visit("no", self.no);
  }
};

Result<Types> infer(const Branch&, std::span<const Type> in);
void reference(const Branch&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
