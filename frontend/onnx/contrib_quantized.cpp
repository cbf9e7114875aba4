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

/// What an importer of the standard's domain makes of the node, as of that version and on other operands.
std::vector<V> standard(const OnnxCall& call, OnnxImporter importer, int64_t version,
                        std::vector<std::optional<V>> operands) {
  OnnxCall node(call.b, call.node(), version, std::move(operands));
  auto outputs = importer(node);
  call.share_read(node);
  return outputs;
}

/// Sums of integer products by what one of them stands for, plus operand `bias`.
std::vector<V> scaled(OnnxCall& call, V sums, V a_scale, V b_scale, size_t bias) {
  Builder& b = call.b;
  const V y = b.mul(b.cast(sums, DType::f32), b.mul(b.reshape(a_scale, {1}), b_scale));
  return {call.has(bias) ? b.add(y, call.in(bias)) : y};
}

const Tensor& known(const OnnxCall& call, size_t i, int64_t elements) {
  const Tensor* value = call.b.constant(call.in(i));
  if (!value) reject_unsupported("input " + std::to_string(i) + " must be constant");
  if (value->type().elements() != elements)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(value->type()) + ", but " +
                   std::to_string(elements) + " elements are needed");
  return *value;
}

/// Element `i` of integers packed from the low bits of each byte on.
double unpacked(std::span<const uint8_t> bytes, int64_t i, int64_t bits) {
  const int64_t each = 8 / bits;
  return bytes[static_cast<size_t>(i / each)] >> (i % each * bits) & ((1 << bits) - 1);
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

/// X as [n, c, spatial..], or with the channels last.
std::vector<V> import_qlinear_average_pool(OnnxCall& call) {
  if (call.flag("channels_last", false))
    reject_unsupported("channels behind the spatial axes are not supported", "channels_last");
  const V y = standard(call, import_average_pool, 11, {real(call, 0)})[0];
  return quantized(call, y, 3, call.type(0).dtype);
}

/// As Softmax of the version that the attribute states.
std::vector<V> import_qlinear_softmax(OnnxCall& call) {
  const V y = standard(call, import_softmax, call.integer("opset", 13), {real(call, 0)})[0];
  return quantized(call, y, 3, call.type(0).dtype);
}

/// alpha * A * B + C, where C is integers that stand for alpha * a_scale * b_scale; without the scale of the
/// output that is what it is.
std::vector<V> import_qgemm(OnnxCall& call) {
  Builder& b = call.b;
  const double alpha = call.real("alpha", 1);
  if (call.rank(0) != 2 || call.rank(3) != 2)
    reject_invalid("its operands are " + ir::to_string(call.type(0)) + " and " + ir::to_string(call.type(3)) +
                   ", but must be matrices");
  const ir::MatMul product{call.flag("transA", false), call.flag("transB", false)};
  V y = b.matmul(real(call, 0), real(call, 3), product);
  if (call.has(6))
    y = b.add(y, b.mul(b.cast(call.in(6), DType::f32), b.mul(one_scale(call, 1), one_scale(call, 4))));
  y = b.mul(y, alpha);
  return call.has(7) ? quantized(call, y, 7, call.type(0).dtype) : std::vector{y};
}

/// A, B, their scales and zero points, bias.
std::vector<V> import_matmul_integer_to_float(OnnxCall& call) {
  const auto sums =
      standard(call, import_matmul_integer, 10, {call.in(0), call.in(1), call.maybe(4), call.maybe(5)});
  return scaled(call, sums[0], one_scale(call, 2), call.in(3), 6);
}

/// A, which is quantized by its own range, B, its scale and zero point, bias.
std::vector<V> import_dynamic_quantize_matmul(OnnxCall& call) {
  const auto a =
      standard(call, import_dynamic_quantize_linear, 11, {call.in(0)});  // values, scale, zero point
  const auto sums = standard(call, import_matmul_integer, 10, {a[0], call.in(1), a[2], call.maybe(3)});
  return scaled(call, sums[0], a[1], call.in(2), 4);
}

/// A [.., k] times weights [n, blocks, bytes of a block] of 2, 4 or 8 bits with a scale for each block; zero
/// points are packed likewise, each row from a byte on, or numbers. The weights become f32.
std::vector<V> import_matmul_nbits(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"accuracy_level"});
  if (call.has(4)) reject_unsupported("columns in another order are not supported", "g_idx");
  const int64_t k = call.required_integer("K"), n = call.required_integer("N"),
                bits = call.integer("bits", 4);
  const int64_t size = call.required_integer("block_size");
  if (bits != 2 && bits != 4 && bits != 8)
    reject_unsupported("bits is " + std::to_string(bits) + "; 2, 4 and 8 are supported", "bits");
  if (k < 1 || n < 1 || k > 1 << 24 || n > 1 << 24 || size < 8 || size > 1 << 24 || call.shape(0).back() != k)
    reject_invalid("K is " + std::to_string(k) + ", N " + std::to_string(n) + ", block_size " +
                       std::to_string(size) + " and the input " + ir::to_string(call.type(0)),
                   "K");
  const int64_t count = (k + size - 1) / size, row = (count * bits + 7) / 8;
  const Tensor &packed = known(call, 1, n * count * (size * bits / 8)), &scale = known(call, 2, n * count);
  const bool numbers = call.has(3) && call.type(3).dtype != DType::u8;
  const Tensor* zero = call.has(3) ? &known(call, 3, numbers ? n * count : n * row) : nullptr;
  if (packed.type().dtype != DType::u8) reject_invalid("its weights are " + ir::to_string(packed.type()));
  Tensor weights = Tensor::zeros({DType::f32, {n, k}, {}});
  for (int64_t r = 0; r < n; ++r)
    for (int64_t c = 0; c < k; ++c) {
      const int64_t block = r * count + c / size;
      double z = 1 << (bits - 1);
      if (zero)
        z = numbers ? zero->at(block) : unpacked(zero->data<uint8_t>().subspan(r * row), c / size, bits);
      const double q = unpacked(packed.data<uint8_t>(), block * size + c % size, bits);
      weights.set(r * k + c, (q - z) * scale.at(block));
    }
  return {b.matmul(call.in(0), b.constant(std::move(weights)), {false, true}, call.maybe(5))};
}

}  // namespace halite::frontend
