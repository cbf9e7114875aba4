// Activations that are formulas of two or three elementwise functions; fusion makes one kernel of them.
#include <cmath>
#include <numbers>

#include "frontend/decompose/decompose.h"

namespace halite::frontend {

V gelu(Builder& b, V x) {
  const V erf = b.unary(Fn::erf, b.mul(x, 1 / std::numbers::sqrt2));
  return b.mul(b.mul(x, 0.5), b.add(erf, 1));
}

V gelu_tanh(Builder& b, V x) {
  const V cube = b.mul(b.square(x), x);
  const V inner = b.mul(b.add(x, b.mul(cube, 0.044715)), std::sqrt(2 / std::numbers::pi));
  return b.mul(b.mul(x, 0.5), b.add(b.unary(Fn::tanh, inner), 1));
}

V mish(Builder& b, V x) { return b.mul(x, b.unary(Fn::tanh, b.unary(Fn::softplus, x))); }

V swish(Builder& b, V x, double alpha) {
  const V scaled = alpha == 1 ? x : b.mul(x, alpha);
  return b.mul(x, b.unary(Fn::sigmoid, scaled));
}

V thresholded_relu(Builder& b, V x, double alpha) {
  return b.select(b.binary(Fn::greater, x, alpha), x, b.scalar(0, b.dtype(x)));
}

V shrink(Builder& b, V x, double bias, double lambda) {
  const V above = b.select(b.binary(Fn::greater, x, lambda), b.add(x, -bias), b.scalar(0, b.dtype(x)));
  return b.select(b.binary(Fn::less, x, -lambda), b.add(x, bias), above);
}

V hardmax(Builder& b, V x, int64_t axis) {
  const V winner = b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, axis, false}, {x});
  Shape along(static_cast<size_t>(b.rank(x)), 1);
  along[axis] = b.shape(x)[axis];
  return b.cast(b.binary(Fn::equal, winner, b.reshape(b.iota(along[axis]), along)), b.dtype(x));
}

}  // namespace halite::frontend
