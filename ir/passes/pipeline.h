// The order of the passes.
#pragma once

#include <functional>
#include <string_view>

#include "ir/graph.h"

namespace halite::ir {

/// Called after each pass that changed the graph.
using PassObserver = std::function<void(std::string_view pass, const Graph&)>;

/// Runs all passes until none changes anything. Debug builds verify the graph after each.
void optimize(Graph&, const PassObserver& observe = {});

}  // namespace halite::ir
