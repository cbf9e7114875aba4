// LSTM, GRU and RNN: their operands per direction, activations and layouts; the arithmetic is in
// frontend/decompose/recurrent.h. https://onnx.ai/onnx/operators/onnx__LSTM.html
#include "frontend/decompose/recurrent.h"

#include <algorithm>

#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// Every step becomes nodes of its own, so the number of steps must have an end.
constexpr int64_t kMaxSteps = 1024;

struct Kind {
  int64_t gates;
  std::vector<std::string> activations;
  RecurrentResult (*build)(Builder&, const Recurrent&);
  size_t states;  ///< 2 with a cell state
};

/// Values of activation_alpha or activation_beta, taken one after another by the functions that have such a
/// parameter.
class Parameters {
 public:
  explicit Parameters(std::optional<std::vector<float>> values)
      : values_(values.value_or(std::vector<float>{})) {}
  double next(double otherwise) { return at_ < values_.size() ? values_[at_++] : otherwise; }

 private:
  std::vector<float> values_;
  size_t at_ = 0;
};

Activation plain(Fn fn, double alpha = 0, double beta = 0) {
  return [=](Builder& b, V x) { return b.unary(fn, x, alpha, beta); };
}

Activation read_activation(std::string name, Parameters& alphas, Parameters& betas) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char ch) { return std::tolower(ch); });
  if (name == "sigmoid") return plain(Fn::sigmoid);
  if (name == "tanh") return plain(Fn::tanh);
  if (name == "relu") return plain(Fn::relu);
  if (name == "softsign") return plain(Fn::softsign);
  if (name == "softplus") return plain(Fn::softplus);
  if (name == "leakyrelu") return plain(Fn::leaky_relu, alphas.next(0.01f));
  if (name == "elu") return plain(Fn::elu, alphas.next(1));
  if (name == "hardsigmoid") {
    const double alpha = alphas.next(0.2f);
    return plain(Fn::hard_sigmoid, alpha, betas.next(0.5));
  }
  const bool scaled = name == "scaledtanh";
  if (name == "affine" || scaled) {
    const double alpha = alphas.next(1), beta = betas.next(scaled ? 1 : 0);
    if (scaled) return [=](Builder& b, V x) { return b.mul(b.unary(Fn::tanh, b.mul(x, beta)), alpha); };
    return [=](Builder& b, V x) { return b.add(b.mul(x, alpha), beta); };
  }
  if (name == "thresholdedrelu") {
    const double alpha = alphas.next(1);
    return [=](Builder& b, V x) { return thresholded_relu(b, x, alpha); };
  }
  reject_unsupported("the activation '" + name + "' is not known", "activations");
}

int64_t read_directions(const OnnxCall& call, bool& first_reversed) {
  const std::string direction = call.text("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    reject_invalid("direction is '" + direction + "'; forward, reverse and bidirectional exist", "direction");
  first_reversed = direction == "reverse";
  return direction == "bidirectional" ? 2 : 1;
}

/// sequence_lens, if not every sequence has all steps.
std::optional<V> read_lengths(const OnnxCall& call, int64_t steps) {
  if (!call.has(4)) return {};
  if (!call.b.constant(call.in(4))) return call.in(4);
  bool all = true;
  for (const int64_t length : call.known_integers(4, "sequence_lens")) {
    if (length < 0 || length > steps)
      reject_invalid("a sequence has the length " + std::to_string(length) + ", but there are " +
                         std::to_string(steps) + " steps",
                     "sequence_lens");
    all = all && length == steps;
  }
  return all ? std::nullopt : std::optional(call.in(4));
}

void expect_shape(const OnnxCall& call, size_t i, const Shape& shape) {
  if (call.has(i) && call.shape(i) != shape)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) + ", but " +
                   ir::to_string(shape) + " is needed");
}

/// The layer of one direction. x and the states are in the layout [.., batch, ..] with directions first.
class Layer {
 public:
  Layer(OnnxCall& call, const Kind& kind) : call_(call), b_(call.b), kind_(kind) {
    batch_first_ = call.flag("layout", false);
    directions_ = read_directions(call, first_reversed_);
    x_ = call.in(0);
    if (call.rank(0) != 3 || call.rank(1) != 3 || call.rank(2) != 3)
      reject_invalid("X, W and R must have rank 3");
    if (batch_first_) x_ = b_.transpose(x_, {1, 0, 2});
    const Shape& x = b_.shape(x_);
    steps_ = x[0];
    batch_ = x[1];
    hidden_ = call.shape(2)[2];
    if (call.integer("hidden_size", hidden_) != hidden_)
      reject_invalid("hidden_size differs from R " + ir::to_string(call.type(2)), "hidden_size");
    if (steps_ > kMaxSteps)
      reject_unsupported("its sequence has " + std::to_string(steps_) + " steps; at most " +
                         std::to_string(kMaxSteps) + " can be unrolled");
    if (steps_ < 1) reject_unsupported("its sequence has no steps");
    const int64_t all = extent_of({kind.gates, hidden_}, 0, 2);
    expect_shape(call, 1, {directions_, all, x[2]});
    expect_shape(call, 2, {directions_, all, hidden_});
    expect_shape(call, 3, {directions_, extent_of({all, 2}, 0, 2)});
    const Shape state =
        batch_first_ ? Shape{batch_, directions_, hidden_} : Shape{directions_, batch_, hidden_};
    expect_shape(call, 5, state);
    if (kind.states == 2)
      expect_shape(call, 6, state), expect_shape(call, 7, {directions_, extent_of({hidden_, 3}, 0, 2)});
    expect_shape(call, 4, {batch_});
    lengths_ = read_lengths(call, steps_);
    read_activations();
  }

