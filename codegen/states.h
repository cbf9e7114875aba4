// The states of streaming models (ir::State). A state has one buffer, which keeps its place for good: the
// step that computes the new value writes it over the old one, if nothing needs that any more. Where
// something does, the new value gets a tensor of its own first, and a copy at the end of the run.
#pragma once

#include "codegen/views.h"
#include "schedules/group.h"

namespace halite::codegen {

/// Gives every state whose output is no value that it could hold alone (a public tensor, a constant, another
/// state's) a copy to be its output. May add nodes.
void separate_states(ir::Graph&);

/// Group `reader` reads a state's old value from the buffer into which group `writer` writes the new one.
struct StateAccess {
  size_t reader, writer;
  bool in_place = false;  ///< one group does both, element by element (schedules::may_alias)
};
/// All of them. An order of the groups keeps the meaning if no reader comes behind its writer.
std::vector<StateAccess> state_accesses(const ir::Graph&, const Views&, const std::vector<schedules::Group>&);

/// Adds a copy at the end of the graph for each state whose new value would destroy the old one too early.
/// Returns whether there was one; then views and groups must be assigned anew.
bool copy_endangered_states(ir::Graph&, const Views&, const std::vector<schedules::Group>&);

}  // namespace halite::codegen
