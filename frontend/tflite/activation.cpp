// Activations, softmax and normalisations. The channel is the last axis.
#include "frontend/decompose/decompose.h"
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

void expect_axes(const TfliteCall& call) {
  if (call.rank(0) < 1) reject_invalid("its input " + ir::to_string(call.type(0)) + " has no axis");
}

}  // namespace

std::vector<V> import_tflite_relu(TfliteCall& call) {
  Builder& b = call.b;
  float low = 0;
  std::optional<float> high;
  if (call.node().op == tflite::BuiltinOperator::RELU6) high = 6;
  if (call.node().op == tflite::BuiltinOperator::RELU_0_TO_1) high = 1;
  if (call.node().op == tflite::BuiltinOperator::RELU_N1_TO_1) low = -1, high = 1;
  if (call.computes_quantized()) return {quantized::relu(b, call.quantized(0), low, high, call.output())};
  return {high ? b.unary(Fn::clamp, call.in(0), low, *high) : b.unary(Fn::relu, call.in(0))};
}

std::vector<V> import_tflite_elu(TfliteCall& call) { return {call.b.unary(Fn::elu, call.in(0), 1)}; }

std::vector<V> import_tflite_leaky_relu(TfliteCall& call) {
  const float alpha = call.options<tflite::LeakyReluOptions>().alpha();
  if (call.computes_quantized())
    return {quantized::leaky_relu(call.b, call.quantized(0), alpha, call.output())};
  return {call.b.unary(Fn::leaky_relu, call.in(0), alpha)};
}

std::vector<V> import_tflite_gelu(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::GeluOptions>();
  return {options && options->approximate() ? gelu_tanh(call.b, call.in(0)) : gelu(call.b, call.in(0))};
}

std::vector<V> import_tflite_softmax(TfliteCall& call) {
  expect_axes(call);
  const float beta = call.options<tflite::SoftmaxOptions>().beta();
  if (call.computes_quantized()) return {quantized::softmax(call.b, call.quantized(0), beta, call.output())};
  const V x = beta == 1 ? call.in(0) : call.b.mul(call.in(0), beta);
  return {call.b.op(ir::Softmax{call.rank(0) - 1, false}, {x})};
}

std::vector<V> import_tflite_log_softmax(TfliteCall& call) {
  expect_axes(call);
  return {call.b.op(ir::Softmax{call.rank(0) - 1, true}, {call.in(0)})};
}

/// x / max(|x|, 1e-6) over the channels.
std::vector<V> import_tflite_l2_normalization(TfliteCall& call) {
  expect_axes(call);
  Builder& b = call.b;
  const V norm = reduce_l2(b, call.in(0), {call.rank(0) - 1});
  const auto* options = call.maybe_options<tflite::L2NormOptions>();
  const V y = b.div(call.in(0), b.binary(Fn::max, norm, 1e-6));
  return {options ? call.activate(y, options->activation()) : y};
}

std::vector<V> import_tflite_local_response_normalization(TfliteCall& call) {
  Builder& b = call.b;
  const auto& options = call.options<tflite::LocalResponseNormalizationOptions>();
  if (call.rank(0) != 4) reject_invalid("its input " + ir::to_string(call.type(0)) + " must have rank 4");
  if (options.radius() < 0 || options.radius() > 4096) reject_invalid("its radius is out of range", "radius");
  const int64_t size = 2 * static_cast<int64_t>(options.radius()) + 1;
  const V x = b.transpose(call.in(0), {0, 3, 1, 2});
  const V y =
      local_response_norm(b, x, size, static_cast<double>(options.alpha()) * static_cast<double>(size),
                          options.beta(), options.bias());
  return {b.transpose(y, {0, 2, 3, 1})};
}

}  // namespace halite::frontend
