// LSTM and RNN layers, and SVDF; the arithmetic is in frontend/decompose/recurrent.h. States are variables of
// the model: they live from one run to the next. Weights may be quantized where the activations are real
// numbers.
#include "frontend/decompose/recurrent.h"

#include "frontend/decompose/quantized_recurrent.h"
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

/// Every step becomes nodes of its own, so the number of steps must have an end.
constexpr int64_t kMaxSteps = 1024;

/// Where the operands of one direction lie; 0 where the operator has no such operand.
struct LstmOperands {
  size_t input, recurrent;  ///< weights of the gates i, f, c, o, one after another
  size_t peephole;          ///< i, f, o
  size_t bias;              ///< i, f, c, o
  size_t projection;        ///< weights, bias
  size_t hidden, cell;      ///< states
};
constexpr LstmOperands kForward{1, 5, 9, 12, 16, 18, 19};
constexpr LstmOperands kBidirectional[] = {{1, 5, 9, 12, 16, 35, 36}, {18, 22, 26, 29, 33, 37, 38}};

struct LstmOptions {
  tflite::ActivationFunctionType activation;
  double cell_clip, projection_clip;
  bool time_major;
};

/// [steps, batch, in]; `time_major` says which of the first two comes first in the model.
V time_first(TfliteCall& call, bool time_major) {
  if (call.rank(0) != 3) reject_invalid("its input " + ir::to_string(call.type(0)) + " must have rank 3");
  const V x = time_major ? call.in(0) : call.b.transpose(call.in(0), {1, 0, 2});
  const int64_t steps = call.b.shape(x)[0];
  if (steps < 1 || steps > kMaxSteps)
    reject_unsupported("its sequence has " + std::to_string(steps) + " steps; 1 to " +
                       std::to_string(kMaxSteps) + " can be unrolled");
  return x;
}

V time_as_before(Builder& b, V y, bool time_major) { return time_major ? y : b.transpose(y, {1, 0, 2}); }

void expect_shape(const TfliteCall& call, size_t i, const Shape& shape) {
  if (call.has(i) && call.shape(i) != shape)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) + ", but " +
                   ir::to_string(shape) + " is needed");
}

Activation activation(const TfliteCall& call, tflite::ActivationFunctionType function) {
  return [&call, function](Builder&, V x) { return call.activate(x, function); };
}

Recurrent read_lstm(TfliteCall& call, V x, const LstmOperands& at, const LstmOptions& options, bool reverse) {
  Builder& b = call.b;
  const bool coupled = !call.has(at.input);
  const int64_t in = b.shape(x)[2], batch = b.shape(x)[1];
  if (call.rank(at.input + 1) != 2 || call.rank(at.recurrent + 1) != 2)
    reject_invalid("its weights must be matrices");
  const int64_t h = call.shape(at.input + 1)[0], out = call.shape(at.recurrent + 1)[1];
  // The file's order of gates is i, f, c, o, ours i, o, f, c.
  const auto gates = [&](size_t first, const Shape& shape) {
    std::vector<V> parts;
    for (const size_t gate : {size_t{0}, size_t{3}, size_t{1}, size_t{2}}) {
      if (gate == 0 && coupled) continue;
      call.in(first + gate);
      expect_shape(call, first + gate, shape);
      parts.push_back(call.real(first + gate));
    }
    return b.concat(parts, 0);
  };
  Recurrent layer{x, gates(at.input, {h, in}), gates(at.recurrent, {h, out}), gates(at.bias, {h})};
  layer.couple_forget_input = coupled;
  if (call.has(at.peephole + 1)) {
    std::vector<V> parts;
    for (const size_t gate : {size_t{0}, size_t{2}, size_t{1}}) {
      if (gate == 0 && coupled) continue;
      expect_shape(call, at.peephole + gate, {h});
      parts.push_back(call.real(at.peephole + gate));
    }
    layer.peephole = b.concat(parts, 0);
  }
  if (call.has(at.projection)) {
    expect_shape(call, at.projection, {out, h});
    expect_shape(call, at.projection + 1, {out});
    layer.projection = call.real(at.projection);
    layer.projection_bias = call.maybe_real(at.projection + 1);
  } else if (out != h) {
    reject_invalid("its recurrent weights " + ir::to_string(call.type(at.recurrent + 1)) + " must be square");
  }
  expect_shape(call, at.hidden, {batch, out});
  expect_shape(call, at.cell, {batch, h});
  layer.h = call.in(at.hidden);
  layer.c = call.in(at.cell);
  const Activation sigmoid = [](Builder& builder, V v) { return builder.unary(Fn::sigmoid, v); };
  layer.activations = {sigmoid, activation(call, options.activation), activation(call, options.activation)};
  layer.cell_clip = options.cell_clip;
  layer.projection_clip = options.projection_clip;
  layer.reverse = reverse;
  return layer;
}

