// Picking what a mask holds, without writing in an order that data decide: the k-th place is the first at
// which the mask's cumulative sum is k+1. https://onnx.ai/onnx/operators/onnx__NonZero.html
#include "frontend/decompose/selection.h"

#include "frontend/decompose/indexing.h"

namespace halite::frontend {
namespace {

/// Up to here each place is compared with each sum, in one kernel.
constexpr int64_t kFewCompared = 256;

/// For each k the number of sums, which ascend, that are at most k.
V search(Builder& b, V sums, V k) {
  const int64_t n = b.shape(sums)[0];
  if (n <= kFewCompared) {
    const V before = b.binary(Fn::less_equal, b.reshape(sums, {1, n}), b.reshape(k, {n, 1}));
    return b.sum(b.cast(before, DType::i32), {1}, false);
  }
  int64_t step = 1;
  while (2 * step <= n) step *= 2;
  // `at` sums are known to be at most k. What lies beyond the last sum is read as that, and not counted.
  V at = b.mul(k, 0.0);
  for (; step >= 1; step /= 2) {
    const V next = b.add(at, static_cast<double>(step));
    const V sum = b.op(ir::Gather{0}, {sums, b.add(next, -1.0)});
    const V fits = b.binary(Fn::logical_and, b.binary(Fn::less_equal, next, static_cast<double>(n)),
                            b.binary(Fn::less_equal, sum, k));
    at = b.select(fits, next, at);
  }
  return at;
}

}  // namespace

V places_where(Builder& b, V mask) {
  const int64_t n = b.shape(mask)[0];
  if (n == 0) return b.constant(Tensor::zeros({DType::i32, {0}, {}}));
  const V sums = cumulative_sum(b, b.cast(mask, DType::i32), 0, false, false);
  const V count = b.reshape(b.slice(sums, 0, n - 1, 1), {});
  const V k = b.cast(b.iota(n), DType::i32);
  // Beyond the last place stands 0, which may be read, too.
  const V at = b.select(b.binary(Fn::less, k, count), search(b, sums, k), b.scalar(0, DType::i32));
  return b.with_extent(at, 0, b.cast(count, DType::i64));
}

V non_zero(Builder& b, V x) {
  const Shape shape = b.shape(x);
  const int64_t n = b.type(x).elements();
  const auto rank = static_cast<int64_t>(shape.size());
  if (n == 0) return b.constant(Tensor::zeros({DType::i64, {rank, 0}, {}}));
  const V flat = b.reshape(x, {n});
  const V mask = b.dtype(x) == DType::boolean ? flat : b.binary(Fn::not_equal, flat, b.scalar(0, b.dtype(x)));
  const V at = places_where(b, mask);
  const auto strides = ir::contiguous_strides(shape);
  std::vector<V> indices;
  for (int64_t d = 0; d < rank; ++d) {
    const V whole = b.div(at, b.scalar(static_cast<double>(strides[d]), DType::i32));
    const V index =
        d == 0 ? whole : b.binary(Fn::mod, whole, b.scalar(static_cast<double>(shape[d]), DType::i32));
    indices.push_back(b.unsqueeze(index, {0}));
  }
  return b.cast(b.concat(indices, 0), DType::i64);
}

V compress(Builder& b, V x, V condition, int64_t axis) {
  return b.op(ir::Gather{axis}, {x, places_where(b, condition)});
}

}  // namespace halite::frontend
