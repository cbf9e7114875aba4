// See pipeline.h.
#include "ir/passes/pipeline.h"

namespace halite::ir {

void optimize(Graph& graph, const PassObserver& observe) {
  compact(graph);
  if (observe) observe("compact", graph);
}

}  // namespace halite::ir
