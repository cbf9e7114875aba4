// Consumers are asked before producers (a reverse sweep), since a concat's wish for its inputs is worth more
// than a reshape's for its own: the sweep sets `parent` of concat inputs, and turns a reshape round if its
// output already has a place. A forward sweep then makes views of the reshapes, slices and
// transposes that are left.
#include "codegen/views.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "codegen/states.h"
#include "rt/abi.h"

namespace halite::codegen {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

/// `value` is seen through this window of another value.
struct Parent {
  ValueId value;
  enum class Kind { none, part, slice, reshape, permuted } kind = Kind::none;
  size_t axis = 0;    ///< part: of the concat
  int64_t start = 0;  ///< part: first index along axis
  const ir::Slice* slice = nullptr;
  std::vector<int64_t> perm = {};  ///< permuted: axis i is axis perm[i] of `value`
};

std::vector<int64_t> inverse(const std::vector<int64_t>& perm) {
  std::vector<int64_t> result(perm.size());
  for (size_t i = 0; i < perm.size(); i++) result[perm[i]] = static_cast<int64_t>(i);
  return result;
}

class Assigner {
 public:
  explicit Assigner(Graph& graph)
      : graph_(graph), uses_(graph), parents_(graph.values.size()), fixed_(graph.values.size()) {
    for (const auto& id : graph.inputs) fixed_[id.index] = true;
    for (const auto& id : graph.outputs) fixed_[id.index] = true;
    for (size_t i = 0; i < graph.values.size(); i++) fixed_[i] = fixed_[i] || graph.values[i].constant;
    for (const auto& extent : graph.extents) fixed_[extent.value.index] = true;
    public_ = fixed_;
    for (const auto& state : graph.states) fixed_[state.input.index] = fixed_[state.output.index] = true;
    for (const auto& node : graph.nodes)
      if (ir::has_regions(node.op)) fix(node.outputs);
  }

  /// Concat inputs that cannot lie in the concat's output, and inputs of branches and loops that are strided:
  /// (node, input position).
  std::vector<std::pair<NodeId, size_t>> misfits;

  Views run() {
    Views views{{}, std::vector<bool>(graph_.nodes.size())};
    for (size_t i = graph_.nodes.size(); i-- > 0;) sweep_backward(NodeId{uint32_t(i)}, views);
    for (size_t i = 0; i < graph_.nodes.size(); i++) sweep_forward(NodeId{uint32_t(i)}, views);
    for (size_t i = 0; i < graph_.values.size(); i++) views.places.push_back(*resolve(ValueId{uint32_t(i)}));
    for (size_t i = 0; i < graph_.nodes.size(); i++) {
      if (ir::has_regions(graph_.nodes[i].op)) find_strided(NodeId{uint32_t(i)}, views);
    }
    return views;
  }

 private:
  void fix(const std::vector<ValueId>& values) {
    for (auto id : values) fixed_[id.index] = true;
  }

  void find_strided(NodeId id, const Views& views) {
    const Node& node = graph_.node(id);
    for (size_t k = 0; k < node.inputs.size(); k++) {
      const ValueId input = node.inputs[k];
      if (views.places[input.index].strides != ir::contiguous_strides(graph_.type(input).shape))
        misfits.push_back({id, k});
    }
  }

  bool has_parent(ValueId id) const { return parents_[id.index].kind != Parent::Kind::none; }
  bool placeable(ValueId id) const { return !fixed_[id.index] && !has_parent(id); }

  /// nullopt if a reshape on the way has no strides.
  std::optional<Place> resolve(ValueId id) const {
    const auto& shape = graph_.type(id).shape;
    const Parent& parent = parents_[id.index];
    if (parent.kind == Parent::Kind::none) return Place{id, 0, ir::contiguous_strides(shape)};
    auto place = resolve(parent.value);
    if (!place) return {};
    switch (parent.kind) {
      case Parent::Kind::part:
        place->offset += parent.start * place->strides[parent.axis];
        break;
      case Parent::Kind::slice:
        for (size_t i = 0; i < shape.size(); i++) {
          place->offset += parent.slice->start[i] * place->strides[i];
          place->strides[i] *= parent.slice->step[i];
        }
        break;
      case Parent::Kind::permuted: {
        const auto strides = place->strides;
        for (size_t i = 0; i < shape.size(); i++) place->strides[i] = strides[parent.perm[i]];
        break;
      }
      default: {
        auto strides = reshape_strides(graph_.type(parent.value).shape, place->strides, shape);
        if (!strides) return {};
        place->strides = *strides;
      }
    }
    return place;
  }

