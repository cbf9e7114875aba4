#include "ir/verify.h"

#include <unordered_set>

namespace halite::ir {
namespace {

Result<void> verify_value(const Value& v) {
  if (v.name.empty()) return invalid_model("a value has no name");
  if (!element_count(v.type.shape))
    return invalid_model("shape " + to_string(v.type.shape) + " has a negative or too large extent", v.name);
  if (v.constant && v.constant->type() != v.type) {
    return invalid_model(
        "constant of type " + to_string(v.constant->type()) + " in a value of type " + to_string(v.type),
        v.name);
  }
  if (const auto& q = v.type.quantization) {
    if (q->axis < -1 || q->axis >= v.type.rank())
      return invalid_model("quantization axis " + std::to_string(q->axis) + " is outside the rank", v.name);
    const size_t entries = q->axis < 0 ? 1 : static_cast<size_t>(v.type.shape[q->axis]);
    if (q->scale.size() != entries || q->zero_point.size() != entries) {
      return invalid_model("quantization has " + std::to_string(q->scale.size()) + " scales and " +
                               std::to_string(q->zero_point.size()) + " zero points, expected " +
                               std::to_string(entries),
                           v.name);
    }
  }
  return {};
}

Result<void> verify_node(const Graph& g, const Node& node, std::vector<bool>& defined) {
  Types in;
  for (ValueId v : node.inputs) {
    if (v.index >= g.values.size()) return invalid_model("reads a value that does not exist", node.name);
    if (!defined[v.index])
      return invalid_model("reads " + g.value(v).name + " before it is defined", node.name);
    in.push_back(g.type(v));
  }
  auto out = infer(node.op, in);
  if (!out) {
    Error error = out.error();
    if (error.where.empty()) error.where = node.name;
    return error;
  }
  if (out->size() != node.outputs.size()) {
    return invalid_model(
        "has " + std::to_string(node.outputs.size()) + " outputs, expected " + std::to_string(out->size()),
        node.name);
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId v = node.outputs[i];
    if (v.index >= g.values.size()) return invalid_model("defines a value that does not exist", node.name);
    if (defined[v.index]) return invalid_model("defines " + g.value(v).name + " a second time", node.name);
    defined[v.index] = true;
    if (g.type(v) != (*out)[i]) {
      return invalid_model("output " + g.value(v).name + " is " + to_string(g.type(v)) + ", but " +
                               std::string(name_of(node.op)) + " gives " + to_string((*out)[i]),
                           node.name);
    }
  }
  return {};
}

bool same_elements(const Type& a, const Type& b) { return a.dtype == b.dtype && a.shape == b.shape; }

// A state's input is defined from the beginning on, like a graph input.
Result<void> verify_state_input(const Graph& g, const State& s, std::vector<bool>& defined) {
  if (s.input.index >= g.values.size() || s.output.index >= g.values.size())
    return invalid_model("a value of the state does not exist", s.name);
  if (defined[s.input.index])
    return invalid_model("a state's input is a constant, a graph input or another state's", s.name);
  defined[s.input.index] = true;
  const std::pair<const char*, const Type&> others[] = {{"output", g.type(s.output)},
                                                        {"initial value", s.initial.type()}};
  for (const auto& [what, type] : others) {
    if (!same_elements(type, g.type(s.input))) {
      return invalid_model(
          "the state is " + to_string(g.type(s.input)) + ", but its " + what + " is " + to_string(type),
          s.name);
    }
  }
  return {};
}

Result<void> verify_extent(const Graph& g, const Extent& e, const std::vector<bool>& defined) {
  if (e.output >= g.outputs.size())
    return invalid_model("an extent is of an output that does not exist", g.name);
  const Value& output = g.value(g.outputs[e.output]);
  if (e.axis < 0 || e.axis >= output.type.rank())
    return invalid_model("an extent is of axis " + std::to_string(e.axis) + ", which is outside the rank",
                         output.name);
  if (e.value.index >= g.values.size() || !defined[e.value.index])
    return invalid_model("the extent of axis " + std::to_string(e.axis) + " is a value that no node defines",
                         output.name);
  const Value& value = g.value(e.value);
  if (value.type.dtype != DType::i64 || value.type.elements() != 1)
    return invalid_model("an extent is " + to_string(value.type) + ", expected one i64", value.name);
  return {};
}

}  // namespace

Result<void> verify(const Graph& g) {
  std::unordered_set<std::string_view> names;
  std::vector<bool> defined(g.values.size());
  for (size_t i = 0; i < g.values.size(); ++i) {
    if (auto ok = verify_value(g.values[i]); !ok) return ok;
    if (!names.insert(g.values[i].name).second)
      return invalid_model("two values have this name", g.values[i].name);
    defined[i] = g.values[i].constant.has_value();
  }
  for (ValueId v : g.inputs) {
    if (v.index >= g.values.size()) return invalid_model("an input of the graph does not exist", g.name);
    if (defined[v.index])
      return invalid_model("a graph input stands twice or is a constant", g.value(v).name);
    defined[v.index] = true;
  }
  for (const State& s : g.states)
    if (auto ok = verify_state_input(g, s, defined); !ok) return ok;
  for (const Node& node : g.nodes)
    if (auto ok = verify_node(g, node, defined); !ok) return ok;
  for (ValueId v : g.outputs) {
    if (v.index >= g.values.size()) return invalid_model("an output of the graph does not exist", g.name);
    if (!defined[v.index]) return invalid_model("a graph output that no node defines", g.value(v).name);
  }
  for (const State& s : g.states)
    if (!defined[s.output.index]) return invalid_model("a state's output that no node defines", s.name);
  for (const Extent& e : g.extents)
    if (auto ok = verify_extent(g, e, defined); !ok) return ok;
  return {};
}

}  // namespace halite::ir
