#include "ir/graph.h"

#include <algorithm>

namespace halite::ir {

std::string Graph::free_name(std::string wanted) {
  // Values were added or removed behind our back (a parser, compact): read all names anew.
  if (named_ != values.size()) {
    names_.clear();
    for (const Value& v : values) names_.try_emplace(v.name, 1);
    named_ = values.size();
  }
  if (wanted.empty()) wanted = "v";
  const auto [at, is_free] = names_.try_emplace(wanted, 1);
  if (is_free) return wanted;
  std::string name;
  do name = wanted + "_" + std::to_string(names_[wanted]++);
  while (!names_.try_emplace(name, 1).second);
  return name;
}

ValueId Graph::add_value(std::string name, Type type, std::optional<Tensor> constant) {
  HALITE_CHECK(!constant || constant->type() == type, "constant of another type than its value");
  Value value{free_name(std::move(name)), std::move(type), std::move(constant)};
  values.push_back(std::move(value));
  named_ = values.size();
  return {static_cast<uint32_t>(values.size() - 1)};
}

ValueId Graph::add_constant(std::string name, Tensor tensor) {
  Type type = tensor.type();
  return add_value(std::move(name), std::move(type), std::move(tensor));
}

ValueId Graph::add_input(std::string name, Type type) {
  inputs.push_back(add_value(std::move(name), std::move(type)));
  return inputs.back();
}

ValueId Graph::add_state(std::string name, Tensor initial) {
  const ValueId input = add_value(name, initial.type());
  states.push_back({std::move(name), input, input, std::move(initial)});
  return input;
}

void Graph::rename(ValueId id, std::string name) {
  if (value(id).name == name) return;
  name = free_name(std::move(name));
  names_.erase(value(id).name);
  value(id).name = std::move(name);
}

Result<std::vector<ValueId>> Graph::add_node(std::string name, Op op, std::vector<ValueId> in) {
  Types types;
  for (ValueId id : in) {
    HALITE_CHECK(id.index < values.size(), "node " + name + " reads a value that does not exist");
    types.push_back(type(id));
  }
  auto out = infer(op, types);
  if (!out) {
    Error error = out.error();
    if (error.where.empty()) error.where = name;
    return error;
  }
  std::vector<ValueId> outputs_made;
  for (Type& t : *out) outputs_made.push_back(add_value(name, std::move(t)));
  nodes.push_back({std::move(name), std::move(op), std::move(in), outputs_made});
  return outputs_made;
}

Uses::Uses(const Graph& g)
    : producer(g.values.size()), consumers(g.values.size()), is_output(g.values.size()) {
  for (uint32_t n = 0; n < g.nodes.size(); ++n) {
    for (ValueId v : g.nodes[n].inputs) consumers[v.index].push_back({n});
    for (ValueId v : g.nodes[n].outputs) producer[v.index] = NodeId{n};
  }
  for (ValueId v : g.outputs) is_output[v.index] = true;
  for (const State& s : g.states) is_output[s.output.index] = true;
  for (const Extent& e : g.extents) is_output[e.value.index] = true;
}

void compact(Graph& g) {
  std::vector<bool> live(g.values.size());
  for (ValueId v : g.outputs) live[v.index] = true;
  for (const State& s : g.states) live[s.input.index] = live[s.output.index] = true;
  for (const Extent& e : g.extents) live[e.value.index] = true;
  std::vector<bool> keep(g.nodes.size());
  for (size_t n = g.nodes.size(); n-- > 0;) {
    const Node& node = g.nodes[n];
    keep[n] = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return live[v.index]; });
    if (!keep[n]) continue;
    for (ValueId v : node.inputs) live[v.index] = true;
    for (ValueId v : node.outputs) live[v.index] = true;
  }
  for (ValueId v : g.inputs) live[v.index] = true;

  std::vector<ValueId> moved(g.values.size());
  uint32_t count = 0;
  for (uint32_t v = 0; v < g.values.size(); ++v) {
    if (!live[v]) continue;
    moved[v] = {count};
    if (count != v) g.values[count] = std::move(g.values[v]);
    ++count;
  }
  g.values.resize(count);
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) id = moved[id.index];
  };
  std::vector<Node> nodes;
  for (size_t n = 0; n < g.nodes.size(); ++n)
    if (keep[n]) nodes.push_back(std::move(g.nodes[n]));
  g.nodes = std::move(nodes);
  for (Node& node : g.nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  renumber(g.inputs);
  renumber(g.outputs);
  for (State& s : g.states) {
    s.input = moved[s.input.index];
    s.output = moved[s.output.index];
  }
  for (Extent& e : g.extents) e.value = moved[e.value.index];
}

}  // namespace halite::ir