  std::vector<V> build() {
    std::vector<V> ys, hs, cs;
    for (int64_t d = 0; d < directions_; ++d) {
      const RecurrentResult result = kind_.build(b_, direction(d));
      ys.push_back(b_.unsqueeze(result.y, {1}));
      hs.push_back(b_.unsqueeze(result.h, {0}));
      if (result.c) cs.push_back(b_.unsqueeze(*result.c, {0}));
    }
    const V y = b_.concat(ys, 1);  // [steps, directions, batch, h]
    std::vector<V> outputs{batch_first_ ? b_.transpose(y, {2, 0, 1, 3}) : y, state_layout(b_.concat(hs, 0))};
    if (!cs.empty()) outputs.push_back(state_layout(b_.concat(cs, 0)));
    return outputs;
  }

 private:
  V state_layout(V state) { return batch_first_ ? b_.transpose(state, {1, 0, 2}) : state; }
  /// Operand `i` of direction `d`, whose axis is the first.
  V part(size_t i, int64_t d) { return b_.squeeze(b_.slice(call_.in(i), 0, d, 1), {0}); }

  V state(size_t i, int64_t d) {
    if (!call_.has(i)) return b_.broadcast(b_.scalar(0, b_.dtype(x_)), {batch_, hidden_});
    return b_.squeeze(b_.slice(state_layout(call_.in(i)), 0, d, 1), {0});
  }

  void read_activations() {
    auto names = call_.texts("activations").value_or(std::vector<std::string>{});
    const size_t each = kind_.activations.size();
    if (names.empty())
      for (int64_t d = 0; d < directions_; ++d)
        names.insert(names.end(), kind_.activations.begin(), kind_.activations.end());
    if (names.size() != each * static_cast<size_t>(directions_))
      reject_invalid("activations has " + std::to_string(names.size()) + " names, but " +
                         std::to_string(each * static_cast<size_t>(directions_)) + " are needed",
                     "activations");
    Parameters alphas(call_.reals("activation_alpha")), betas(call_.reals("activation_beta"));
    for (const auto& name : names) activations_.push_back(read_activation(name, alphas, betas));
  }

  Recurrent direction(int64_t d) {
    Recurrent layer{x_, part(1, d), part(2, d)};
    if (call_.has(3)) {
      const V bias = part(3, d);
      const int64_t all = kind_.gates * hidden_;
      layer.input_bias = b_.slice(bias, 0, 0, all);
      layer.recurrent_bias = b_.slice(bias, 0, all, all);
    }
    layer.h = state(5, d);
    if (kind_.states == 2) {
      layer.c = state(6, d);
      if (call_.has(7)) layer.peephole = part(7, d);
      layer.couple_input_forget = call_.flag("input_forget", false);
    }
    if (kind_.gates == 3) layer.linear_before_reset = call_.flag("linear_before_reset", false);
    const auto each = static_cast<long>(kind_.activations.size());
    layer.activations.assign(activations_.begin() + d * each, activations_.begin() + (d + 1) * each);
    layer.clip = call_.real("clip", 0);
    layer.lengths = lengths_;
    layer.reverse = d == 1 || first_reversed_;
    return layer;
  }

  OnnxCall& call_;
  Builder& b_;
  const Kind& kind_;
  V x_;
  bool batch_first_ = false, first_reversed_ = false;
  int64_t directions_ = 1, steps_ = 0, batch_ = 0, hidden_ = 0;
  std::vector<Activation> activations_;
  std::optional<V> lengths_;
};

std::vector<V> import_recurrent(OnnxCall& call, const Kind& kind) {
  call.ignore({"output_sequence"});
  return Layer(call, kind).build();
}

}  // namespace

std::vector<V> import_lstm(OnnxCall& call) {
  return import_recurrent(call, {4, {"Sigmoid", "Tanh", "Tanh"}, lstm, 2});
}
std::vector<V> import_gru(OnnxCall& call) { return import_recurrent(call, {3, {"Sigmoid", "Tanh"}, gru, 1}); }
std::vector<V> import_rnn(OnnxCall& call) { return import_recurrent(call, {1, {"Tanh"}, rnn, 1}); }

}  // namespace halite::frontend
