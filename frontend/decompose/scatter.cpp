// Scattering, seen from what is written: each element finds the updates that meet it by comparing its own
// place with all indices, and combines them. So nothing is written in an order that data decides, and the
// cost is elements times updates. https://onnx.ai/onnx/operators/onnx__ScatterElements.html
#include "frontend/decompose/indexing.h"

namespace halite::frontend {
namespace {

/// Comparisons, of one byte each where they are stored.
constexpr int64_t kMaxComparisons = 1 << 26;

void check_cost(int64_t elements, int64_t updates) {
  if (updates > 0 && elements > kMaxComparisons / updates)
    reject_unsupported("it compares " + std::to_string(elements) + " places with " + std::to_string(updates) +
                           " indices; at most 67108864 comparisons are supported",
                       "indices");
}

Fn function_of(Scatter kind) {
  switch (kind) {
    case Scatter::add:
      return Fn::add;
    case Scatter::mul:
      return Fn::mul;
    case Scatter::max:
      return Fn::max;
    default:
      return Fn::min;
  }
}

ir::Reduce::Kind reduction_of(Scatter kind) {
  switch (kind) {
    case Scatter::add:
      return ir::Reduce::Kind::sum;
    case Scatter::mul:
      return ir::Reduce::Kind::prod;
    case Scatter::max:
      return ir::Reduce::Kind::max;
    default:
      return ir::Reduce::Kind::min;
  }
}

/// x met by all updates that match along `axis`: x has extent 1 there, and the updates broadcast to `match`.
V combine(Builder& b, V x, V match, V updates, int64_t axis, Scatter kind) {
  // Where nothing matches stands what changes nothing: for max and min, x itself.
  const bool ordered = kind == Scatter::max || kind == Scatter::min;
  const V neutral = ordered ? x : b.scalar(kind == Scatter::mul, b.dtype(x));
  const V met = b.reduce(reduction_of(kind), b.select(match, updates, neutral), {axis});
  return b.binary(function_of(kind), x, met);
}

struct Last {
  V any, index;
};
/// The last match along an axis, which goes, and whether there is one.
Last last_match(Builder& b, V match, int64_t axis) {
  const V hits = b.cast(match, DType::u8);
  const V any = b.binary(Fn::greater, b.reduce(ir::Reduce::Kind::max, hits, {axis}, false), 0.0);
  return {any, b.squeeze(b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, axis, true}, {hits}), {axis})};
}

/// Rows of x replaced by rows of updates at places known beforehand: one gather from both.
V replace_known(Builder& b, V x, V updates, const Tensor& at, int64_t rows) {
  std::vector<int64_t> from(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) from[i] = i;
  for (int64_t i = 0; i < at.type().elements(); ++i) {
    const auto place = static_cast<int64_t>(at.at(i));
    if (place < 0 || place >= rows) reject_invalid("an index lies outside the tensor", "indices");
    from[place] = rows + i;
  }
  return b.op(ir::Gather{0}, {b.concat({x, updates}, 0), b.cast(b.integers(from), DType::i32)});
}

}  // namespace

V scatter_elements(Builder& b, V x, V indices, V updates, int64_t axis, Scatter kind) {
  const Shape s = b.shape(x);
  std::vector<int64_t> perm, back(s.size());
  for (int64_t d = 0; d < b.rank(x); ++d)
    if (d != axis) perm.push_back(d);
  perm.push_back(axis);
  for (size_t d = 0; d < perm.size(); ++d) back[perm[d]] = static_cast<int64_t>(d);
  // Indices may have fewer rows than x; a place of -1 meets nothing.
  ir::Pad pad{ir::Pad::Mode::constant, Axes(s.size(), 0), Axes(s.size(), 0), -1};
  bool shorter = false;
  for (int64_t d = 0; d < b.rank(x); ++d) {
    if (d == axis) continue;
    pad.after[d] = s[d] - b.shape(indices)[d];
    shorter = shorter || pad.after[d] != 0;
  }
  V at = places(b, indices, s[axis]);
  if (shorter) {
    at = b.op(pad, {at});
    pad.value = 0;
    updates = b.op(pad, {updates});
  }
  const int64_t n = s[axis], m = b.shape(at)[axis], rows = n ? b.type(x).elements() / n : 0;
  check_cost(b.type(x).elements(), m);
  const V flat = b.reshape(b.transpose(x, perm), {rows, n});
  const V met = b.reshape(b.transpose(updates, perm), {rows, m});
  const V match = b.binary(Fn::equal, b.reshape(b.transpose(at, perm), {rows, 1, m}),
                           b.reshape(b.cast(b.iota(n), DType::i32), {1, n, 1}));
  V y = flat;
  if (kind == Scatter::replace) {
    const Last last = last_match(b, match, 2);
    y = b.select(last.any, gather_elements(b, met, last.index, 1), flat);
  } else {
    y = combine(b, b.reshape(flat, {rows, n, 1}), match, b.reshape(met, {rows, 1, m}), 2, kind);
  }
  Shape moved;
  for (const int64_t d : perm) moved.push_back(s[d]);
  return b.transpose(b.reshape(y, moved), back);
}

V scatter_nd(Builder& b, V x, V indices, V updates, Scatter kind) {
  const Shape s = b.shape(x), where = b.shape(indices);
  const int64_t depth = where.back(), last_axis = b.rank(indices) - 1;
  const Shape addressed(s.begin(), s.begin() + depth);
  const int64_t rows = extent_of(s, 0, depth), width = extent_of(s, depth, b.rank(x));
  const int64_t count = extent_of(where, 0, last_axis);
  V at = b.cast(indices, DType::i32);
  at = b.select(b.binary(Fn::less, at, 0.0), b.add(at, b.cast(b.integers(addressed), DType::i32)), at);
  at = b.mul(at, b.cast(b.integers(ir::contiguous_strides(addressed)), DType::i32));
  at = b.reshape(b.sum(at, {last_axis}), {1, count});
  const V flat = b.reshape(x, {rows, width}), met = b.reshape(updates, {count, width});
  if (count == 0) return x;
  if (const Tensor* known = kind == Scatter::replace ? b.constant(at) : nullptr)
    return b.reshape(replace_known(b, flat, met, *known, rows), s);
  check_cost(kind == Scatter::replace ? rows : b.type(x).elements(), count);
  const V match = b.binary(Fn::equal, b.reshape(b.cast(b.iota(rows), DType::i32), {rows, 1}), at);
  if (kind != Scatter::replace)
    return b.reshape(combine(b, b.reshape(flat, {rows, 1, width}), b.reshape(match, {rows, count, 1}),
                             b.reshape(met, {1, count, width}), 1, kind),
                     s);
  const Last last = last_match(b, match, 1);
  const V rows_met = b.op(ir::Gather{0}, {met, last.index});
  return b.reshape(b.select(b.reshape(last.any, {rows, 1}), rows_met, flat), s);
}

}  // namespace halite::frontend
