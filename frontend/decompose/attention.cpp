// See attention.h.
#include "frontend/decompose/attention.h"

namespace halite::frontend {
namespace {

void check_operands(Builder& b, const Attention& a) {
  const Shape q = b.shape(a.q), k = b.shape(a.k), v = b.shape(a.v);
  const bool fits = q.size() == 4 && k.size() == 4 && v.size() == 4 && q[0] == k[0] && k[0] == v[0] &&
                    k[1] == v[1] && k[1] > 0 && q[1] % k[1] == 0 && k[2] == v[2] && q[3] == k[3] && q[3] > 0;
  if (!fits)
    reject_invalid("its query " + ir::to_string(q) + ", key " + ir::to_string(k) + " and value " +
                   ir::to_string(v) +
                   " do not fit; [batch, heads, length, size] is needed, of one batch and query heads that "
                   "are a multiple of the others");
}

}  // namespace

Attended attend(Builder& b, const Attention& a) {
  check_operands(b, a);
  const Shape q = b.shape(a.q), k = b.shape(a.k);
  const int64_t batch = q[0], h = q[1], s = q[2], g = k[1], t = k[2], e = b.shape(a.v)[3];
  // Heads that share keys are rows of one product, so that nothing is repeated.
  const int64_t rows = extent_of({h / g, s}, 0, 2);
  const V queries = b.reshape(a.scale == 1 ? a.q : b.mul(a.q, a.scale), {batch, g, rows, q[3]});
  const V products = b.reshape(b.matmul(queries, a.k, {false, true}), {batch, h, s, t});
  V scores = products;
  if (a.softcap > 0) scores = b.mul(b.unary(Fn::tanh, b.mul(scores, 1 / a.softcap)), a.softcap);
  if (a.bias) scores = b.add(scores, *a.bias);
  const V weights = b.op(ir::Softmax{3}, {scores});
  const V y = b.matmul(b.reshape(weights, {batch, g, rows, t}), a.v);
  return {b.reshape(y, {batch, h, s, e}), products, scores, weights};
}

V split_heads(Builder& b, V x, int64_t heads, const char* attribute) {
  const Shape s = b.shape(x);
  if (s.size() != 3 || heads < 1 || s[2] % heads != 0)
    reject_invalid(std::string(attribute) + " is " + std::to_string(heads) + ", which does not divide " +
                       ir::to_string(b.type(x)) + " into heads",
                   attribute);
  return b.transpose(b.reshape(x, {s[0], s[1], heads, s[2] / heads}), {0, 2, 1, 3});
}

V join_heads(Builder& b, V x) {
  const Shape s = b.shape(x);
  return b.reshape(b.transpose(x, {0, 2, 1, 3}), {s[0], s[2], extent_of({s[1], s[3]}, 0, 2)});
}

V bias_of_mask(Builder& b, V keep, double masked, DType dtype) {
  return b.select(keep, b.scalar(0, dtype), b.scalar(masked, dtype));
}

V causal_bias(Builder& b, int64_t s, int64_t t, int64_t first, double masked, DType dtype) {
  const V last = b.add(b.reshape(b.iota(s), {s, 1}), static_cast<double>(first));
  const V seen = b.binary(Fn::less_equal, b.reshape(b.iota(t), {1, t}), last);
  return bias_of_mask(b, seen, masked, dtype);
}

V rotate_pairs(Builder& b, V x, V cos, V sin, bool interleaved) {
  const Shape s = b.shape(x);
  const int64_t half = b.shape(cos)[3], rest = s[3] - 2 * half;
  V turned = b.slice(x, 3, 0, 2 * half);
  // The two of a pair in the axis `pair`.
  const int64_t pair = interleaved ? 4 : 3;
  Shape pairs{s[0], s[1], s[2], half, 2};
  if (!interleaved) pairs = {s[0], s[1], s[2], 2, half};
  turned = b.reshape(turned, pairs);
  const V real = b.squeeze(b.slice(turned, pair, 0, 1), {pair}),
          imaginary = b.squeeze(b.slice(turned, pair, 1, 1), {pair});
  const V new_real = b.sub(b.mul(real, cos), b.mul(imaginary, sin));
  const V new_imaginary = b.add(b.mul(real, sin), b.mul(imaginary, cos));
  turned = b.concat({b.unsqueeze(new_real, {pair}), b.unsqueeze(new_imaginary, {pair})}, pair);
  turned = b.reshape(turned, {s[0], s[1], s[2], 2 * half});
  return rest == 0 ? turned : b.concat({turned, b.slice(x, 3, 2 * half, rest)}, 3);
}

}  // namespace halite::frontend