V run_lstm(TfliteCall& call, V x, const LstmOperands& at, const LstmOptions& options, bool reverse = false) {
  const RecurrentResult result = lstm(call.b, read_lstm(call, x, at, options, reverse));
  call.update(at.hidden, result.h);
  call.update(at.cell, *result.c);
  return result.y;
}

/// The same with integers; the file's order of gates is i, f, c, o.
V run_quantized_lstm(TfliteCall& call, V x, const LstmOperands& at, const LstmOptions& options) {
  quantized::Lstm layer;
  const Shape w = call.shape(at.input + 1), r = call.shape(at.recurrent + 1), xs = call.b.shape(x);
  if (w.size() != 2 || r.size() != 2) reject_invalid("its weights must be matrices");
  if (call.type(at.hidden).dtype != DType::i8 || call.type(at.cell).dtype != DType::i16 ||
      options.activation != tflite::ActivationFunctionType::TANH)
    reject_unsupported("only 8-bit layers with a 16-bit cell and TANH are supported");
  layer.x = {x, call.quantized(0).q};
  for (size_t k = 0; k < 4; ++k) {
    if (k == 0 && !call.has(at.input)) continue;
    expect_shape(call, at.input + k, {w[0], xs[2]});
    expect_shape(call, at.recurrent + k, {w[0], r[1]});
    expect_shape(call, at.bias + k, {w[0]});
    layer.gates[k] = {
        call.quantized(at.input + k), call.quantized(at.recurrent + k), call.in(at.bias + k), {}};
  }
  // i, f and o look at the cell.
  for (const auto [gate, operand] : {std::pair<size_t, size_t>{0, 0}, {1, 1}, {3, 2}}) {
    if (!layer.gates[gate] || !call.has(at.peephole + operand)) continue;
    expect_shape(call, at.peephole + operand, {w[0]});
    layer.gates[gate]->peephole = call.quantized(at.peephole + operand);
  }
  expect_shape(call, at.hidden, {xs[1], r[1]});
  expect_shape(call, at.cell, {xs[1], w[0]});
  layer.h = call.quantized(at.hidden);
  layer.c = call.quantized(at.cell);
  const auto& hidden = call.intermediate(4).quantization;
  if (!hidden) reject_invalid("its hidden tensor has no scale");
  layer.hidden = *hidden;
  if (call.has(at.projection)) {
    expect_shape(call, at.projection, {r[1], w[0]});
    expect_shape(call, at.projection + 1, {r[1]});
    layer.projection = call.quantized(at.projection);
    layer.projection_bias = call.maybe(at.projection + 1);
  } else if (r[1] != w[0]) {
    reject_invalid("its recurrent weights " + ir::to_string(call.type(at.recurrent + 1)) + " must be square");
  }
  layer.cell_clip = static_cast<float>(options.cell_clip);
  layer.projection_clip = static_cast<float>(options.projection_clip);
  const quantized::LstmResult result = quantized::lstm(call.b, layer);
  call.update(at.hidden, result.h);
  call.update(at.cell, result.c);
  return result.y;
}

void refuse_operands(const TfliteCall& call, size_t first, size_t last, const char* what) {
  for (size_t i = first; i < last; ++i)
    if (call.has(i)) reject_unsupported(std::string(what) + " is not supported", what);
}

/// Operands of an RNN from `first` on: weights, recurrent weights, bias, state.
V run_rnn(TfliteCall& call, V x, size_t first, tflite::ActivationFunctionType function,
          bool reverse = false) {
  Builder& b = call.b;
  if (call.rank(first) != 2) reject_invalid("its weights must be matrices");
  const int64_t h = call.shape(first)[0];
  expect_shape(call, first, {h, b.shape(x)[2]});
  expect_shape(call, first + 1, {h, h});
  expect_shape(call, first + 2, {h});
  expect_shape(call, first + 3, {b.shape(x)[1], h});
  Recurrent layer{x, call.real(first), call.real(first + 1), call.real(first + 2)};
  layer.h = call.in(first + 3);
  layer.activations = {activation(call, function)};
  layer.reverse = reverse;
  const RecurrentResult result = rnn(b, layer);
  call.update(first + 3, result.h);
  return result.y;
}

std::vector<V> both(TfliteCall& call, V forward, V backward, bool time_major, bool merge) {
  const V a = time_as_before(call.b, forward, time_major), z = time_as_before(call.b, backward, time_major);
  if (merge) return {call.b.concat({a, z}, 2)};
  return {a, z};
}

}  // namespace

std::vector<V> import_tflite_sequence_lstm(TfliteCall& call) {
  const auto& o = call.options<tflite::UnidirectionalSequenceLSTMOptions>();
  refuse_operands(call, 20, 24, "layer normalization");
  if (o.diagonal_recurrent_tensors()) reject_unsupported("diagonal recurrent weights are not supported");
  const LstmOptions options{o.activation(), o.cell_clip(), o.proj_clip(), o.time_major()};
  const V x = time_first(call, o.time_major());
  const V y = call.computes_quantized() ? run_quantized_lstm(call, x, kForward, options)
                                        : run_lstm(call, x, kForward, options);
  return {time_as_before(call.b, y, o.time_major())};
}

