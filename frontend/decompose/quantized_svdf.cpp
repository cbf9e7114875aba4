// The integer SVDF of TFLite: 8-bit input and features, times and state of 16 bits (TFLite Micro: also 8).
// Every scaling is rounded twice, and factors are products in f32. https://research.google/pubs/pub43813/
#include "frontend/decompose/quantized_recurrent.h"

namespace halite::frontend::quantized {

SvdfResult svdf(Builder& b, const Svdf& layer, const Output& output) {
  constexpr auto kTwice = ir::Requantize::Rounding::twice;
  const Shape state = b.shape(layer.state.value);
  const float in = scale_of(layer.x.q), held = scale_of(layer.state.q);
  const ir::MatMul product{false, true, zero_of(layer.x.q, b.dtype(layer.x.value)), 0};
  const V sums = b.matmul(layer.x.value, layer.features.value, product);
  const FixedPoint first = fixed_point(in * scale_of(layer.features.q) / held);
  const V fresh = requantize(b, sums, {&first, 1}, kTwice, {b.dtype(layer.state.value), layer.state.q});
  const V kept = b.concat(
      {b.slice(layer.state.value, 2, 1, state[2] - 1), b.reshape(fresh, {state[0], state[1], 1})}, 2);

  const V products = b.mul(centred(b, {kept, layer.state.q}), b.cast(layer.times.value, DType::i32));
  const V filters = b.reshape(b.sum(products, {2}, false), {state[0], state[1] / layer.rank, layer.rank});
  V units = b.sum(filters, {2}, false);
  if (layer.bias) units = b.add(units, *layer.bias);
  const FixedPoint second = fixed_point(held * scale_of(layer.times.q) / scale_of(output.q));
  return {requantize(b, units, {&second, 1}, kTwice, output), kept};
}

}  // namespace halite::frontend::quantized
