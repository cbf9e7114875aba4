// Different rows by comparing each with each, without a sort: a row's number is how many first rows come
// before it, and the k-th different row is the first of number k.
// https://onnx.ai/onnx/operators/onnx__Unique.html
#include "frontend/decompose/indexing.h"
#include "frontend/decompose/selection.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxComparisons = 1 << 26;

V any(Builder& b, V mask, int64_t axis) {
  const V most = b.reduce(ir::Reduce::Kind::max, b.cast(mask, DType::u8), {axis}, false);
  return b.binary(Fn::greater, most, b.scalar(0, DType::u8));
}

struct Order {
  V equal, less;  ///< boolean [n,n]: of row i (first axis) and row k
};

/// Lexicographic: rows compare as the first elements that differ.
Order compare_rows(Builder& b, V x) {
  const int64_t n = b.shape(x)[0], width = b.shape(x)[1];
  const V each = b.reshape(x, {n, 1, width}), other = b.reshape(x, {1, n, width});
  V equal = b.binary(Fn::equal, each, other), less = b.binary(Fn::less, each, other);
  if (ir::is_float(b.dtype(x))) {
    const V nan = b.unary(Fn::is_nan, each), other_nan = b.unary(Fn::is_nan, other);
    equal = b.binary(Fn::logical_or, equal, b.binary(Fn::logical_and, nan, other_nan));
    less =
        b.binary(Fn::logical_or, less, b.binary(Fn::logical_and, b.unary(Fn::logical_not, nan), other_nan));
  }
  const V differ = b.unary(Fn::logical_not, equal);
  if (width > 1) {
    const V before = cumulative_sum(b, b.cast(differ, DType::i32), 2, true, false);
    less = b.binary(Fn::logical_and, less, b.binary(Fn::equal, before, 0.0));
  }
  return {b.unary(Fn::logical_not, any(b, differ, 2)), any(b, less, 2)};
}

}  // namespace

Unique unique_rows(Builder& b, V x, bool sorted) {
  const int64_t n = b.shape(x)[0], width = b.shape(x)[1];
  if (n * n > kMaxComparisons / std::max<int64_t>(width, 1))
    reject_unsupported("it compares each of " + std::to_string(n) + " slices of " + std::to_string(width) +
                       " elements with each other; at most 67108864 comparisons are supported");
  const Order order = compare_rows(b, x);
  const V place = b.iota(n);
  // The first row that each is equal to.
  const V first_equal =
      b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 1, false}, {b.cast(order.equal, DType::u8)});
  const V is_first = b.binary(Fn::equal, first_equal, b.reshape(place, {n, 1}));  // [n,1]
  // Which first rows (first axis) come before each row (second axis).
  const V comes_before =
      sorted ? order.less : b.binary(Fn::less, b.reshape(place, {n, 1}), b.reshape(first_equal, {1, n}));
  const V number = b.sum(b.cast(b.binary(Fn::logical_and, is_first, comes_before), DType::i32), {0}, false);
  const V hits =
      b.cast(b.binary(Fn::equal, b.reshape(number, {1, n}), b.reshape(b.cast(place, DType::i32), {n, 1})),
             DType::i32);
  const V count = b.cast(b.reshape(b.sum(b.cast(is_first, DType::i32), {0}), {}), DType::i64);
  const V first = b.reshape(b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 1, false}, {hits}), {n});
  const V counts = b.cast(b.sum(hits, {1}, false), DType::i64);
  const V places = b.with_extent(first, 0, count);
  return {b.op(ir::Gather{0}, {x, places}), places, b.cast(number, DType::i64),
          b.with_extent(counts, 0, count)};
}

}  // namespace halite::frontend
