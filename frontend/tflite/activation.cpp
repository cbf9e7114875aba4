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
  const V x = call.in(0);
  switch (call.node().op) {
    case tflite::BuiltinOperator::RELU6:
      return {b.unary(Fn::clamp, x, 0, 6)};
    case tflite::BuiltinOperator::RELU_N1_TO_1:
      return {b.unary(Fn::clamp, x, -1, 1)};
    case tflite::BuiltinOperator::RELU_0_TO_1:
      return {b.unary(Fn::clamp, x, 0, 1)};
    default:
      return {b.unary(Fn::relu, x)};
  }
}

std::vector<V> import_tflite_elu(TfliteCall& call) { return {call.b.unary(Fn::elu, call.in(0), 1)}; }

std::vector<V> import_tflite_leaky_relu(TfliteCall& call) {
  return {call.b.unary(Fn::leaky_relu, call.in(0), call.options<tflite::LeakyReluOptions>().alpha())};
}

std::vector<V> import_tflite_gelu(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::GeluOptions>();
  return {options && options->approximate() ? gelu_tanh(call.b, call.in(0)) : gelu(call.b, call.in(0))};
}

std::vector<V> import_tflite_softmax(TfliteCall& call) {
  expect_axes(call);
  const float beta = call.options<tflite::SoftmaxOptions>().beta();
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
