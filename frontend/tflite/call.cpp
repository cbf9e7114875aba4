// See call.h.
#include "frontend/tflite/call.h"

namespace halite::frontend {

const TfliteTensor& TfliteCall::tensor(size_t i) const {
  if (!has(i)) reject_invalid("input " + std::to_string(i) + " is missing, which the operator needs");
  return graph_.tensors[static_cast<size_t>(node_.inputs[i])];
}

const TfliteTensor& TfliteCall::result(size_t i) const {
  if (i >= output_count()) reject_invalid("output " + std::to_string(i) + " is missing");
  return graph_.tensors[static_cast<size_t>(node_.outputs[i])];
}

const TfliteTensor& TfliteCall::intermediate(size_t i) const {
  const auto* list = node_.table->intermediates();
  if (!list || i >= list->size()) reject_invalid("intermediate tensor " + std::to_string(i) + " is missing");
  const int tensor = list->Get(static_cast<flatbuffers::uoffset_t>(i));
  if (tensor < 0 || static_cast<size_t>(tensor) >= graph_.tensors.size())
    reject_invalid("intermediate tensor " + std::to_string(i) + " does not exist");
  return graph_.tensors[static_cast<size_t>(tensor)];
}

DType TfliteCall::output_dtype(size_t i) const {
  const TfliteTensor& tensor = result(i);
  if (!tensor.dtype)
    reject_unsupported(std::string("its output is of type ") + tflite::EnumNameTensorType(tensor.kind) +
                       ", which is not supported");
  return *tensor.dtype;
}

const ir::Quantization* TfliteCall::quantization(size_t i) const {
  const auto& q = tensor(i).quantization;
  return q ? &*q : nullptr;
}

const ir::Quantization* TfliteCall::output_quantization(size_t i) const {
  const auto& q = result(i).quantization;
  return q ? &*q : nullptr;
}

bool TfliteCall::computes_quantized() const {
  for (size_t i = 0; i < output_count(); ++i)
    if (output_quantization(i)) return true;
  for (size_t i = 0; i < input_count(); ++i)
    if (is_quantized(i) && !b.constant(in(i))) return true;
  return false;
}

Quantized TfliteCall::quantized(size_t i) const {
  const ir::Quantization* q = quantization(i);
  if (!q)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(type(i)) + ", which has no scale");
  return {in(i), *q};
}

quantized::Output TfliteCall::output(size_t i, tflite::ActivationFunctionType function) const {
  using A = tflite::ActivationFunctionType;
  const ir::Quantization* q = output_quantization(i);
  if (!q) reject_invalid("output " + std::to_string(i) + " has no scale");
  quantized::Output output{output_dtype(i), *q};
  output.rounding = numbers_.rounding;
  switch (function) {
    case A::NONE:
      break;
    case A::RELU:
      output.activation = quantized::Activation::relu;
      break;
    case A::RELU_N1_TO_1:
      output.activation = quantized::Activation::relu_n1_to_1;
      break;
    case A::RELU6:
      output.activation = quantized::Activation::relu6;
      break;
    default:
      reject_unsupported(std::string("the activation ") + tflite::EnumNameActivationFunctionType(function) +
                             " is not supported for quantized tensors",
                         "activation");
  }
  return output;
}

void TfliteCall::make_real() {
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (is_quantized(i)) inputs_[i] = real(i);
}

V TfliteCall::as_output(V x, size_t i) const {
  return output_quantization(i) && b.dtype(x) == DType::f32 ? quantized::quantize(b, x, output(i)) : x;
}

V TfliteCall::real(size_t i) const {
  const V x = in(i);
  if (b.dtype(x) == DType::f32) return x;
  const auto known = numbers_.reals.find(x);
  if (known != numbers_.reals.end()) return known->second;
  // Constants are converted at once: no fold of the builder's makes tensors that much larger.
  const Tensor* value = b.constant(x);
  const bool is_float = ir::is_float(b.dtype(x));
  if (is_float && !value) return b.cast(x, DType::f32);
  const ir::Quantization* q = quantization(i);
  if (!is_float && !q)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(type(i)) + ", which has no scale");
  if (!value) return quantized::dequantize(b, {x, *q});
  return numbers_.reals[x] =
             b.constant(is_float ? dequantize(*value, {{1}, {0}, -1}) : dequantize(*value, *q));
}

V TfliteCall::activate(V x, tflite::ActivationFunctionType function) const {
  using A = tflite::ActivationFunctionType;
  switch (function) {
    case A::NONE:
      return x;
    case A::RELU:
      return b.unary(Fn::relu, x);
    case A::RELU_N1_TO_1:
      return b.unary(Fn::clamp, x, -1, 1);
    case A::RELU6:
      return b.unary(Fn::clamp, x, 0, 6);
    case A::TANH:
      return b.unary(Fn::tanh, x);
    default:
      reject_unsupported(std::string("the activation ") + tflite::EnumNameActivationFunctionType(function) +
                             " is not supported",
                         "activation");
  }
}

Tensor dequantize(const Tensor& from, const ir::Quantization& q) {
  const Shape& shape = from.type().shape;
  const int64_t count = from.type().elements();
  const auto channels = static_cast<int64_t>(q.scale.size());
  int64_t inner = 1;  // elements that lie between two neighbours of the axis
  if (channels > 1) {
    if (q.axis < 0 || q.axis >= from.type().rank() || shape[q.axis] != channels)
      reject_invalid("it has " + std::to_string(channels) + " scales along axis " + std::to_string(q.axis) +
                     ", but is " + ir::to_string(from.type()));
    inner = extent_of(shape, q.axis + 1, from.type().rank());
  }
  Tensor to = Tensor::zeros({DType::f32, shape, {}});
  const auto out = to.mutable_data<float>();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t c = channels > 1 ? i / inner % channels : 0;
    out[i] = q.scale[c] * static_cast<float>(from.at(i) - static_cast<double>(q.zero_point[c]));
  }
  return to;
}

}  // namespace halite::frontend
