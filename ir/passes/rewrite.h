// Bookkeeping that every pass shares: walks a graph once in execution order and rebuilds its node list. A
// rule sees one node at a time, with the nodes before it already rewritten; it emits replacements or leaves
// the node alone. Names follow meaning: a fresh value that replaces an old one takes over its name, and the
// graph's outputs keep theirs.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace halite::ir {

class Rewriter {
 public:
  explicit Rewriter(Graph&);

  /// Calls `rule(node)` for each node, whose inputs are resolved to the values that now stand for them. A
  /// rule that returns true has dealt with the node, which is dropped; otherwise the node is kept. Says
  /// whether any rule did.
  template <class Rule>
  bool run(Rule rule) {
    bool changed = false;
    for (Node& node : old_) {
      begin(node);
      const size_t emitted_before = emitted_.size();
      if (rule(static_cast<const Node&>(node))) {
        changed = true;
        name_outputs_after(node, emitted_before);
      } else {
        keep(std::move(node));
      }
    }
    finish();
    return changed;
  }

  const Graph& graph() const { return graph_; }
  /// Valid until the next emit or add_constant, like every reference into the graph's values.
  const Type& type(ValueId v) const { return graph_.type(v); }
  /// The value of a constant; nullptr if it is none.
  const Tensor* constant(ValueId v) const {
    return graph_.is_constant(v) ? &*graph_.value(v).constant : nullptr;
  }
  /// The rewritten node that defines v; nullptr for inputs and constants. Stays valid until the rewriter is
  /// gone.
  const Node* producer(ValueId v) const { return v.index < producer_.size() ? producer_[v.index] : nullptr; }
  /// The operator that defines v, if it is an O.
  template <class O>
  const O* defined_by(ValueId v) const {
    const Node* node = producer(v);
    return node ? std::get_if<O>(&node->op) : nullptr;
  }
  /// Nobody reads v but the node that the rule looks at (which may read it more than once).
  bool read_only_here(ValueId v) const { return reads_[v.index] == 0; }
  /// Reads of v by other nodes than the one that the rule looks at, by the graph's outputs and by states'.
  size_t other_reads(ValueId v) const { return reads_[v.index]; }
  /// Of the graph or of a state.
  bool is_output(ValueId v) const;
  /// Whether `replace` can be done without a copy: a graph output can not become an input, a constant or
  /// another output.
  bool replaceable(ValueId old, ValueId with) const;

  /// Appends a node with one output and returns that. CHECKs that infer accepts it.
  ValueId emit(std::string name, Op op, std::vector<ValueId> inputs);
  /// The same, defining a value that exists (an output of the node that is being rewritten, or of one before
  /// it).
  void define(ValueId output, std::string name, Op op, std::vector<ValueId> inputs);
  ValueId add_constant(std::string name, Tensor tensor);
  /// From here on `with` stands for `old`, whose type it must have.
  void replace(ValueId old, ValueId with);
  ValueId resolve(ValueId) const;
  void rename(ValueId v, std::string name) { graph_.rename(v, std::move(name)); }
  void swap_names(ValueId a, ValueId b) { std::swap(graph_.value(a).name, graph_.value(b).name); }

 private:
  void begin(Node&);
  void keep(Node);
  void finish();
  void name_outputs_after(const Node&, size_t emitted_before);
  ValueId add_value(ValueId);
  const Node* append(Node);

  Graph& graph_;
  std::vector<Node> old_;
  std::deque<Node> emitted_;           // addresses stay valid
  std::vector<const Node*> producer_;  // by value index, as are the others
  std::vector<ValueId> replaced_by_;
  std::vector<size_t> reads_;    // by nodes emitted or still to come, the graph's outputs, states' outputs
  std::vector<bool> is_output_;  // of the graph
};

}  // namespace halite::ir
