// See control.h.
#include "codegen/control.h"

#include <algorithm>

#include "codegen/order.h"
#include "codegen/partition.h"
#include "codegen/states.h"

namespace halite::codegen {
namespace {

using ir::Graph;
using ir::ValueId;
using schedules::Group;

/// A body on its way into the model.
struct Body {
  Graph graph;
  Views views;
  std::vector<Group> groups;
  std::vector<bool> over_itself;  // by group
};

void settle(Body& body, const CompileOptions& options) {
  body.views = assign_views(body.graph);
  body.groups = partition(body.graph, body.views, options);
  while (copy_endangered_states(body.graph, body.views, body.groups)) {
    body.views = assign_views(body.graph);
    body.groups = partition(body.graph, body.views, options);
  }
  body.groups = order_steps(body.graph, body.views, std::move(body.groups));
  body.over_itself.resize(body.groups.size());
  for (const auto& access : state_accesses(body.graph, body.views, body.groups))
    if (access.in_place) body.over_itself[access.writer] = true;
}

/// A loop's body with the carried values as states; its outputs are the condition, then what is stacked.
Graph with_states(const ir::Loop& op) {
  Graph graph = *op.body.graph;
  const auto carried = static_cast<std::ptrdiff_t>(op.carried);
  for (std::ptrdiff_t k = 1; k <= carried; k++) {
    const ValueId in = graph.inputs[size_t(k)], out = graph.outputs[size_t(k)];
    graph.states.push_back({graph.value(in).name, in, out, ir::Tensor::zeros(graph.type(in))});
  }
  graph.inputs.erase(graph.inputs.begin() + 1, graph.inputs.begin() + 1 + carried);
  graph.outputs.erase(graph.outputs.begin() + 1, graph.outputs.begin() + 1 + carried);
  return graph;
}

bool is_always_true(const Graph& graph, ValueId id) {
  return graph.is_constant(id) && graph.value(id).constant->at(0) != 0;
}

class Flattener {
 public:
  Flattener(Graph& graph, Views& views, const CompileOptions& options)
      : graph_(graph), views_(views), options_(options) {}

  Flat run(const std::vector<Group>& steps, const Cascades& cascades) {
    for (size_t i = 0; i < steps.size(); i++) {
      append(steps[i], false);
      if (const auto rows = cascades.find(i); rows != cascades.end())
        flat_.cascades.emplace(flat_.steps.size() - 1, rows->second);
    }
    return std::move(flat_);
  }

 private:
  void append(const Group& group, bool over_itself) {
    const ir::Op op = graph_.node(group.anchor).op;
    std::optional<Control> control;
    if (const auto* branch = std::get_if<ir::Branch>(&op)) control = expand(*branch, group);
    if (const auto* loop = std::get_if<ir::Loop>(&op)) control = expand(*loop, group);
    flat_.steps.push_back(group);
    flat_.over_itself.push_back(over_itself);
    if (control) flat_.controls.emplace(flat_.steps.size() - 1, *std::move(control));
  }

  Control expand(const ir::Branch& op, const Group& group) {
    const ir::Node node = graph_.node(group.anchor);
    Control control;
    control.condition = node.inputs[0];
    for (const auto* region : {&op.yes, &op.no}) {
      Body body{*region->graph, {}, {}, {}};
      settle(body, options_);
      std::vector<std::optional<ValueId>> outside(body.graph.values.size());
      for (size_t i = 0; i < body.graph.inputs.size(); i++)
        outside[body.graph.inputs[i].index] = node.inputs[1 + i];
      for (size_t i = 0; i < body.graph.outputs.size(); i++)
        outside[body.graph.outputs[i].index] = node.outputs[i];
      control.bodies.push_back(append(body, outside).first);
    }
    return control;
  }

