// See pairs.h. The sums are those of the activations as they are stored, -128..127: zero points are folded.
#include "schedules/pairs.h"

#include <algorithm>
#include <cstdlib>

namespace halite::schedules {
namespace {

constexpr int64_t kMostSum = (int64_t{1} << 23) - 1;

/// Weights as [rows][steps], or [steps][rows] if transposed.
bool pair(const ir::Tensor& weights, int64_t rows, bool transposed) {
  const auto w = weights.data<int8_t>();
  const int64_t steps = weights.type().elements() / std::max<int64_t>(1, rows);
  for (int64_t o = 0; o < rows; o++) {
    int64_t sum = 0;
    for (int64_t k = 0; k < steps; k++) {
      const int64_t weight = w[transposed ? k * rows + o : o * steps + k];
      if (weight == -128) return false;
      sum += std::abs(weight);
    }
    if (128 * sum > kMostSum) return false;
  }
  return true;
}

}  // namespace

bool weights_pair(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto* conv = std::get_if<ir::Conv2d>(&node.op);
  const auto* product = std::get_if<ir::MatMul>(&node.op);
  if ((!conv && !product) || !graph.is_constant(node.inputs[1])) return false;
  const ir::Tensor& weights = *graph.value(node.inputs[1]).constant;
  const ir::Shape& shape = weights.type().shape;
  if (weights.type().dtype != ir::DType::i8 || weights.type().elements() == 0) return false;
  if (conv) return conv->w_zero == 0 && pair(weights, shape[0], false);
  if (shape.size() != 2 || product->b_zero != 0) return false;
  return product->transpose_b ? pair(weights, shape[0], false) : pair(weights, shape[1], true);
}

}  // namespace halite::schedules
