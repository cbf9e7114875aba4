// What decides whether a loop is unrolled or run at run time.
#pragma once

#include "frontend/onnx/model.h"

namespace halite::frontend {

/// Leaves a way of importing a body that does not work for it.
struct NoBody {};

/// Nodes of a graph with those of graphs within.
int64_t count_nodes(const OnnxGraph&);

/// Unrolled, a body may use the number of its iteration for shapes, is fused across iterations and needs no
/// copies; but code and tables grow with each iteration. So loops of few nodes in all are unrolled.
bool is_short(const OnnxGraph& body, int64_t iterations);

}  // namespace halite::frontend
