// Evaluation at compile time by the operators' reference functions. Weights in another layout, shape
// arithmetic and whatever else depends on no input become constants here.
#include <algorithm>

#include "ir/passes/passes.h"

namespace halite::ir {
namespace {

/// Nodes that a loop may run here; one that runs longer is left to run time.
constexpr int64_t kMostWork = 10'000;

int64_t total_bytes(const Graph& g, const std::vector<ValueId>& values) {
  int64_t total = 0;
  for (ValueId v : values) {
    // Sizes of hostile models may add up past the range.
    if (__builtin_add_overflow(total, g.type(v).bytes(), &total)) return INT64_MAX;
  }
  return total;
}

int64_t product(int64_t a, int64_t b) {
  int64_t c = 0;
  return __builtin_mul_overflow(a, b, &c) ? INT64_MAX : c;
}

// Nodes that run at most, those in graphs of branches and loops included.
int64_t work(const Graph& g, const Node& node) {
  const auto inside = [](const Region& region) {
    int64_t sum = 1;
    for (const Node& n : region.graph->nodes)
      if (__builtin_add_overflow(sum, work(*region.graph, n), &sum)) return INT64_MAX;
    return sum;
  };
  if (const auto* branch = std::get_if<Branch>(&node.op))
    return std::max(inside(branch->yes), inside(branch->no));
  const auto* loop = std::get_if<Loop>(&node.op);
  if (!loop) return 1;
  int64_t trips = loop->limit;
  if (g.is_constant(node.inputs[0]))
    trips = std::min(trips, g.value(node.inputs[0]).constant->data<int64_t>()[0]);
  return product(std::max<int64_t>(trips, 0), inside(loop->body));
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
    if (work(g, node) > kMostWork) return false;
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
