// Determinants by Gaussian elimination with partial pivoting, unrolled.
// https://onnx.ai/onnx/operators/onnx__Det.html
#include "frontend/decompose/decompose.h"

namespace halite::frontend {

V determinant(Builder& b, V x) {
  const Shape s = b.shape(x);
  const int64_t rank = b.rank(x), n = s.back(), batch = extent_of(s, 0, rank - 2);
  const Shape to(s.begin(), s.end() - 2);
  V rows = b.reshape(x, {batch, n, n});
  V product = b.broadcast(b.scalar(1, b.dtype(x)), {batch, 1, 1});
  for (int64_t left = n; left > 0; --left) {  // rows is [batch, left, left]
    const V column = b.slice(rows, 2, 0, 1), size = b.unary(Fn::abs, column);
    const V at = b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 1, false}, {size});  // [batch, 1, 1]
    const V is_pivot = b.binary(Fn::equal, b.reshape(b.iota(left), {1, left, 1}), at);
    const V zero = b.scalar(0, b.dtype(x));
    const V pivot = b.sum(b.select(is_pivot, rows, zero), {1});  // [batch, 1, left]
    const V value = b.slice(pivot, 2, 0, 1);
    // Exchanging two rows changes the sign; the first row takes the pivot's place.
    const V moved = b.binary(Fn::greater, at, b.scalar(0, DType::i64));
    product = b.mul(product, b.select(moved, b.unary(Fn::neg, value), value));
    if (left == 1) break;
    const V exchanged = b.select(is_pivot, b.slice(rows, 1, 0, 1), rows);
    const V rest = b.slice(b.slice(exchanged, 1, 1, left - 1), 2, 1, left - 1);
    const V first = b.slice(b.slice(exchanged, 1, 1, left - 1), 2, 0, 1);
    const V safe = b.select(b.binary(Fn::equal, value, 0.0), b.scalar(1, b.dtype(x)), value);
    rows = b.sub(rest, b.mul(b.div(first, safe), b.slice(pivot, 2, 1, left - 1)));
  }
  return b.reshape(product, to);
}

}  // namespace halite::frontend
