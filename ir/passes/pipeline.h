// The target-independent passes in their order (passes.h), run until none finds anything more to do.
#pragma once

#include <functional>
#include <string_view>

#include "ir/graph.h"

namespace halite::ir {

/// Called after each pass with its name and the graph.
using PassObserver = std::function<void(std::string_view pass, const Graph&)>;

void optimize(Graph&, const PassObserver& observe = {});

}  // namespace halite::ir
