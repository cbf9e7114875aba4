// See recurrent.h. https://onnx.ai/onnx/operators/onnx__LSTM.html
// https://onnx.ai/onnx/operators/onnx__GRU.html
#include "frontend/decompose/recurrent.h"

#include <algorithm>

namespace halite::frontend {
namespace {

constexpr ir::MatMul kTransposed{false, true};

/// What the three kinds have in common: the walk over time and the bound on activations.
class Walk {
 public:
  Walk(Builder& b, const Recurrent& layer, std::optional<V> bias)
      : b_(b), layer_(layer), steps_(b.shape(layer.x)[0]), batch_(b.shape(layer.x)[1]) {
    const int64_t in = b.shape(layer.x)[2], all = b.shape(layer.w)[0];
    const V rows = b.reshape(layer.x, {extent_of({steps_, batch_}, 0, 2), in});
    products_ = b.reshape(b.matmul(rows, layer.w, kTransposed, bias), {steps_, batch_, all});
    hidden_ = b.shape(layer.r)[1];
  }

  /// Gate `k` of a [batch, gates*h] tensor.
  V gate(V gates, int64_t k) { return b_.slice(gates, 1, k * hidden_, hidden_); }
  /// Gate `k` of weights or biases, which have their gates in axis 0.
  V rows(V weights, int64_t k, int64_t count = 1) {
    return b_.slice(weights, 0, k * hidden_, count * hidden_);
  }
  V activate(size_t f, V x) {
    return layer_.activations[f](b_, layer_.clip > 0 ? b_.unary(Fn::clamp, x, -layer_.clip, layer_.clip) : x);
  }

  /// `step` takes the input's products [batch, gates*h] and returns the new hidden state.
  template <class Step>
  V run(Step&& step) {
    std::vector<V> states(static_cast<size_t>(steps_));
    for (int64_t i = 0; i < steps_; ++i) {
      const int64_t t = layer_.reverse ? steps_ - 1 - i : i;
      const V h = step(b_.squeeze(b_.slice(products_, 0, t, 1), {0}));
      states[static_cast<size_t>(t)] = b_.unsqueeze(h, {0});
    }
    return b_.concat(std::move(states), 0);
  }

 private:
  Builder& b_;
  const Recurrent& layer_;
  int64_t steps_, batch_, hidden_ = 0;
  V products_;
};

std::optional<V> sum_of_biases(Builder& b, const Recurrent& layer) {
  if (!layer.input_bias || !layer.recurrent_bias) return layer.input_bias;
  return b.add(*layer.input_bias, *layer.recurrent_bias);
}

}  // namespace

RecurrentResult lstm(Builder& b, const Recurrent& layer) {
  Walk walk(b, layer, sum_of_biases(b, layer));
  V h = layer.h, c = *layer.c;
  // Gate k's sum plus what the cell's state adds to it through a peephole.
  const auto peek = [&](V gates, int64_t k, V state) {
    const V sum = walk.gate(gates, k);
    return layer.peephole ? b.add(sum, b.mul(state, walk.rows(*layer.peephole, k))) : sum;
  };
  const V y = walk.run([&](V products) {
    const V gates = b.add(products, b.matmul(h, layer.r, kTransposed));
    const V i = walk.activate(0, peek(gates, 0, c));
    const V f =
        layer.couple_input_forget ? b.sub(b.scalar(1, b.dtype(i)), i) : walk.activate(0, peek(gates, 2, c));
    c = b.add(b.mul(f, c), b.mul(i, walk.activate(1, walk.gate(gates, 3))));
    const V o = walk.activate(0, peek(gates, 1, c));
    return h = b.mul(o, walk.activate(2, c));
  });
  return {y, h, c};
}

RecurrentResult gru(Builder& b, const Recurrent& layer) {
  Walk walk(b, layer, layer.input_bias);
  V h = layer.h;
  const auto bias = [&](int64_t k, int64_t count) {
    return layer.recurrent_bias ? std::optional(walk.rows(*layer.recurrent_bias, k, count)) : std::nullopt;
  };
  const V y = walk.run([&](V products) {
    const V both = b.matmul(h, walk.rows(layer.r, 0, 2), kTransposed, bias(0, 2));
    const V z = walk.activate(0, b.add(walk.gate(products, 0), walk.gate(both, 0)));
    const V r = walk.activate(0, b.add(walk.gate(products, 1), walk.gate(both, 1)));
    const V inner = layer.linear_before_reset ? h : b.mul(r, h);
    V recurrent = b.matmul(inner, walk.rows(layer.r, 2), kTransposed, bias(2, 1));
    if (layer.linear_before_reset) recurrent = b.mul(r, recurrent);
    const V candidate = walk.activate(1, b.add(walk.gate(products, 2), recurrent));
    // (1 - z) * candidate + z * h
    return h = b.add(candidate, b.mul(z, b.sub(h, candidate)));
  });
  return {y, h, {}};
}

RecurrentResult rnn(Builder& b, const Recurrent& layer) {
  Walk walk(b, layer, sum_of_biases(b, layer));
  V h = layer.h;
  const V y = walk.run(
      [&](V products) { return h = walk.activate(0, b.add(products, b.matmul(h, layer.r, kTransposed))); });
  return {y, h, {}};
}

}  // namespace halite::frontend
