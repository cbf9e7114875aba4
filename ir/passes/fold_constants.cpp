// Evaluation at compile time by the operators' reference functions. Weights in another layout, shape
// arithmetic and whatever else depends on no input become constants here.
#include <algorithm>

#include "ir/passes/passes.h"

namespace halite::ir {
namespace {

int64_t total_bytes(const Graph& g, const std::vector<ValueId>& values) {
  int64_t total = 0;
  for (ValueId v : values) {
    // Sizes of hostile models may add up past the range.
    if (__builtin_add_overflow(total, g.type(v).bytes(), &total)) return INT64_MAX;
  }
  return total;
}

void evaluate(Graph& g, const Node& node) {
  std::vector<Tensor> in, out;
  for (ValueId v : node.inputs) in.push_back(*g.value(v).constant);
  for (ValueId v : node.outputs) out.push_back(Tensor::zeros(g.type(v)));
  reference(node.op, in, out);
  for (size_t i = 0; i < out.size(); ++i) g.value(node.outputs[i]).constant = std::move(out[i]);
}

}  // namespace

bool fold_constants(Graph& g, int64_t max_bytes) {
  const auto is_folded = [&](const Node& node) {
    if (node.inputs.empty()) return false;
    if (!std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) { return g.is_constant(v); }))
      return false;
    const int64_t bytes = total_bytes(g, node.outputs);
    if (bytes > max_bytes && bytes > total_bytes(g, node.inputs)) return false;
    evaluate(g, node);
    return true;
  };
  // In execution order, so that a chain folds in one walk.
  std::vector<Node> kept;
  for (Node& node : g.nodes)
    if (!is_folded(node)) kept.push_back(std::move(node));
  const bool changed = kept.size() != g.nodes.size();
  g.nodes = std::move(kept);
  return changed;
}

}  // namespace halite::ir
