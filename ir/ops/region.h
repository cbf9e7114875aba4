// A graph that an operator holds, as an attribute: what a branch or a loop runs. It reads nothing from
// outside but what its operator passes to its inputs, keeps no state, and is never changed in place: a pass
// puts another one in its stead.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Graph;

struct Region {
  std::shared_ptr<const Graph> graph;
  /// The same text, names and constants included.
  bool operator==(const Region&) const;
};

/// Checks the graph itself, that its inputs are of the types `in` (element type and shape) and that it has at
/// least `least` outputs; returns the types of its outputs, without quantization.
Result<Types> infer_region(std::string_view op, std::string_view what, const Region&,
                           std::span<const Type> in, size_t least);
/// One run by the reference functions.
std::vector<Tensor> run_region(const Region&, std::span<const Tensor> in);

}  // namespace halite::ir