  bool try_parent(ValueId id, Parent parent) {
    parents_[id.index] = parent;
    if (resolve(id)) return true;
    parents_[id.index] = {};
    return false;
  }

  void sweep_backward(NodeId id, Views& views) {
    const Node& node = graph_.node(id);
    if (const auto* concat = std::get_if<ir::Concat>(&node.op)) {
      views.is_view[id.index] = true;
      const size_t axis = concat->axis;
      int64_t start = 0;
      for (size_t i = 0; i < node.inputs.size(); i++) {
        const ValueId input = node.inputs[i];
        if (placeable(input)) {
          parents_[input.index] = {node.outputs[0], Parent::Kind::part, axis, start};
        } else {
          misfits.push_back({id, i});
        }
        start += graph_.type(input).shape[axis];
      }
    } else if (std::holds_alternative<ir::Reshape>(node.op)) {
      const ValueId out = node.outputs[0], in = node.inputs[0];
      if (!has_parent(out) && !fixed_[out.index]) return;  // the forward sweep makes a view of it
      views.is_view[id.index] = placeable(in) && try_parent(in, {out, Parent::Kind::reshape});
    } else if (const auto* transpose = std::get_if<ir::Transpose>(&node.op)) {
      // What is computed for the transpose alone is stored as that wants it; what is seen in another shape is
      // left where it is.
      const ValueId out = node.outputs[0], in = node.inputs[0];
      views.is_view[id.index] =
          keeps_rows(*transpose, in) && is_computed(in) && uses_.consumers[in.index].size() == 1 &&
          placeable(in) &&
          try_parent(in, {out, Parent::Kind::permuted, 0, 0, nullptr, inverse(transpose->perm)});
    }
  }

  /// Whether rows stay rows, long enough for vectors to serve readers as well as after a copy.
  bool keeps_rows(const ir::Transpose& op, ValueId in) const {
    constexpr int64_t kLeastRow = 8;
    const auto& shape = graph_.type(in).shape;
    return !shape.empty() && op.perm.back() == static_cast<int64_t>(op.perm.size()) - 1 &&
           shape.back() >= kLeastRow;
  }
  bool is_computed(ValueId id) const {
    const auto producer = uses_.producer[id.index];
    if (!producer) return false;
    const auto& op = graph_.node(*producer).op;
    return !std::holds_alternative<ir::Reshape>(op) && !std::holds_alternative<ir::Slice>(op) &&
           !std::holds_alternative<ir::Concat>(op);
  }

  void sweep_forward(NodeId id, Views& views) {
    const Node& node = graph_.node(id);
    if (views.is_view[id.index]) return;
    const bool reshape = std::holds_alternative<ir::Reshape>(node.op);
    const auto* slice = std::get_if<ir::Slice>(&node.op);
    const auto* transpose = std::get_if<ir::Transpose>(&node.op);
    if (!reshape && !slice && !transpose) return;
    const ValueId out = node.outputs[0], in = node.inputs[0];
    if (!placeable(out) || graph_.is_constant(in)) return;
    if (reshape) {
      views.is_view[id.index] = try_parent(out, {in, Parent::Kind::reshape});
    } else if (transpose) {
      views.is_view[id.index] = keeps_rows(*transpose, in) &&
                                try_parent(out, {in, Parent::Kind::permuted, 0, 0, nullptr, transpose->perm});
    } else if (worth_viewing(*slice, in)) {
      views.is_view[id.index] = try_parent(out, {in, Parent::Kind::slice, 0, 0, slice});
    }
  }

  /// Readers of a slice with a stride on the innermost axis would all gather; a copy serves them better. A
  /// public tensor's place takes no offset (abi.h).
  bool worth_viewing(const ir::Slice& slice, ValueId in) const {
    const auto place = resolve(in);
    if (!place || public_[place->root.index]) return false;
    return slice.step.empty() || slice.step.back() == 1 || slice.sizes.back() == 1;
  }

