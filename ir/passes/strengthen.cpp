// Rewrites that reach a cheaper or better supported operator. One rule a function; a rule returns true when
// it has replaced the node's output.
#include <algorithm>

#include "ir/passes/constants.h"
#include "ir/passes/layout.h"
#include "ir/passes/passes.h"
#include "ir/passes/rewrite.h"

namespace halite::ir {
namespace {

// An arithmetic progression start, start + step, ...
struct Range {
  int64_t start, step, count;
};
std::optional<Range> regular_range(const Tensor& t, int64_t extent) {
  const int64_t count = t.type().elements();
  if (count == 0 || extent == 0 || is_float(t.type().dtype)) return {};
  const auto index = [&](int64_t i) {
    const auto v = static_cast<int64_t>(t.at(i));
    return std::clamp<int64_t>(v < 0 ? v + extent : v, 0, extent - 1);
  };
  const int64_t step = count > 1 ? index(1) - index(0) : 1;
  if (step == 0) return {};
  for (int64_t i = 1; i < count; ++i)
    if (index(i) - index(i - 1) != step) return {};
  return Range{index(0), step, count};
}

// Picking at regular indices is a slice.
bool rewrite(Rewriter& r, const Node& node, const Gather& op) {
  const Type& x = r.type(node.inputs[0]);
  const Tensor* indices = r.constant(node.inputs[1]);
  const auto range = indices ? regular_range(*indices, x.shape[op.axis]) : std::nullopt;
  if (!range) return false;
  Slice s{std::vector<int64_t>(x.shape.size(), 0), std::vector<int64_t>(x.shape.size(), 1), x.shape};
  s.start[op.axis] = range->start;
  s.step[op.axis] = range->step;
  s.sizes[op.axis] = range->count;
  ValueId picked = r.emit(node.name, s, {node.inputs[0]});
  const Shape& shape = r.type(node.outputs[0]).shape;
  if (r.type(picked).shape != shape) picked = r.emit(node.name, Reshape{shape}, {picked});
  r.replace(node.outputs[0], picked);
  return true;
}

// A pool over everything is a reduction; one of a single pixel is a slice.
bool rewrite(Rewriter& r, const Node& node, const Pool2d& op) {
  const Shape& in = r.type(node.inputs[0]).shape;
  const Shape& out = r.type(node.outputs[0]).shape;
  if (op.pad != std::array<int64_t, 4>{} || op.excess != std::array<int64_t, 2>{}) return false;
  ValueId with;
  if (op.kernel[0] == 1 && op.kernel[1] == 1) {
    with = r.emit(node.name, Slice{{0, 0, 0, 0}, {1, op.stride[0], op.stride[1], 1}, out}, {node.inputs[0]});
  } else if (op.kind == Pool2d::Kind::average && !is_float(r.type(node.inputs[0]).dtype)) {
    return false;  // rounds otherwise than a mean
  } else if (op.kernel[0] == in[1] && op.kernel[1] == in[2] && op.dilation == std::array<int64_t, 2>{1, 1}) {
    const auto kind = op.kind == Pool2d::Kind::max ? Reduce::Kind::max : Reduce::Kind::mean;
    with = r.emit(node.name, Reduce{kind, {1, 2}}, {node.inputs[0]});
  } else {
    return false;
  }
  r.replace(node.outputs[0], with);
  return true;
}

// The axes of `from` that the given axes of `to` = reshape(from) span; nullopt if they split an axis.
std::optional<std::vector<int64_t>> axes_before(const Shape& from, const Shape& to,
                                                const std::vector<int64_t>& axes) {
  std::vector<int64_t> out;
  size_t i = 0, j = 0;
  while (i < from.size() || j < to.size()) {
    // The smallest block of axes on both sides with the same element count, at least one axis in all.
    const size_t first_i = i, first_j = j;
    int64_t x = i < from.size() ? from[i++] : 1, y = j < to.size() ? to[j++] : 1;
    while (x != y) {
      if (x == 0 || y == 0) return {};
      if (x < y) {
        if (i == from.size()) return {};
        x *= from[i++];
      } else {
        if (j == to.size()) return {};
        y *= to[j++];
      }
    }
    size_t reduced = 0;
    for (size_t k = first_j; k < j; ++k)
      reduced += to[k] == 1 || std::find(axes.begin(), axes.end(), static_cast<int64_t>(k)) != axes.end();
    bool any = false;
    for (size_t k = first_j; k < j; ++k)
      any |= to[k] != 1 && std::find(axes.begin(), axes.end(), static_cast<int64_t>(k)) != axes.end();
    if (!any) continue;
    if (reduced != j - first_j) return {};
    for (size_t k = first_i; k < i; ++k) out.push_back(static_cast<int64_t>(k));
  }
  return out;
}

// A reduction behind a reshape, as a reduction of the original axes with the reshape behind it.
bool rewrite(Rewriter& r, const Node& node, const Reduce& op) {
  if (!r.defined_by<Reshape>(node.inputs[0])) return false;
  const ValueId x = r.producer(node.inputs[0])->inputs[0];
  const Shape shape = r.type(node.outputs[0]).shape;  // a copy: emitting moves the graph's values
  const auto axes = axes_before(r.type(x).shape, r.type(node.inputs[0]).shape, op.axes);
  if (!axes || axes->empty()) return false;
  const ValueId reduced = r.emit(node.name, Reduce{op.kind, *axes}, {x});
  r.replace(node.outputs[0], r.emit(node.name, Reshape{shape}, {reduced}));
  return true;
}

bool swaps_last_two(const Perm& p) {
  if (p.size() < 2) return false;
  Perm swapped = identity_perm(static_cast<int>(p.size()));
  std::swap(swapped[p.size() - 1], swapped[p.size() - 2]);
  return p == swapped;
}

// Operands that are transposed matrices are read so.
bool read_transposed(Rewriter& r, const Node& node, const MatMul& op) {
  MatMul direct = op;
  std::vector<ValueId> inputs = node.inputs;
  bool changed = false;
  for (int i = 0; i < 2; ++i) {
    const auto* t = r.defined_by<Transpose>(inputs[i]);
    if (!t || !swaps_last_two(t->perm)) continue;
    inputs[i] = r.producer(inputs[i])->inputs[0];
    bool& flag = i == 0 ? direct.transpose_a : direct.transpose_b;
    flag = !flag;
    changed = true;
  }
  if (changed) r.replace(node.outputs[0], r.emit(node.name, direct, std::move(inputs)));
  return changed;
}

// With one matrix for all batches, the batches are further rows: one large product instead of many small
// ones.
bool merge_batches(Rewriter& r, const Node& node, const MatMul& op) {
  const Shape a = r.type(node.inputs[0]).shape, b = r.type(node.inputs[1]).shape;
  const Shape out = r.type(node.outputs[0]).shape;
  if (op.transpose_a || a.size() < 3 || a.size() != out.size() || !r.constant(node.inputs[1])) return false;
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < a.size(); ++i) rows *= a[i];
  if (rows == a[a.size() - 2]) return false;  // one batch
  const auto leading_ones = [](const Shape& s, size_t but) {
    for (size_t i = 0; i + but < s.size(); ++i)
      if (s[i] != 1) return false;
    return true;
  };
  if (!leading_ones(b, 2)) return false;
  const bool biased = node.inputs.size() > 2;
  const Shape bias = biased ? r.type(node.inputs[2]).shape : Shape{1};
  if (bias.empty() || !leading_ones(bias, 1)) return false;
  std::vector<ValueId> inputs{r.emit(node.name, Reshape{{rows, a.back()}}, {node.inputs[0]}),
                              r.emit(node.name, Reshape{{b[b.size() - 2], b.back()}}, {node.inputs[1]})};
  if (biased) inputs.push_back(r.emit(node.name, Reshape{{bias.back()}}, {node.inputs[2]}));
  const ValueId product = r.emit(node.name, op, std::move(inputs));
  r.replace(node.outputs[0], r.emit(node.name, Reshape{out}, {product}));
  return true;
}

// A classifier behind a flattened image: instead of the image, the rows of the weights change their order.
bool reorder_rows(Rewriter& r, const Node& node, const MatMul& op) {
  const ValueId flat = node.inputs[0];
  if (op.transpose_a || !r.defined_by<Reshape>(flat) || !r.constant(node.inputs[1])) return false;
  const ValueId image = r.producer(flat)->inputs[0];
  const auto* t = r.defined_by<Transpose>(image);
  if (!t) return false;
  // The features are the trailing axes of the image, whose leading ones make the rows of the product.
  const Shape shape = r.type(image).shape;
  const int64_t features = r.type(flat).shape.back();
  int64_t count = 1;
  size_t first = shape.size();
  while (first > 0 && count < features) count *= shape[--first];
  if (count != features || features == 0) return false;
  Perm trailing;  // of the features among themselves
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool leads = i < first;
    if (leads ? t->perm[i] != static_cast<int64_t>(i) : t->perm[i] < static_cast<int64_t>(first))
      return false;
    if (!leads) trailing.push_back(t->perm[i] - static_cast<int64_t>(first));
  }
  const ValueId x = r.producer(image)->inputs[0];
  const Shape weights = r.type(node.inputs[1]).shape;
  const size_t k_axis = weights.size() - (op.transpose_b ? 1 : 2);
  // Split the features' axis of the weights, put the parts into x's order, and merge them again.
  Shape split(weights.begin(), weights.begin() + static_cast<int64_t>(k_axis));
  split.insert(split.end(), shape.begin() + static_cast<int64_t>(first), shape.end());
  split.insert(split.end(), weights.begin() + static_cast<int64_t>(k_axis) + 1, weights.end());
  Perm order = identity_perm(static_cast<int>(split.size()));
  const Perm back = inverse(trailing);
  for (size_t i = 0; i < back.size(); ++i) order[k_axis + i] = static_cast<int64_t>(k_axis) + back[i];
  const Shape flat_shape = r.type(flat).shape;
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = r.emit(r.producer(flat)->name, Reshape{flat_shape}, {x});
  const ValueId parts = r.emit(node.name, Transpose{order}, {r.emit(node.name, Reshape{split}, {inputs[1]})});
  inputs[1] = r.emit(node.name, Reshape{weights}, {parts});
  r.replace(node.outputs[0], r.emit(node.name, op, std::move(inputs)));
  return true;
}

