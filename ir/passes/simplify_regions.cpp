// What branches and loops take and give, reduced to what is needed. Their graphs are changed as copies.
#include <algorithm>

#include "ir/passes/passes.h"

namespace halite::ir {
namespace {

class Tidier {
 public:
  Tidier(Graph& g, const Uses& uses, Node& node) : g_(g), uses_(uses), node_(node) {
    const auto* loop = std::get_if<Loop>(&node.op);
    carried_ = loop ? static_cast<size_t>(loop->carried) : 0;
    outside_ = loop ? 2 + carried_ : 1;
    inside_ = loop ? 1 + carried_ : 0;
    for (Region* region : regions_of(node_.op)) graphs_.push_back(*region->graph);
  }

  bool run() {
    bool changed = false;
    for (size_t i = node_.outputs.size(); i-- > carried_;) changed |= drop_output(i);
    for (Graph& graph : graphs_) compact(graph);
    for (size_t i = node_.inputs.size(); i-- > outside_;) changed |= drop_capture(i - outside_);
    if (!changed) return false;
    for (Graph& graph : graphs_) compact(graph);
    const auto regions = regions_of(node_.op);
    for (size_t i = 0; i < regions.size(); ++i)
      regions[i]->graph = std::make_shared<const Graph>(std::move(graphs_[i]));
    return true;
  }

 private:
  template <class T>
  static void erase(std::vector<T>& list, size_t i) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
  }

  bool drop_output(size_t i) {
    const ValueId v = node_.outputs[i];
    if (node_.outputs.size() == 1 || uses_.is_output[v.index] || !uses_.consumers[v.index].empty())
      return false;
    erase(node_.outputs, i);
    const bool loop = std::holds_alternative<Loop>(node_.op);
    for (Graph& graph : graphs_) erase(graph.outputs, loop ? 1 + i : i);
    return true;
  }

  bool drop_capture(size_t i) {
    const ValueId v = node_.inputs[outside_ + i];
    const size_t at = inside_ + i;
    const auto unread = [&](const Graph& graph) {
      const Uses uses(graph);
      const ValueId input = graph.inputs[at];
      return uses.consumers[input.index].empty() && !uses.is_output[input.index];
    };
    if (!g_.is_constant(v) && !std::ranges::all_of(graphs_, unread)) return false;
    for (Graph& graph : graphs_) {
      Value& input = graph.value(graph.inputs[at]);
      // Of a value that is not constant nothing is read.
      input.constant = g_.is_constant(v) ? g_.value(v).constant->with_type(input.type)
                                         : Tensor::zeros({input.type.dtype, {}, {}});
      input.type = input.constant->type();
      erase(graph.inputs, at);
    }
    erase(node_.inputs, outside_ + i);
    return true;
  }

  Graph& g_;
  const Uses& uses_;
  Node& node_;
  size_t carried_, outside_, inside_;  // captures begin at these inputs of the node and of its graphs
  std::vector<Graph> graphs_;
};

}  // namespace

bool simplify_regions(Graph& g) {
  bool changed = false;
  const Uses uses(g);
  for (Node& node : g.nodes)
    if (has_regions(node.op)) changed |= Tidier(g, uses, node).run();
  return changed;
}

}  // namespace halite::ir