  Control expand(const ir::Loop& op, const Group& group) {
    const ir::Node node = graph_.node(group.anchor);
    const auto carried = size_t(op.carried);
    Control control;
    control.is_loop = true;
    control.limit = op.limit;
    control.trips = node.inputs[0];
    control.condition = node.inputs[1];
    Body body{with_states(op), {}, {}, {}};
    const bool endless = is_always_true(body.graph, body.graph.outputs[0]);
    if (endless) body.graph.outputs.erase(body.graph.outputs.begin());
    settle(body, options_);
    std::vector<std::optional<ValueId>> outside(body.graph.values.size());
    for (size_t i = 1; i < body.graph.inputs.size(); i++)
      outside[body.graph.inputs[i].index] = node.inputs[1 + carried + i];
    for (size_t k = 0; k < carried; k++) {
      const auto& state = body.graph.states[k];
      outside[state.input.index] = outside[state.output.index] = node.outputs[k];
      control.begin.push_back({node.inputs[2 + k], node.outputs[k]});
    }
    const auto [steps, inside] = append(body, outside);
    control.bodies.push_back(steps);
    const ValueId counter = body.graph.inputs[0];
    if (!ir::Uses(body.graph).consumers[counter.index].empty()) control.iteration = inside[counter.index];
    size_t next = 0;
    if (!endless) control.again = inside[body.graph.outputs[next++].index];
    for (size_t k = carried; next < body.graph.outputs.size(); k++)
      control.stacked.push_back({inside[body.graph.outputs[next++].index], node.outputs[k]});
    return control;
  }

  /// Puts the body into the graph and its steps into the list. `outside`, by value of the body: in place of
  /// which value of the graph its buffer is. Returns the steps and, by value of the body, that of the graph.
  std::pair<Control::Steps, std::vector<ValueId>> append(const Body& body,
                                                         const std::vector<std::optional<ValueId>>& outside) {
    const auto inside = add_values(body, outside);
    const auto renumber = [&](std::vector<ValueId> ids) {
      for (ValueId& id : ids) id = inside[id.index];
      return ids;
    };
    const auto first_node = uint32_t(graph_.nodes.size());
    for (size_t n = 0; n < body.graph.nodes.size(); n++) {
      const ir::Node& node = body.graph.nodes[n];
      graph_.nodes.push_back({node.name, node.op, renumber(node.inputs), renumber(node.outputs)});
      views_.is_view.push_back(body.views.is_view[n]);
    }
    Control::Steps steps{flat_.steps.size(), 0};
    for (size_t g = 0; g < body.groups.size(); g++) {
      Group group = body.groups[g];
      for (auto& id : group.nodes) id.index += first_node;
      group.anchor.index += first_node;
      group.inputs = renumber(group.inputs);
      group.outputs = renumber(group.outputs);
      append(group, body.over_itself[g]);
    }
    steps.end = flat_.steps.size();
    return {steps, inside};
  }

  std::vector<ValueId> add_values(const Body& body, const std::vector<std::optional<ValueId>>& outside) {
    std::vector<ValueId> inside;
    const Graph& g = body.graph;
    const auto is_input = [&](ValueId id) { return std::ranges::count(g.inputs, id) > 0; };
    for (uint32_t i = 0; i < g.values.size(); i++) {
      const ir::Value& value = g.values[i];
      const bool capture = outside[i] && is_input({i});
      inside.push_back(capture ? *outside[i] : graph_.add_value(value.name, value.type, value.constant));
    }
    views_.places.resize(graph_.values.size());
    for (uint32_t i = 0; i < g.values.size(); i++) {
      if (outside[i] && is_input({i})) continue;
      Place place = body.views.places[i];
      const uint32_t root = place.root.index;
      place.root = inside[root];
      if (outside[root]) {
        const Place& around = views_.places[outside[root]->index];
        place.root = around.root;
        place.offset += around.offset;
      }
      views_.places[inside[i].index] = std::move(place);
    }
    return inside;
  }

  Graph& graph_;
  Views& views_;
  const CompileOptions& options_;
  Flat flat_;
};

}  // namespace

Flat flatten(Graph& graph, Views& views, const std::vector<Group>& steps, const Cascades& cascades,
             const CompileOptions& options) {
  return Flattener(graph, views, options).run(steps, cascades);
}

}  // namespace halite::codegen
