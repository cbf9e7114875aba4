// Explicit padding in front of an operator with padding of its own. The operator's padding costs no memory
// traffic.
#include <algorithm>
#include <limits>

#include "ir/passes/passes.h"
#include "ir/passes/rewrite.h"

namespace halite::ir {
namespace {

// The pad in front of v, if it extends only the middle axes of [n,h,w,c] by one value.
const Pad* spatial_pad(const Rewriter& r, ValueId v) {
  const Pad* p = r.defined_by<Pad>(v);
  if (!p || p->mode != Pad::Mode::constant || p->before.size() != 4) return nullptr;
  for (int axis : {0, 3})
    if (p->before[axis] != 0 || p->after[axis] != 0) return nullptr;
  for (int axis : {1, 2})
    if (p->before[axis] < 0 || p->after[axis] < 0) return nullptr;
  return p;
}

std::array<int64_t, 4> added(const std::array<int64_t, 4>& pad, const Pad& p) {
  return {pad[0] + p.before[1], pad[1] + p.before[2], pad[2] + p.after[1], pad[3] + p.after[2]};
}

bool never_negative(const Rewriter& r, ValueId v) {
  const auto* e = r.defined_by<Elementwise>(v);
  if (!e) return false;
  return e->fn == Fn::relu || e->fn == Fn::sigmoid || e->fn == Fn::abs || e->fn == Fn::hard_sigmoid ||
         (e->fn == Fn::clamp && e->alpha >= 0 && e->beta >= 0);
}

std::optional<Op> with_pad(const Rewriter&, const Conv2d& op, const Pad& p, ValueId) {
  if (p.value != static_cast<double>(op.x_zero)) return {};
  Conv2d padded = op;
  padded.pad = added(op.pad, p);
  return padded;
}

std::optional<Op> with_pad(const Rewriter& r, const Pool2d& op, const Pad& p, ValueId x) {
  const bool unpadded = op.pad == std::array<int64_t, 4>{} && op.excess == std::array<int64_t, 2>{};
  Pool2d padded = op;
  padded.pad = added(op.pad, p);
  if (op.kind == Pool2d::Kind::average) {
    // Padding that holds zeros is counted, so all other padding must be.
    if (p.value != 0 || !(unpadded || op.count_include_pad)) return {};
    padded.count_include_pad = true;
    return padded;
  }
  // The pool's own padding never wins; neither does the explicit one if it is the lowest value, or zero
  // beside values that are not negative, provided each window has a pixel of x in it.
  const double lowest = -std::numeric_limits<float>::max();
  const bool never_wins = p.value <= lowest || (p.value == 0 && never_negative(r, x));
  const bool overlaps = op.dilation == std::array<int64_t, 2>{1, 1} && padded.pad[0] < op.kernel[0] &&
                        padded.pad[2] < op.kernel[0] && padded.pad[1] < op.kernel[1] &&
                        padded.pad[3] < op.kernel[1];
  if (!never_wins || !overlaps) return {};
  return padded;
}

std::optional<Op> with_pad(const Rewriter&, const auto&, const Pad&, ValueId) { return {}; }

}  // namespace

bool absorb_pads(Graph& g) {
  Rewriter r(g);
  return r.run([&](const Node& node) {
    if (node.inputs.empty()) return false;
    const Pad* p = spatial_pad(r, node.inputs[0]);
    if (!p) return false;
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = r.producer(node.inputs[0])->inputs[0];
    const auto op = std::visit([&](const auto& o) { return with_pad(r, o, *p, inputs[0]); }, node.op);
    if (!op) return false;
    // infer may set limits to an operator's padding; what it refuses stays explicit.
    Types types;
    for (ValueId v : inputs) types.push_back(r.type(v));
    if (!infer(*op, types)) return false;
    r.replace(node.outputs[0], r.emit(node.name, *op, std::move(inputs)));
    return true;
  });
}

}  // namespace halite::ir
