// The order of steps: of all that respect the data flow, one whose largest sum of live tensors is small.
#pragma once

#include "codegen/views.h"
#include "schedules/group.h"

namespace halite::codegen {

/// `groups` (in some valid order) in an order that needs no more memory: the least possible for graphs whose
/// sets of ready steps stay small, the best that a limited amount of search finds for others. Where nothing
/// is gained the order stays as it is. Deterministic.
std::vector<schedules::Group> order_steps(const ir::Graph&, const Views&,
                                          std::vector<schedules::Group> groups);

}  // namespace halite::codegen
