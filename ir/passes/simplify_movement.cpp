#include <algorithm>

#include "ir/passes/layout.h"
#include "ir/passes/simplify.h"

namespace halite::ir {
namespace {

bool is_all(const std::vector<int64_t>& list, int64_t v) {
  return std::all_of(list.begin(), list.end(), [&](int64_t x) { return x == v; });
}

bool moves(Rewriter& r, const Node& node, const Reshape& op) {
  const ValueId x = node.inputs[0];
  if (r.type(x).shape == op.shape) return replace_by(r, node, x);
  if (!r.defined_by<Reshape>(x)) return false;
  return replace_by(r, node, r.emit(node.name, op, {r.producer(x)->inputs[0]}));
}

bool moves(Rewriter& r, const Node& node, const Transpose& op) {
  const ValueId x = node.inputs[0];
  if (moves_nothing(r.type(x).shape, op.perm))
    return replace_by(r, node, r.emit(node.name, Reshape{r.type(node.outputs[0]).shape}, {x}));
  const auto* inner = r.defined_by<Transpose>(x);
  if (!inner) return false;
  const ValueId source = r.producer(x)->inputs[0];
  return replace_by(r, node, r.emit(node.name, Transpose{compose(inner->perm, op.perm)}, {source}));
}

bool moves(Rewriter& r, const Node& node, const Pad& op) {
  const ValueId x = node.inputs[0];
  if (is_all(op.before, 0) && is_all(op.after, 0)) return replace_by(r, node, x);
  const auto none_above = [](const auto& list) {
    return std::all_of(list.begin(), list.end(), [](int64_t v) { return v <= 0; });
  };
  const Shape& in = r.type(x).shape;
  if (none_above(op.before) && none_above(op.after)) {  // only crops
    Slice crop{{}, std::vector<int64_t>(in.size(), 1), r.type(node.outputs[0]).shape};
    for (size_t i = 0; i < in.size(); ++i) crop.start.push_back(crop.sizes[i] == 0 ? 0 : -op.before[i]);
    return replace_by(r, node, r.emit(node.name, crop, {x}));
  }
  const auto* inner = r.defined_by<Pad>(x);
  const auto none_below = [](const Pad& p) {
    return std::all_of(p.before.begin(), p.before.end(), [](int64_t v) { return v >= 0; }) &&
           std::all_of(p.after.begin(), p.after.end(), [](int64_t v) { return v >= 0; });
  };
  const bool merges =
      inner && op.mode == inner->mode && none_below(op) && none_below(*inner) &&
      (op.mode == Pad::Mode::edge || (op.mode == Pad::Mode::constant && op.value == inner->value));
  if (!merges) return false;
  Pad both = op;
  for (size_t i = 0; i < in.size(); ++i) {
    both.before[i] += inner->before[i];
    both.after[i] += inner->after[i];
  }
  return replace_by(r, node, r.emit(node.name, both, {r.producer(x)->inputs[0]}));
}

bool moves(Rewriter& r, const Node& node, const Broadcast& op) {
  const ValueId x = node.inputs[0];
  if (r.type(x).shape == op.shape) return replace_by(r, node, x);
  if (!r.defined_by<Broadcast>(x)) return false;
  return replace_by(r, node, r.emit(node.name, op, {r.producer(x)->inputs[0]}));
}

bool moves(Rewriter& r, const Node& node, const Cast& op) {
  return r.type(node.inputs[0]).dtype == op.to && replace_by(r, node, node.inputs[0]);
}

bool moves(Rewriter& r, const Node& node, const Resize& op) {
  const bool same = r.type(node.inputs[0]).shape == op.sizes && op.roi.empty() &&
                    std::all_of(op.scales.begin(), op.scales.end(), [](double s) { return s == 1; });
  return same && replace_by(r, node, node.inputs[0]);
}

// Each kind gives the element itself when it combines one.
bool moves(Rewriter& r, const Node& node, const Reduce& op) {
  const Shape& shape = r.type(node.inputs[0]).shape;
  const bool nothing =
      std::all_of(op.axes.begin(), op.axes.end(), [&](int64_t axis) { return shape[axis] == 1; });
  return nothing && replace_by(r, node, node.inputs[0]);
}

bool moves(Rewriter&, const Node&, const auto&) { return false; }

}  // namespace

bool simplify_movement(Rewriter& r, const Node& node) {
  return std::visit([&](const auto& op) { return moves(r, node, op); }, node.op);
}

}  // namespace halite::ir