  Graph& graph_;
  ir::Uses uses_;
  std::vector<Parent> parents_;
  std::vector<bool> fixed_;   ///< constants, inputs and outputs of the graph and of states, outputs of
                              ///< branches and loops: their own roots
  std::vector<bool> public_;  ///< of these all but the states
};

/// Nodes to insert in front of a node index, each a copy of a value.
using Copies = std::multimap<size_t, Node>;

ValueId add_copy(Graph& graph, Copies& copies, size_t before, ValueId value) {
  const ir::Value& source = graph.value(value);
  const ir::Type type = source.type;
  const std::string name = source.name + ".copy";
  const ValueId copy = graph.add_value(name, type);
  copies.insert({before, {name, ir::Cast{type.dtype}, {value}, {copy}}});
  return copy;
}

void insert(Graph& graph, const Copies& copies) {
  std::vector<Node> nodes;
  for (size_t i = 0; i <= graph.nodes.size(); i++) {
    for (auto [it, end] = copies.equal_range(i); it != end; ++it) nodes.push_back(it->second);
    if (i < graph.nodes.size()) nodes.push_back(std::move(graph.nodes[i]));
  }
  graph.nodes = std::move(nodes);
}

/// Every graph output gets a value of its own; one too large for windows of it (abi.h) is not built of parts.
void separate_outputs(Graph& graph) {
  Copies copies;
  std::vector<bool> taken(graph.values.size());
  for (const auto& id : graph.inputs) taken[id.index] = true;
  for (const auto& state : graph.states) taken[state.input.index] = true;
  const ir::Uses uses(graph);
  const auto too_large = [&](ValueId id) {
    const auto producer = uses.producer[id.index];
    if (!producer || graph.type(id).bytes() <= RT_PUBLIC_OFFSET_MASK) return false;
    const auto& op = graph.node(*producer).op;
    return std::holds_alternative<ir::Concat>(op) || std::holds_alternative<ir::Reshape>(op);
  };
  for (auto& id : graph.outputs) {
    if (taken[id.index] || graph.is_constant(id) || too_large(id)) {
      id = add_copy(graph, copies, graph.nodes.size(), id);
    } else {
      taken[id.index] = true;
    }
  }
  // An extent is written by a step, to a place where nothing else is.
  for (const auto& state : graph.states) taken[state.output.index] = true;
  for (auto& extent : graph.extents)
    if (taken[extent.value.index] || graph.is_constant(extent.value))
      extent.value = add_copy(graph, copies, graph.nodes.size(), extent.value);
  insert(graph, copies);
}

}  // namespace

std::optional<std::vector<int64_t>> reshape_strides(const ir::Shape& from,
                                                    const std::vector<int64_t>& strides,
                                                    const ir::Shape& to) {
  if (std::find(from.begin(), from.end(), 0) != from.end()) return ir::contiguous_strides(to);
  // Maximal runs of source axes that step evenly; each must be covered by whole target axes.
  std::vector<std::pair<int64_t, int64_t>> runs;  // extent, stride of its innermost step
  for (size_t i = 0; i < from.size(); i++) {
    if (from[i] == 1) continue;
    if (!runs.empty() && runs.back().second == from[i] * strides[i]) {
      runs.back() = {runs.back().first * from[i], strides[i]};
    } else {
      runs.push_back({from[i], strides[i]});
    }
  }
  std::vector<int64_t> result(to.size(), 1);
  size_t run = runs.size();
  int64_t left = 1, step = 1;  // what is left of the current run, and its step
  for (size_t i = to.size(); i-- > 0;) {
    if (to[i] == 1) {  // never stepped along; as if contiguous, so that equal views look equal
      result[i] = i + 1 < to.size() ? result[i + 1] * to[i + 1] : 1;
      continue;
    }
    if (left == 1) {
      if (run == 0) return {};
      run--;
      left = runs[run].first;
      step = runs[run].second;
    }
    if (left % to[i] != 0) return {};
    result[i] = step;
    step *= to[i];
    left /= to[i];
  }
  return result;
}

Views assign_views(Graph& graph) {
  separate_outputs(graph);
  separate_states(graph);
  for (;;) {
    Assigner assigner(graph);
    Views views = assigner.run();
    if (assigner.misfits.empty()) return views;
    Copies copies;
    for (auto [node, position] : assigner.misfits) {
      const ValueId input = graph.node(node).inputs[position];
      graph.node(node).inputs[position] = add_copy(graph, copies, node.index, input);
    }
    insert(graph, copies);
  }
}

}  // namespace halite::codegen
