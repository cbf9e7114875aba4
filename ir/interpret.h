// Runs a graph with the operators' reference functions: slow, obviously right.
#pragma once

#include <functional>

#include "ir/graph.h"

namespace halite::ir {

using Observer = std::function<void(const Graph&, NodeId, std::span<const Tensor> outputs)>;

/// Inputs in the graph's order. Fails if their number or types do not fit. `observe` is called after every
/// node.
Result<std::vector<Tensor>> interpret(const Graph&, std::span<const Tensor> inputs,
                                      const Observer& observe = {});

}  // namespace halite::ir
