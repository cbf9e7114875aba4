// Cumulative sums and the largest elements, without a sort. https://onnx.ai/onnx/operators/onnx__TopK.html
#include <limits>

#include "frontend/decompose/indexing.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxRanked = 4096;  ///< elements that are compared each with each
constexpr int64_t kFewRanked = 256;   ///< up to here that is always the way
constexpr int64_t kMaxRounds = 256;

/// x [rows, n]. An element's rank is the number of those before it; the one of rank r is output r.
TopK by_ranks(Builder& b, V x, int64_t k, bool largest) {
  const int64_t rows = b.shape(x)[0], n = b.shape(x)[1];
  const V each = b.reshape(x, {rows, n, 1}), other = b.reshape(x, {rows, 1, n});
  const V place = b.cast(b.iota(n), DType::i32);
  const V earlier = b.binary(Fn::less, b.reshape(place, {1, 1, n}), b.reshape(place, {1, n, 1}));
  const V ties = b.binary(Fn::logical_and, b.binary(Fn::equal, other, each), earlier);
  const V wins = b.binary(Fn::logical_or, b.binary(largest ? Fn::greater : Fn::less, other, each), ties);
  const V rank = b.sum(b.cast(wins, DType::i32), {2}, false);
  const V hit =
      b.binary(Fn::equal, b.reshape(rank, {rows, 1, n}), b.reshape(b.cast(b.iota(k), DType::i32), {1, k, 1}));
  const V at =
      b.squeeze(b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 2, false}, {b.cast(hit, DType::u8)}), {2});
  return {gather_elements(b, x, at, 1), at};
}

/// One after another: the best of what is left. What is taken becomes worse than every number of the type.
TopK by_rounds(Builder& b, V x, int64_t k, bool largest) {
  const DType dtype = b.dtype(x);
  const auto kind = largest ? ir::ArgReduce::Kind::max : ir::ArgReduce::Kind::min;
  const auto infinity = std::numeric_limits<double>::infinity();
  V left = ir::is_float(dtype) ? x : b.cast(x, DType::i64);
  const V worst = b.scalar(largest ? -infinity : infinity, b.dtype(left));
  const V places = b.iota(b.shape(x)[1]);
  std::vector<V> values, indices;
  for (int64_t i = 0; i < k; ++i) {
    const V at = b.op(ir::ArgReduce{kind, 1, false}, {left});
    indices.push_back(at);
    values.push_back(b.reduce(largest ? ir::Reduce::Kind::max : ir::Reduce::Kind::min, left, {1}));
    left = b.select(b.binary(Fn::equal, at, places), worst, left);
  }
  return {b.cast(b.concat(values, 1), dtype), b.concat(indices, 1)};
}

}  // namespace

V cumulative_sum(Builder& b, V x, int64_t axis, bool exclusive, bool reversed) {
  // In log2(n) steps: each adds what lies 1, 2, 4, ... places before.
  const int64_t extent = b.shape(x)[axis];
  const auto shifted = [&](V v, int64_t by) {
    const auto rank = static_cast<size_t>(b.rank(v));
    ir::Pad pad{ir::Pad::Mode::constant, Axes(rank, 0), Axes(rank, 0), 0};
    pad.before[axis] = reversed ? -by : by;
    pad.after[axis] = reversed ? by : -by;
    return b.op(pad, {v});
  };
  V sum = exclusive && extent > 0 ? shifted(x, 1) : x;
  for (int64_t by = 1; by < extent; by *= 2) sum = b.add(sum, shifted(sum, by));
  return sum;
}

TopK top_k(Builder& b, V x, int64_t k, int64_t axis, bool largest) {
  const Shape s = b.shape(x);
  if (k < 0 || k > s[axis])
    reject_invalid("k is " + std::to_string(k) + ", but its input is " + ir::to_string(b.type(x)), "k");
  if (k == 0) reject_unsupported("k is 0", "k");
  if (k > kMaxRounds && s[axis] > kMaxRanked)
    reject_unsupported("k is " + std::to_string(k) + "; at most 256 of more than 4096 elements are supported",
                       "k");
  std::vector<int64_t> perm = axis_range(0, b.rank(x));
  std::swap(perm[axis], perm.back());
  const V moved = b.transpose(x, perm);
  Shape to = b.shape(moved);
  const V rows = b.reshape(moved, {extent_of(to, 0, b.rank(x) - 1), s[axis]});
  const bool rank = s[axis] <= kFewRanked || k > kMaxRounds;
  const TopK top = rank ? by_ranks(b, rows, k, largest) : by_rounds(b, rows, k, largest);
  to.back() = k;
  const auto back = [&](V v) { return b.transpose(b.reshape(v, to), perm); };
  return {back(top.values), back(top.indices)};
}

}  // namespace halite::frontend
