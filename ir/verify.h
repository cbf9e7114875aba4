// The invariants of a graph: ids in range, single assignment, definitions before uses, stored types equal to
// what infer says, unique non-empty value names, constants whose bytes fit their type.
#pragma once

#include "ir/graph.h"

namespace halite::ir {

/// The first violation found, naming the node or value.
Result<void> verify(const Graph&);

}  // namespace halite::ir
