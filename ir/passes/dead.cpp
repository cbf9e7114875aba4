// Removal of what no output needs; the work is done by compact, which graphs need anyway.
#include "ir/passes/passes.h"

namespace halite::ir {

bool eliminate_dead(Graph& g) {
  const size_t nodes = g.nodes.size(), values = g.values.size();
  compact(g);
  return g.nodes.size() != nodes || g.values.size() != values;
}

}  // namespace halite::ir