bool rewrite(Rewriter& r, const Node& node, const MatMul& op) {
  return reorder_rows(r, node, op) || read_transposed(r, node, op) || merge_batches(r, node, op);
}

// A constant added to a product is its bias.
bool rewrite(Rewriter& r, const Node& node, const Elementwise& op) {
  if (op.fn != Fn::add) return false;
  for (int i = 0; i < 2; ++i) {
    const ValueId x = node.inputs[i], bias = node.inputs[1 - i];
    const auto* matmul = r.defined_by<MatMul>(x);
    if (!matmul || !r.constant(bias) || !r.read_only_here(x) || r.producer(x)->inputs.size() != 2) continue;
    if (r.type(x) != r.type(node.outputs[0])) continue;
    std::vector<ValueId> inputs = r.producer(x)->inputs;
    inputs.push_back(bias);
    const MatMul biased = *matmul;
    const std::string name = r.producer(x)->name;
    r.replace(node.outputs[0], r.emit(name, biased, std::move(inputs)));
    return true;
  }
  return false;
}

bool rewrite(Rewriter&, const Node&, const auto&) { return false; }

}  // namespace

bool strengthen(Graph& g) {
  Rewriter r(g);
  return r.run([&](const Node& node) {
    return node.outputs.size() == 1 &&
           std::visit([&](const auto& op) { return rewrite(r, node, op); }, node.op);
  });
}

}  // namespace halite::ir
