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
  Walk(Builder& b, const Recurrent& layer, int64_t gates, std::optional<V> bias)
      : b_(b), layer_(layer), steps_(b.shape(layer.x)[0]), batch_(b.shape(layer.x)[1]) {
    const int64_t in = b.shape(layer.x)[2], all = b.shape(layer.w)[0];
    const V rows = b.reshape(layer.x, {extent_of({steps_, batch_}, 0, 2), in});
    products_ = b.reshape(b.matmul(rows, layer.w, kTransposed, bias), {steps_, batch_, all});
    hidden_ = all / gates;
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

  /// A state behind this step: where the sequence has ended, the one before it.
  V kept(V fresh, V old) { return layer_.lengths ? b_.select(lasts_, fresh, old) : fresh; }

  /// `step` takes the input's products [batch, gates*h] and returns the new hidden state.
  template <class Step>
  V run(Step&& step) {
    std::vector<V> states(static_cast<size_t>(steps_));
    for (int64_t i = 0; i < steps_; ++i) {
      const int64_t t = layer_.reverse ? steps_ - 1 - i : i;
      if (layer_.lengths) {
        const V lengths = b_.reshape(*layer_.lengths, {batch_, 1});
        lasts_ = b_.binary(Fn::greater, lengths, static_cast<double>(t));
      }
      V h = step(b_.squeeze(b_.slice(products_, 0, t, 1), {0}));
      if (layer_.lengths) h = b_.select(lasts_, h, b_.scalar(0, b_.dtype(h)));
      states[static_cast<size_t>(t)] = b_.unsqueeze(h, {0});
    }
    return b_.concat(std::move(states), 0);
  }

 private:
  Builder& b_;
  const Recurrent& layer_;
  int64_t steps_, batch_, hidden_ = 0;
  V products_;
  V lasts_;  ///< whether each sequence has this step, [batch, 1]
};

std::optional<V> sum_of_biases(Builder& b, const Recurrent& layer) {
  if (!layer.input_bias || !layer.recurrent_bias) return layer.input_bias;
  return b.add(*layer.input_bias, *layer.recurrent_bias);
}

}  // namespace

RecurrentResult lstm(Builder& b, const Recurrent& layer) {
  // Without an input gate the others lie one place further to the front.
  const int64_t first = layer.couple_forget_input ? 1 : 0;
  Walk walk(b, layer, 4 - first, sum_of_biases(b, layer));
  V h = layer.h, c = *layer.c;
  // Gate k's sum plus what the cell's state adds to it through a peephole.
  const auto peek = [&](V gates, int64_t k, V state) {
    const V sum = walk.gate(gates, k - first);
    return layer.peephole ? b.add(sum, b.mul(state, walk.rows(*layer.peephole, k - first))) : sum;
  };
  const auto rest = [&](V gate) { return b.sub(b.scalar(1, b.dtype(gate)), gate); };
  const auto clip = [&](V x, double bound) { return bound > 0 ? b.unary(Fn::clamp, x, -bound, bound) : x; };
  const V y = walk.run([&](V products) {
    const V old_h = h, old_c = c;
    const V gates = b.add(products, b.matmul(h, layer.r, kTransposed));
    V i, f;
    if (layer.couple_forget_input) {
      f = walk.activate(0, peek(gates, 2, c));
      i = rest(f);
    } else {
      i = walk.activate(0, peek(gates, 0, c));
      f = layer.couple_input_forget ? rest(i) : walk.activate(0, peek(gates, 2, c));
    }
    const V fresh = b.mul(i, walk.activate(1, walk.gate(gates, 3 - first)));
    c = clip(b.add(b.mul(f, c), fresh), layer.cell_clip);
    const V o = walk.activate(0, peek(gates, 1, c));
    h = b.mul(o, walk.activate(2, c));
    if (layer.projection)
      h = clip(b.matmul(h, *layer.projection, kTransposed, layer.projection_bias), layer.projection_clip);
    c = walk.kept(c, old_c);
    return h = walk.kept(h, old_h);
  });
  return {y, h, c};
}

RecurrentResult gru(Builder& b, const Recurrent& layer) {
  Walk walk(b, layer, 3, layer.input_bias);
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
    return h = walk.kept(b.add(candidate, b.mul(z, b.sub(h, candidate))), h);
  });
  return {y, h, {}};
}

RecurrentResult rnn(Builder& b, const Recurrent& layer) {
  Walk walk(b, layer, 1, sum_of_biases(b, layer));
  V h = layer.h;
  const V y = walk.run([&](V products) {
    return h = walk.kept(walk.activate(0, b.add(products, b.matmul(h, layer.r, kTransposed))), h);
  });
  return {y, h, {}};
}

}  // namespace halite::frontend
