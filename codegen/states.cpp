// See states.h. Copies are casts to the same type, as those that assign_views adds; they stand behind all
// that was there before, so their order is that in which they were found necessary. States that exchange
// their values need two rounds: the first copies both, the second saves what the first would overwrite.
#include "codegen/states.h"

#include <algorithm>

namespace halite::codegen {
namespace {

using schedules::Group;

void copy_output(ir::Graph& graph, ir::State& state) {
  const ir::Type type = graph.type(state.input);
  const std::string name = graph.value(state.input).name + ".new";
  const ir::ValueId copy = graph.add_value(name, type);
  graph.nodes.push_back({name, ir::Cast{type.dtype}, {state.output}, {copy}});
  state.output = copy;
}

/// Finds the accesses of one state; calls found(StateAccess, whether the order of the groups respects it).
template <class Found>
void for_each_access(const ir::Graph& graph, const Views& views, const std::vector<Group>& groups,
                     const ir::State& state, Found found) {
  if (state.input == state.output) return;
  const auto root = [&](ir::ValueId id) { return views.places[id.index].root; };
  const auto touches = [&](const std::vector<ir::ValueId>& ids, ir::ValueId value) {
    return std::ranges::any_of(ids, [&](ir::ValueId id) { return root(id) == value; });
  };
  const auto over_itself = [&](const Group& group) {
    if (group.outputs[0] != state.output) return false;
    for (size_t i = 0; i < group.inputs.size(); i++) {
      if (root(group.inputs[i]) != state.input) continue;
      if (group.inputs[i] != state.input || !schedules::may_alias(graph, group, i)) return false;
    }
    return true;
  };
  for (size_t writer = 0; writer < groups.size(); writer++) {
    if (!touches(groups[writer].outputs, state.output)) continue;
    for (size_t reader = 0; reader < groups.size(); reader++) {
      if (!touches(groups[reader].inputs, state.input)) continue;
      const bool in_place = reader == writer && over_itself(groups[reader]);
      found(StateAccess{reader, writer, in_place}, reader < writer || in_place);
    }
  }
}

}  // namespace

void separate_states(ir::Graph& graph) {
  std::vector<bool> taken(graph.values.size());
  for (const auto& id : graph.inputs) taken[id.index] = true;
  for (const auto& id : graph.outputs) taken[id.index] = true;
  for (const auto& state : graph.states) taken[state.input.index] = true;
  for (auto& state : graph.states) {
    if (state.output == state.input) continue;
    if (graph.is_constant(state.output) || taken[state.output.index]) {
      copy_output(graph, state);
    } else {
      taken[state.output.index] = true;
    }
  }
}

std::vector<StateAccess> state_accesses(const ir::Graph& graph, const Views& views,
                                        const std::vector<Group>& groups) {
  std::vector<StateAccess> accesses;
  for (const auto& state : graph.states) {
    for_each_access(graph, views, groups, state,
                    [&](const StateAccess& access, bool) { accesses.push_back(access); });
  }
  return accesses;
}

bool copy_endangered_states(ir::Graph& graph, const Views& views, const std::vector<Group>& groups) {
  std::vector<ir::State*> endangered;
  for (auto& state : graph.states) {
    bool safe = true;
    for_each_access(graph, views, groups, state, [&](const StateAccess&, bool fits) { safe = safe && fits; });
    if (!safe) endangered.push_back(&state);
  }
  for (auto* state : endangered) copy_output(graph, *state);
  return !endangered.empty();
}

}  // namespace halite::codegen
