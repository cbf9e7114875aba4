// What can be said of a group without lowering it.
#include "schedules/group.h"

#include <algorithm>
#include <set>

namespace halite::schedules {
bool is_pointwise(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (std::holds_alternative<ir::Gather>(node.op))
    return graph.is_constant(node.inputs[0]) && graph.type(node.inputs[0]).rank() == 1;
  return std::holds_alternative<ir::Elementwise>(node.op) || std::holds_alternative<ir::Cast>(node.op) ||
         std::holds_alternative<ir::Requantize>(node.op) || std::holds_alternative<ir::Quantize>(node.op) ||
         std::holds_alternative<ir::Dequantize>(node.op);
}

int64_t macs(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto elements = [&](ir::ValueId value) { return graph.type(value).elements(); };
  const auto& shape = graph.type(node.inputs[0]).shape;
  if (std::holds_alternative<ir::Conv2d>(node.op)) {
    const auto& weights = graph.type(node.inputs[1]).shape;  // [oc, kh, kw, c/groups]
    return elements(node.outputs[0]) * weights[1] * weights[2] * weights[3];
  }
  if (std::holds_alternative<ir::ConvTranspose2d>(node.op)) {
    const auto& weights =
        graph.type(node.inputs[1]).shape;  // every input element meets kh*kw*oc/groups weights
    const int64_t groups = weights[3] > 0 ? shape[3] / weights[3] : 1;
    return elements(node.inputs[0]) * weights[1] * weights[2] * (weights[0] / std::max<int64_t>(1, groups));
  }
  if (const auto* op = std::get_if<ir::MatMul>(&node.op)) {
    const int64_t k = shape[shape.size() - (op->transpose_a ? 2 : 1)];
    return elements(node.outputs[0]) * k;
  }
  return 0;
}

AttentionBlock attention_block(const targets::Facts& facts, int64_t rows, int64_t keys, int64_t width) {
  constexpr int64_t kMost = 32, kLeast = 4;  // fewer read keys and values too often
  constexpr int64_t kBlockWords = 4096;      // Halide takes larger blocks from the heap
  constexpr int64_t kMostParts = 32, kPartStep = 64;
  // Without a cache scores are as near in the arena as on the stack.
  if (keys == 0 || rows == 0 || facts.l1_bytes == 0) return {};
  const int64_t stack = facts.max_stack_bytes > 0 ? facts.max_stack_bytes : 64 << 10;
  // Scores, their softmax, and one more row while that is made; a quarter of the stack is for the rest.
  const int64_t words = stack / 16 * 3, least = std::min(rows, kLeast);
  const int64_t fit = std::min((words - keys) / (2 * keys), kBlockWords / keys);
  if (fit >= least) return {std::min({fit, rows, kMost}), keys};
  // In parts: of each part its products with v, its largest scores and its sums are kept.
  for (int64_t most = kMost / 2; most >= least; most /= 2) {
    const int64_t block = std::min(most, rows), longest = kBlockWords / block / kPartStep * kPartStep;
    if (longest == 0 || keys <= longest) continue;
    const int64_t parts = (keys + longest - 1) / longest, kept = parts * block * width;
    const int64_t part = ((keys + parts - 1) / parts + kPartStep - 1) / kPartStep * kPartStep;
    if (parts <= kMostParts && kept <= kBlockWords && 2 * block * part + 3 * kept + part <= words)
      return {block, part};
  }
  return {};
}

bool may_alias(const ir::Graph& graph, const Group& group, size_t input) {
  const ir::ValueId source = group.inputs[input];
  const ir::Type &from = graph.type(source), &to = graph.type(group.outputs[0]);
  if (group.outputs.size() != 1 || graph.is_constant(source) || from.shape != to.shape ||
      ir::size_of(from.dtype) != ir::size_of(to.dtype)) {
    return false;
  }
  // All that depends on the input, up to the output, must stay at the index at which it was read.
  std::set<ir::ValueId> depends{source};
  for (auto id : group.nodes) {
    const ir::Node& node = graph.node(id);
    const bool reads =
        std::any_of(node.inputs.begin(), node.inputs.end(), [&](auto v) { return depends.contains(v); });
    if (!reads) continue;
    if (!is_pointwise(graph, id) || graph.type(node.outputs[0]).shape != to.shape) return false;
    depends.insert(node.outputs.begin(), node.outputs.end());
  }
  return true;
}

}  // namespace halite::schedules
