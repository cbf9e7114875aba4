// Operators on quantized tensors of the domain com.microsoft, as what they mean: real arithmetic between
// Dequantize and Quantize, of which the pass fold_quantization makes integer operators.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

V one_scale(const OnnxCall& call, size_t i) {
  if (call.type(i).elements() != 1)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) +
                   "; one scale is needed");
  return call.b.reshape(call.in(i), {1});
}

std::vector<int64_t> one_zero(const OnnxCall& call, size_t i) {
  return {call.has(i) ? call.known_integer(i, "zero_point") : 0};
}

/// Operand `i`, whose scale and zero point are the next two.
V real(const OnnxCall& call, size_t i) {
  return call.b.op(ir::Dequantize{one_zero(call, i + 2)}, {call.in(i), one_scale(call, i + 1)});
}

/// With the scale and zero point that operands `i` and i+1 are.
std::vector<V> quantized(const OnnxCall& call, V y, size_t i, DType to) {
  ir::Quantize op;
  op.to = call.has(i + 1) ? call.type(i + 1).dtype : to;
  op.zero_point = one_zero(call, i + 1);
  return {call.b.op(op, {y, one_scale(call, i)})};
}

std::vector<V> binary(OnnxCall& call, Fn fn) {
  return quantized(call, call.b.binary(fn, real(call, 0), real(call, 3)), 6, call.type(0).dtype);
}

}  // namespace

std::vector<V> import_qlinear_add(OnnxCall& call) { return binary(call, Fn::add); }
std::vector<V> import_qlinear_mul(OnnxCall& call) { return binary(call, Fn::mul); }

std::vector<V> import_qlinear_sigmoid(OnnxCall& call) {
  return quantized(call, call.b.unary(Fn::sigmoid, real(call, 0)), 3, call.type(0).dtype);
}

std::vector<V> import_qlinear_leaky_relu(OnnxCall& call) {
  const V y = call.b.unary(Fn::leaky_relu, real(call, 0), call.real("alpha", 0.01f));
  return quantized(call, y, 3, call.type(0).dtype);
}

/// Over all axes but the first and that of the channels.
std::vector<V> import_qlinear_global_average_pool(OnnxCall& call) {
  const int64_t rank = call.rank(0);
  if (rank < 3) reject_invalid("its input " + ir::to_string(call.type(0)) + " has no spatial axes");
  const Axes axes = call.flag("channels_last", false) ? axis_range(1, rank - 1) : axis_range(2, rank);
  return quantized(call, call.b.mean(real(call, 0), axes), 3, call.type(0).dtype);
}

/// The output's scale and zero point come first, then each tensor with its own.
std::vector<V> import_qlinear_concat(OnnxCall& call) {
  if (call.input_count() < 5 || call.input_count() % 3 != 2)
    reject_invalid("it has " + std::to_string(call.input_count()) +
                   " inputs; two and three for each tensor are needed");
  std::vector<V> parts;
  for (size_t i = 2; i < call.input_count(); i += 3) parts.push_back(real(call, i));
  const V y = call.b.concat(parts, normalize_axis(call.required_integer("axis"), call.rank(2)));
  return quantized(call, y, 0, call.type(2).dtype);
}

}  // namespace halite::frontend
