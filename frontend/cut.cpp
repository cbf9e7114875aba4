// See cut.h.
#include "frontend/cut.h"

#include <map>

namespace halite::frontend {

using ir::Graph;
using ir::ValueId;

Cut::Cut(Graph& graph)
    : graph_(graph),
      nodes_(graph.nodes.size()),
      values_(graph.values.size()),
      inputs_(graph.inputs.size()),
      states_(graph.states.size()) {}

ValueId Cut::parameter(std::string name, ir::Type type) {
  parameters_.push_back(graph_.add_value(std::move(name), std::move(type)));
  return parameters_.back();
}

bool Cut::is_closed() const { return graph_.inputs.size() == inputs_ && graph_.states.size() == states_; }

void Cut::take(std::vector<ValueId> outputs) {
  outputs_ = std::move(outputs);
  const auto first = graph_.nodes.begin() + static_cast<std::ptrdiff_t>(nodes_);
  taken_.assign(std::make_move_iterator(first), std::make_move_iterator(graph_.nodes.end()));
  const auto note = [&](ValueId v) {
    if (v.index < values_ && !graph_.is_constant(v)) captures_.insert(v);
  };
  for (const auto& node : taken_)
    for (const ValueId v : node.inputs) note(v);
  for (const ValueId v : outputs_) note(v);
  const auto made = graph_.values.begin() + static_cast<std::ptrdiff_t>(values_);
  made_.assign(std::make_move_iterator(made), std::make_move_iterator(graph_.values.end()));
  undo();
}

void Cut::undo() {
  graph_.nodes.resize(nodes_);
  graph_.values.resize(values_);
  graph_.inputs.resize(inputs_);
  graph_.states.resize(states_);
}

std::set<ValueId> Cut::captures() const { return captures_; }

std::shared_ptr<const Graph> Cut::body(const std::set<ValueId>& captures) const {
  Graph body;
  std::map<ValueId, ValueId> inside;
  const auto value = [&](ValueId v) -> const ir::Value& {
    return v.index < values_ ? graph_.value(v) : made_[v.index - values_];
  };
  const auto input = [&](ValueId v) { inside[v] = body.add_input(value(v).name, value(v).type); };
  for (const ValueId v : parameters_) input(v);
  for (const ValueId v : captures) input(v);
  const auto find = [&](ValueId v) {
    const auto [at, is_new] = inside.try_emplace(v);
    if (is_new) {
      HALITE_CHECK(value(v).constant, "a body reads what was not made before it: " + value(v).name);
      at->second = body.add_constant(value(v).name, *value(v).constant);
    }
    return at->second;
  };
  for (const auto& node : taken_) {
    ir::Node copy{node.name, node.op, {}, {}};
    for (const ValueId v : node.inputs) copy.inputs.push_back(find(v));
    for (const ValueId v : node.outputs) {
      inside[v] = body.add_value(value(v).name, value(v).type);
      copy.outputs.push_back(inside[v]);
    }
    body.nodes.push_back(std::move(copy));
  }
  for (const ValueId v : outputs_) body.outputs.push_back(find(v));
  ir::compact(body);
  return std::make_shared<const Graph>(std::move(body));
}

}  // namespace halite::frontend
