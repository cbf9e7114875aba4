// Reductions that are sums of something, or something of sums.
#include "frontend/decompose/decompose.h"

namespace halite::frontend {

V reduce_l1(Builder& b, V x, const Axes& axes) { return b.sum(b.unary(Fn::abs, x), axes); }

V reduce_l2(Builder& b, V x, const Axes& axes) { return b.unary(Fn::sqrt, reduce_sum_square(b, x, axes)); }

V reduce_log_sum(Builder& b, V x, const Axes& axes) { return b.unary(Fn::log, b.sum(x, axes)); }

V reduce_log_sum_exp(Builder& b, V x, const Axes& axes) {
  // exp(x - max) never overflows; a maximum of -inf must not be subtracted from itself.
  const V max = b.reduce(ir::Reduce::Kind::max, x, axes);
  const V shift = b.select(b.unary(Fn::is_inf, max), b.scalar(0, b.dtype(x)), max);
  return b.add(b.unary(Fn::log, b.sum(b.unary(Fn::exp, b.sub(x, shift)), axes)), shift);
}

V reduce_sum_square(Builder& b, V x, const Axes& axes) { return b.sum(b.square(x), axes); }

}  // namespace halite::frontend
