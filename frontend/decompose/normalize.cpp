// Normalisations: subtract a mean, divide by a deviation. Layer, instance, group and mean-variance
// normalisation differ only in the axes and in the view of the tensor, which the front ends choose.
// https://arxiv.org/abs/1607.06450 https://arxiv.org/abs/1910.07467
#include "frontend/decompose/decompose.h"

namespace halite::frontend {

Normalized normalize(Builder& b, V x, const Axes& axes, double epsilon) {
  const V mean = b.mean(x, axes);
  const V centred = b.sub(x, mean);
  const V variance = b.mean(b.square(centred), axes);
  const V inverse = b.unary(Fn::reciprocal, b.unary(Fn::sqrt, b.add(variance, epsilon)));
  return {b.mul(centred, inverse), mean, inverse};
}

V rms_normalize(Builder& b, V x, const Axes& axes, double epsilon) {
  const V mean_square = b.mean(b.square(x), axes);
  return b.mul(x, b.unary(Fn::reciprocal, b.unary(Fn::sqrt, b.add(mean_square, epsilon))));
}

V lp_normalize(Builder& b, V x, int64_t axis, int64_t p) {
  const V norm = p == 1 ? reduce_l1(b, x, {axis}) : reduce_l2(b, x, {axis});
  const V zero = b.scalar(0, b.dtype(x));
  return b.select(b.binary(Fn::equal, norm, zero), zero, b.div(x, norm));
}

V batch_norm(Builder& b, V x, V scale, V shift, V mean, V variance, int64_t axis, double epsilon) {
  Shape along(static_cast<size_t>(b.rank(x)), 1);
  along[axis] = b.shape(x)[axis];
  const V factor = b.div(scale, b.unary(Fn::sqrt, b.add(variance, epsilon)));
  const V offset = b.sub(shift, b.mul(mean, factor));
  return b.add(b.mul(x, b.reshape(factor, along)), b.reshape(offset, along));
}

}  // namespace halite::frontend
