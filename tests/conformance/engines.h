// Running a graph by the compiler's machine code; apart from the rest because of what it links.
#pragma once

#include "ir/graph.h"

namespace halite::conformance {

Result<std::vector<ir::Tensor>> run_jit(const ir::Graph&, std::span<const ir::Tensor> inputs);

}  // namespace halite::conformance
