// Graphs of one model that differ in the shapes of its inputs, and what follows from them, alone.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace halite::codegen {

/// Fails if two of them cannot be told apart by the shapes of their inputs, or differ in anything that a
/// session shares: names, element types and ranks of public tensors, and the state.
Result<void> check_variants(const std::vector<ir::Graph>&);

}  // namespace halite::codegen