/// One step of the same.
std::vector<V> import_tflite_lstm(TfliteCall& call) {
  const auto& o = call.options<tflite::LSTMOptions>();
  if (o.kernel_type() != tflite::LSTMKernelType::FULL)
    reject_unsupported("the basic kernel is not supported", "kernel_type");
  if (call.output_count() != 1) reject_unsupported("only the form with one output is supported");
  refuse_operands(call, 20, 24, "layer normalization");
  if (call.rank(0) != 2) reject_invalid("its input " + ir::to_string(call.type(0)) + " must have rank 2");
  const V y = run_lstm(call, call.b.unsqueeze(call.in(0), {0}), kForward,
                       {o.activation(), o.cell_clip(), o.proj_clip(), true});
  return {call.b.squeeze(y, {0})};
}

std::vector<V> import_tflite_bidirectional_lstm(TfliteCall& call) {
  const auto& o = call.options<tflite::BidirectionalSequenceLSTMOptions>();
  refuse_operands(call, 39, 48, "an auxiliary input");
  const LstmOptions options{o.activation(), o.cell_clip(), o.proj_clip(), o.time_major()};
  const V x = time_first(call, o.time_major());
  const V forward = run_lstm(call, x, kBidirectional[0], options);
  const V backward = run_lstm(call, x, kBidirectional[1], options, true);
  return both(call, forward, backward, o.time_major(), o.merge_outputs());
}

std::vector<V> import_tflite_sequence_rnn(TfliteCall& call) {
  const auto& o = call.options<tflite::SequenceRNNOptions>();
  const V y = run_rnn(call, time_first(call, o.time_major()), 1, o.activation());
  return {time_as_before(call.b, y, o.time_major())};
}

std::vector<V> import_tflite_rnn(TfliteCall& call) {
  const auto& o = call.options<tflite::RNNOptions>();
  if (call.rank(0) != 2) reject_invalid("its input " + ir::to_string(call.type(0)) + " must have rank 2");
  return {call.b.squeeze(run_rnn(call, call.b.unsqueeze(call.in(0), {0}), 1, o.activation()), {0})};
}

std::vector<V> import_tflite_bidirectional_rnn(TfliteCall& call) {
  const auto& o = call.options<tflite::BidirectionalSequenceRNNOptions>();
  refuse_operands(call, 9, 12, "an auxiliary input");
  const V x = time_first(call, o.time_major());
  const V forward = run_rnn(call, x, 1, o.activation());
  const V backward = run_rnn(call, x, 5, o.activation(), true);
  return both(call, forward, backward, o.time_major(), o.merge_outputs());
}

/// Operands: x [batch,in], features [filters,in], times [filters,memory], bias [units], state
/// [batch,filters*memory]. The state remembers each filter's last products; a unit is the sum of its `rank`
/// filters over time. https://research.google/pubs/pub43813/
std::vector<V> import_tflite_svdf(TfliteCall& call) {
  Builder& b = call.b;
  const auto& o = call.options<tflite::SVDFOptions>();
  if (call.rank(0) != 2 || call.rank(1) != 2 || call.rank(2) != 2)
    reject_invalid("its operands must be matrices");
  const int64_t batch = call.shape(0)[0], filters = call.shape(1)[0], memory = call.shape(2)[1];
  if (o.rank() < 1 || filters % o.rank() != 0 || memory < 1)
    reject_invalid("rank is " + std::to_string(o.rank()) + " with " + std::to_string(filters) + " filters",
                   "rank");
  expect_shape(call, 1, {filters, call.shape(0)[1]});
  expect_shape(call, 2, {filters, memory});
  expect_shape(call, 3, {filters / o.rank()});
  expect_shape(call, 4, {batch, extent_of({filters, memory}, 0, 2)});
  V state = b.reshape(call.in(4), {batch, filters, memory});
  if (call.computes_quantized()) {
    const quantized::Svdf layer{
        call.quantized(0), call.quantized(1), call.quantized(2), call.maybe(3), {state, call.quantized(4).q},
        o.rank()};
    const auto [y, after] = quantized::svdf(b, layer, call.output(0, o.activation()));
    call.update(4, b.reshape(after, call.shape(4)));
    return {y};
  }
  const V fresh = b.matmul(call.in(0), call.real(1), {false, true});
  state = b.concat({b.slice(state, 2, 1, memory - 1), b.reshape(fresh, {batch, filters, 1})}, 2);
  call.update(4, b.reshape(state, call.shape(4)));
  const V sums = b.sum(b.mul(state, call.real(2)), {2}, false);
  V y = b.sum(b.reshape(sums, {batch, filters / o.rank(), o.rank()}), {2}, false);
  if (call.has(3)) y = b.add(y, call.real(3));
  return {call.activate(y, o.activation())};
}

}  // namespace halite::frontend
