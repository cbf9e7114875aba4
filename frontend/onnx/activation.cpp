// Activations with attributes, and softmax with its kin. https://onnx.ai/onnx/operators/
#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// Up to version 12 these operators looked at the tensor as a matrix: everything from `axis` on was one row.
template <class Along>
V along_axis(OnnxCall& call, Along&& along) {
  Builder& b = call.b;
  const V x = call.in(0);
  const bool matrix = call.version < 13;
  const int64_t otherwise = !matrix ? -1 : b.rank(x) > 1 ? 1 : 0;
  const int64_t axis = normalize_axis(call.integer("axis", otherwise), std::max<int64_t>(1, b.rank(x)));
  if (b.rank(x) == 0) return b.reshape(along(b.reshape(x, {1}), 0), {});
  const Shape shape = b.shape(x);
  if (!matrix || extent_of(shape, axis + 1, b.rank(x)) == 1) return along(x, axis);
  const V rows = b.reshape(x, {extent_of(shape, 0, axis), extent_of(shape, axis, b.rank(x))});
  return b.reshape(along(rows, 1), shape);
}

}  // namespace

std::vector<V> import_leaky_relu(OnnxCall& call) {
  call.ignore({"consumed_inputs"});
  return {call.b.unary(Fn::leaky_relu, call.in(0), call.real("alpha", 0.01f))};
}

std::vector<V> import_elu(OnnxCall& call) {
  call.ignore({"consumed_inputs"});
  return {call.b.unary(Fn::elu, call.in(0), call.real("alpha", 1))};
}

std::vector<V> import_celu(OnnxCall& call) {
  return {call.b.unary(Fn::celu, call.in(0), call.real("alpha", 1))};
}

std::vector<V> import_selu(OnnxCall& call) {
  call.ignore({"consumed_inputs"});
  const bool rounded = call.version < 6;
  const double alpha = call.real("alpha", rounded ? 1.6732f : 1.67326319217681884765625);
  const double gamma = call.real("gamma", rounded ? 1.0507f : 1.05070102214813232421875);
  return {call.b.unary(Fn::selu, call.in(0), alpha, gamma)};
}

std::vector<V> import_hard_sigmoid(OnnxCall& call) {
  call.ignore({"consumed_inputs"});
  return {call.b.unary(Fn::hard_sigmoid, call.in(0), call.real("alpha", 0.2f), call.real("beta", 0.5))};
}

std::vector<V> import_thresholded_relu(OnnxCall& call) {
  return {thresholded_relu(call.b, call.in(0), call.real("alpha", 1))};
}

std::vector<V> import_shrink(OnnxCall& call) {
  return {shrink(call.b, call.in(0), call.real("bias", 0), call.real("lambd", 0.5))};
}

std::vector<V> import_gelu(OnnxCall& call) {
  const std::string form = call.text("approximate", "none");
  if (form != "none" && form != "tanh")
    reject_invalid("approximate is '" + form + "'; none and tanh exist", "approximate");
  return {form == "tanh" ? gelu_tanh(call.b, call.in(0)) : gelu(call.b, call.in(0))};
}

std::vector<V> import_mish(OnnxCall& call) { return {mish(call.b, call.in(0))}; }

std::vector<V> import_swish(OnnxCall& call) { return {swish(call.b, call.in(0), call.real("alpha", 1))}; }

std::vector<V> import_softmax(OnnxCall& call) {
  return {along_axis(call, [&](V x, int64_t axis) { return call.b.op(ir::Softmax{axis, false}, {x}); })};
}

std::vector<V> import_log_softmax(OnnxCall& call) {
  return {along_axis(call, [&](V x, int64_t axis) { return call.b.op(ir::Softmax{axis, true}, {x}); })};
}

std::vector<V> import_hardmax(OnnxCall& call) {
  return {along_axis(call, [&](V x, int64_t axis) { return hardmax(call.b, x, axis); })};
}

}  // namespace halite::frontend
