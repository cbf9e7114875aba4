// Runs a graph with the operators' reference functions: slow, obviously right.
#pragma once

#include <functional>

#include "ir/graph.h"

namespace halite::ir {

using Observer = std::function<void(const Graph&, NodeId, std::span<const Tensor> outputs)>;

/// The values of a graph's states, in its order.
using StateValues = std::vector<Tensor>;
StateValues initial_states(const Graph&);

/// One run. Outputs are as long as data decide (Graph::extents). Inputs in the graph's order; `states` are
/// those before the run and become those after it. Fails if the inputs' number or types do not fit. `observe`
/// is called after every node.
Result<std::vector<Tensor>> interpret(const Graph&, std::span<const Tensor> inputs, StateValues& states,
                                      const Observer& observe = {});
/// The first run: states begin with their initial values and are forgotten.
Result<std::vector<Tensor>> interpret(const Graph&, std::span<const Tensor> inputs,
                                      const Observer& observe = {});

}  // namespace halite::ir
