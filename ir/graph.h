// A network as a graph of operators over values in static single assignment form. Nodes and values are
// indices into vectors that Graph owns; nodes stand in execution order (every input is defined before its
// use). verify.h states and checks the invariants.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/base/result.h"
#include "ir/op.h"
#include "ir/tensor.h"

namespace halite::ir {

struct ValueId {
  uint32_t index = UINT32_MAX;
  auto operator<=>(const ValueId&) const = default;
};
struct NodeId {
  uint32_t index = UINT32_MAX;
  auto operator<=>(const NodeId&) const = default;
};

struct Value {
  std::string name;  ///< the model's own name where it has one; unique in the graph
  Type type;
  std::optional<Tensor> constant;  ///< weights and folded values; such a value has no producer
};

struct Node {
  std::string name;  ///< the model's node name, for messages, reports and profiles
  Op op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
};

/// What a streaming model keeps from one run to the next.
struct State {
  std::string name;
  ValueId input;   ///< holds the state before the run; has no producer and is no graph input
  ValueId output;  ///< becomes the state after the run: any value of the same element type and shape
  Tensor initial;
};

/// An axis of a graph output that is only as long as data decide. The output's type has the bound; beyond the
/// extent its elements mean nothing.
struct Extent {
  size_t output;  ///< index into Graph::outputs
  int64_t axis;
  ValueId value;  ///< i64, one element: 0 <= the extent of this run <= the bound
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;  ///< in the model's order
  std::vector<ValueId>
      outputs;  ///< in the model's order; a value may stand twice or be an input or a constant
  std::vector<State> states;
  std::vector<Extent> extents;  ///< several may share a value

  const Value& value(ValueId id) const { return values[id.index]; }
  Value& value(ValueId id) { return values[id.index]; }
  const Node& node(NodeId id) const { return nodes[id.index]; }
  Node& node(NodeId id) { return nodes[id.index]; }
  const Type& type(ValueId id) const { return values[id.index].type; }
  bool is_constant(ValueId id) const { return values[id.index].constant.has_value(); }

  /// Adds a value; a name that is taken or empty gets a suffix.
  ValueId add_value(std::string name, Type type, std::optional<Tensor> constant = {});
  ValueId add_constant(std::string name, Tensor tensor);
  ValueId add_input(std::string name, Type type);
  /// Adds a state and returns its input, which is its output too until the caller sets another:
  /// `states.back().output`.
  ValueId add_state(std::string name, Tensor initial);
  /// Gives a value a name; one that another value has gets a suffix. Prefer this to assigning `name`, which
  /// add_value does not see.
  void rename(ValueId, std::string name);
  /// Appends a node: infers and verifies the output types, makes its outputs, named after the node.
  Result<std::vector<ValueId>> add_node(std::string name, Op op, std::vector<ValueId> inputs);

 private:
  std::string free_name(std::string wanted);
  /// Names in use with the next suffix to try for each; covers the first `named_` values.
  std::unordered_map<std::string, int> names_;
  size_t named_ = 0;
};

/// Who defines and who reads each value; a snapshot, invalid after the graph changes.
struct Uses {
  explicit Uses(const Graph&);
  std::vector<std::optional<NodeId>> producer;  ///< by value index
  std::vector<std::vector<NodeId>> consumers;   ///< by value index; a node that reads twice stands twice
  std::vector<bool> is_output;                  ///< by value index: of the graph or of a state, or an extent
};

/// Rebuilds the graph without nodes that reach no output (of the graph or of a state) or extent and values
/// that nothing mentions; keeps order, inputs and states.
void compact(Graph&);

}  // namespace halite::ir
