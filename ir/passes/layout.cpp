#include "ir/passes/layout.h"

#include <algorithm>
#include <numeric>

namespace halite::ir {
namespace {

int64_t position(const Perm& p, int64_t axis) { return std::find(p.begin(), p.end(), axis) - p.begin(); }

template <class T>
std::vector<T> permute_list(const std::vector<T>& list, const Perm& p) {
  std::vector<T> out;
  for (int64_t axis : p) out.push_back(list[axis]);
  return out;
}

std::vector<int64_t> permute_axes(const std::vector<int64_t>& axes, const Perm& p) {
  std::vector<int64_t> out;
  for (int64_t axis : axes) out.push_back(position(p, axis));
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<Layouts> alike(const Node& node, const Perm& p) {
  return Layouts{std::vector<Perm>(node.inputs.size(), p), p};
}

bool all_ones(const Shape& shape, size_t count) {
  return std::all_of(shape.begin(), shape.begin() + count, [](int64_t extent) { return extent == 1; });
}

// --- How each operator works on permuted operands. Most take any permutation that is the same for all.

template <class O>
std::optional<Layouts> layouts_of(const O&, const Graph&, const Node& node, int, const Perm& p) {
  return alike(node, p);
}

// These give their axes meaning.
std::optional<Layouts> layouts_of(const Conv2d&, const Graph&, const Node&, int, const Perm&) { return {}; }
std::optional<Layouts> layouts_of(const ConvTranspose2d&, const Graph&, const Node&, int, const Perm&) {
  return {};
}
std::optional<Layouts> layouts_of(const Pool2d&, const Graph&, const Node&, int, const Perm&) { return {}; }
// What is inside is not looked at.
std::optional<Layouts> layouts_of(const Branch&, const Graph&, const Node&, int, const Perm&) { return {}; }
std::optional<Layouts> layouts_of(const Loop&, const Graph&, const Node&, int, const Perm&) { return {}; }
// A transpose is where a region ends.
std::optional<Layouts> layouts_of(const Transpose&, const Graph&, const Node&, int, const Perm&) {
  return {};
}

// Rows of a product with one matrix for all batches may come in any order: every axis of `a` but the last is
// free.
std::optional<Layouts> layouts_of(const MatMul& op, const Graph& g, const Node& node, int slot,
                                  const Perm& p) {
  const Shape& b = g.type(node.inputs[1]).shape;
  if (slot > 0 || op.transpose_a || p.empty() || p.back() != static_cast<int64_t>(p.size()) - 1) return {};
  if (g.type(node.inputs[0]).rank() != static_cast<int>(p.size()) || !all_ones(b, b.size() - 2)) return {};
  if (g.type(node.outputs[0]).rank() != static_cast<int>(p.size())) return {};
  Layouts l{{p, identity_perm(static_cast<int>(b.size()))}, p};
  if (node.inputs.size() > 2) {
    const Shape& bias = g.type(node.inputs[2]).shape;
    if (!bias.empty() && !all_ones(bias, bias.size() - 1)) return {};
    l.inputs.push_back(identity_perm(static_cast<int>(bias.size())));
  }
  return l;
}

// The indices' axes take the place of x's axis; they are not permuted themselves.
std::optional<Layouts> layouts_of(const Gather& op, const Graph& g, const Node& node, int slot,
                                  const Perm& p) {
  const int index_rank = g.type(node.inputs[1]).rank();
  // A table takes its indices in any order.
  if (g.type(node.inputs[0]).rank() == 1 && slot != 0) return Layouts{{{0}, p}, p};
  if (index_rank > 1 || slot == 1) return {};
  if (index_rank == 1) return Layouts{{p, {0}}, p};
  Layouts l{{p, {}}, p};
  if (slot == kOutput) {  // the axis that is picked from goes to the front
    for (int64_t& axis : l.inputs[0]) axis += axis >= op.axis;
    l.inputs[0].insert(l.inputs[0].begin(), op.axis);
  } else {
    l.output.erase(l.output.begin() + position(p, op.axis));
    for (int64_t& axis : l.output) axis -= axis > op.axis;
  }
  return l;
}

// Scales are a vector, along one axis or for all elements.
std::optional<Layouts> with_scales(const Node& node, int slot, const Perm& p) {
  if (slot > 0) return {};
  Layouts l{{p}, p};
  l.inputs.resize(node.inputs.size(), {0});
  return l;
}
std::optional<Layouts> layouts_of(const Quantize&, const Graph&, const Node& node, int slot, const Perm& p) {
  return with_scales(node, slot, p);
}
std::optional<Layouts> layouts_of(const Dequantize&, const Graph&, const Node& node, int slot,
                                  const Perm& p) {
  return with_scales(node, slot, p);
}
// Those of requantize lie along the last axis.
std::optional<Layouts> layouts_of(const Requantize&, const Graph& g, const Node& node, int slot,
                                  const Perm& p) {
  const bool one = std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                               [&](ValueId v) { return g.type(v).elements() == 1; });
  if (!one && (p.empty() || p.back() != static_cast<int64_t>(p.size()) - 1)) return {};
  return with_scales(node, slot, p);
}

std::optional<Layouts> layouts_of(const Reshape&, const Graph& g, const Node& node, int slot, const Perm& p) {
  const Shape& in = g.type(node.inputs[0]).shape;
  const Shape& out = g.type(node.outputs[0]).shape;
  auto other = slot == kOutput ? through_reshape(out, in, p) : through_reshape(in, out, p);
  if (!other) return {};
  return slot == kOutput ? Layouts{{*other}, p} : Layouts{{p}, *other};
}

// --- The operator on permuted operands. `l` came from layouts_of.

template <class O>
Op permuted_op(const O& op, const Graph&, const Node&, const Layouts& l) {
  if constexpr (requires { op.axis; }) {
    O moved = op;
    moved.axis = position(l.inputs[0], op.axis);
    return moved;
  } else {
    return op;
  }
}
Op permuted_op(const Reduce& op, const Graph&, const Node&, const Layouts& l) {
  return Reduce{op.kind, permute_axes(op.axes, l.output)};
}
Op permuted_op(const Reshape&, const Graph& g, const Node& node, const Layouts& l) {
  return Reshape{permute(g.type(node.outputs[0]).shape, l.output)};
}
Op permuted_op(const Broadcast& op, const Graph&, const Node&, const Layouts& l) {
  return Broadcast{permute(op.shape, l.output)};
}
Op permuted_op(const Slice& op, const Graph&, const Node&, const Layouts& l) {
  return Slice{permute_list(op.start, l.output), permute_list(op.step, l.output),
               permute(op.sizes, l.output)};
}
Op permuted_op(const Pad& op, const Graph&, const Node&, const Layouts& l) {
  Pad moved = op;
  moved.before = permute_list(op.before, l.output);
  moved.after = permute_list(op.after, l.output);
  return moved;
}
Op permuted_op(const Resize& op, const Graph&, const Node&, const Layouts& l) {
  Resize moved = op;
  moved.sizes = permute(op.sizes, l.output);
  moved.scales = permute_list(op.scales, l.output);
  if (!op.roi.empty()) {
    const auto middle = op.roi.begin() + static_cast<int64_t>(op.roi.size() / 2);
    moved.roi = permute_list(std::vector<double>(op.roi.begin(), middle), l.output);
    for (double end : permute_list(std::vector<double>(middle, op.roi.end()), l.output))
      moved.roi.push_back(end);
  }
  return moved;
}

}  // namespace

Perm identity_perm(int rank) {
  Perm p(static_cast<size_t>(rank));
  std::iota(p.begin(), p.end(), 0);
  return p;
}

Perm inverse(const Perm& p) {
  Perm q(p.size());
  for (size_t i = 0; i < p.size(); ++i) q[p[i]] = static_cast<int64_t>(i);
  return q;
}

Perm compose(const Perm& first, const Perm& second) { return permute_list(first, second); }

Shape permute(const Shape& shape, const Perm& p) { return permute_list(shape, p); }

bool same_order(const Shape& shape, const Perm& a, const Perm& b) {
  const auto significant = [&](const Perm& p) {
    Perm kept;
    for (int64_t axis : p)
      if (shape[axis] != 1) kept.push_back(axis);
    return kept;
  };
  return significant(a) == significant(b);
}

bool moves_nothing(const Shape& shape, const Perm& p) {
  return same_order(shape, p, identity_perm(static_cast<int>(p.size())));
}

std::optional<Layouts> layouts(const Graph& g, const Node& node, int slot, const Perm& p) {
  if (node.outputs.size() != 1) return {};
  auto l = std::visit([&](const auto& op) { return layouts_of(op, g, node, slot, p); }, node.op);
  if (!l) return {};
  // Operands of lower rank than the permutation (a scalar bias, say) are beyond what the rules above
  // consider.
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (static_cast<int>(l->inputs[i].size()) != g.type(node.inputs[i]).rank()) return {};
  if (static_cast<int>(l->output.size()) != g.type(node.outputs[0]).rank()) return {};
  return l;
}

Op permuted(const Graph& g, const Node& node, const Layouts& l) {
  return std::visit([&](const auto& op) { return permuted_op(op, g, node, l); }, node.op);
}

std::optional<Perm> through_reshape(const Shape& from, const Shape& to, const Perm& p) {
  // Axes of `to` in stored order; extents of 1 go first, wherever they are.
  Perm out;
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i] == 1) out.push_back(static_cast<int64_t>(i));
  // Walk both shapes from the left in blocks of equal element count, the smallest possible; block_of maps the
  // first significant axis of a block of `from` to the axes of `to`.
  struct Block {
    Perm from, to;
  };
  std::vector<Block> blocks;
  size_t i = 0, j = 0;
  const auto next = [](const Shape& s, size_t& at) {
    while (at < s.size() && s[at] == 1) ++at;
    return at < s.size();
  };
  while (next(from, i)) {
    if (from[i] == 0 || !next(to, j)) return {};
    Block block{{static_cast<int64_t>(i)}, {static_cast<int64_t>(j)}};
    int64_t x = from[i++], y = to[j++];
    while (x != y) {
      if (x < y) {
        if (!next(from, i)) return {};
        block.from.push_back(static_cast<int64_t>(i));
        x *= from[i++];
      } else {
        if (!next(to, j)) return {};
        block.to.push_back(static_cast<int64_t>(j));
        y *= to[j++];
      }
      if (x == 0 || y == 0) return {};
    }
    blocks.push_back(std::move(block));
  }
  if (next(to, j)) return {};
  Perm significant;
  for (int64_t axis : p)
    if (from[axis] != 1) significant.push_back(axis);
  for (size_t at = 0; at < significant.size();) {
    const auto block = std::find_if(blocks.begin(), blocks.end(),
                                    [&](const Block& b) { return b.from.front() == significant[at]; });
    if (block == blocks.end()) return {};
    for (int64_t axis : block->from)
      if (at == significant.size() || significant[at++] != axis) return {};
    out.insert(out.end(), block->to.begin(), block->to.end());
  }
  return out;
}

}  // namespace halite::ir
