// Quantization and the operators on quantized tensors. DequantizeLinear and QuantizeLinear stay what they
// are; the pass fold_quantization makes integer operators of what lies between. QLinear* and *Integer are
// integer operators already: their results are scaled in f32 and rounded to even, as their specification
// says. https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
// https://onnx.ai/onnx/operators/onnx__QLinearConv.html
#include <algorithm>

#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// Operand `i` as zero points; 0 where the model leaves it out.
std::vector<int64_t> zero_points(const OnnxCall& call, size_t i) {
  return call.has(i) ? call.known_integers(i, "zero_point") : std::vector<int64_t>{0};
}

int64_t one_zero_point(const OnnxCall& call, size_t i) {
  const auto zero = zero_points(call, i);
  if (zero.empty() || std::ranges::any_of(zero, [&](int64_t z) { return z != zero[0]; }))
    reject_unsupported("input " + std::to_string(i) + " has a zero point for each channel", "zero_point");
  return zero[0];
}

/// Operand `i` as [1] or [n].
V scales(const OnnxCall& call, size_t i) {
  const V scale = call.in(i);
  return call.b.reshape(scale, {call.b.type(scale).elements()});
}

/// The axis of the scales, operand 1; 0 where there is one.
int64_t axis_of(const OnnxCall& call) {
  if (call.rank(1) > 1)
    reject_invalid("its scale " + ir::to_string(call.type(1)) + " has a rank above 1, and block_size is 0");
  const int64_t axis = call.integer("axis", 1);
  return call.type(1).elements() == 1 ? 0 : normalize_axis(axis, call.rank(0));
}

/// A scale for each block of elements along an axis, as quantization has it from version 21 on.
class Blocks {
 public:
  explicit Blocks(const OnnxCall& call) : b_(call.b), size_(call.integer("block_size", 0)) {
    axis_ = normalize_axis(call.integer("axis", 1), call.rank(0));
    shape_ = call.shape(0);
    if (size_ < 1 || size_ > 1 << 24) reject_invalid("block_size is " + std::to_string(size_), "block_size");
    count_ = (shape_[axis_] + size_ - 1) / size_;
    Shape scales = shape_;
    scales[axis_] = count_;
    for (const size_t i : {1, 2})
      if (call.has(i) && call.shape(i) != scales)
        reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) +
                           ", but blocks of " + std::to_string(size_) + " of " + ir::to_string(shape_) +
                           " need " + ir::to_string(scales),
                       "block_size");
  }

  /// Elements with their blocks apart, [.., count, size, ..]; the last block is filled with zeros.
  V elements(V x) {
    ir::Pad fill{ir::Pad::Mode::constant, Axes(shape_.size(), 0), Axes(shape_.size(), 0)};
    fill.after[axis_] = count_ * size_ - shape_[axis_];
    if (fill.after[axis_] > 0) x = b_.op(fill, {x});
    Shape to = shape_;
    to[axis_] = count_;
    to.insert(to.begin() + axis_ + 1, size_);
    return b_.reshape(x, to);
  }
  /// Scales or zero points to go with them.
  V parameters(V x) { return b_.unsqueeze(b_.cast(x, DType::f32), {axis_ + 1}); }
  /// Elements as they were.
  V joined(V y) {
    Shape to = shape_;
    to[axis_] = count_ * size_;
    return b_.slice(b_.reshape(y, to), axis_, 0, shape_[axis_]);
  }

 private:
  Builder& b_;
  int64_t size_, axis_ = 0, count_ = 0;
  Shape shape_;
};

bool has_blocks(const OnnxCall& call) { return call.integer("block_size", 0) != 0; }

V quantized_blocks(OnnxCall& call, DType to) {
  Builder& b = call.b;
  Blocks blocks(call);
  const V x = blocks.elements(b.cast(call.in(0), DType::f32));
  V y = b.unary(Fn::round, b.div(x, blocks.parameters(call.in(1))));
  if (call.has(2)) y = b.add(y, blocks.parameters(call.in(2)));
  return blocks.joined(b.cast(y, to));
}

V dequantized_blocks(OnnxCall& call) {
  Builder& b = call.b;
  Blocks blocks(call);
  V x = b.cast(blocks.elements(call.in(0)), DType::f32);
  if (call.has(2)) x = b.sub(x, blocks.parameters(call.in(2)));
  return blocks.joined(b.mul(x, blocks.parameters(call.in(1))));
}

/// The type of an attribute, or `otherwise`; one of 4 bits is held in a byte.
DType read_output_dtype(const OnnxCall& call, DType otherwise) {
  const auto number = static_cast<int>(call.integer("output_dtype", 0));
  if (number == 0) return otherwise;
  if (const auto narrow = read_narrow_dtype(number)) return *narrow;
  const auto dtype = read_dtype(number);
  if (!dtype) throw Rejected{dtype.error(), "output_dtype"};
  return *dtype;
}

V rounded(Builder& b, V sums, V multiplier, int64_t zero, DType to) {
  return b.op(ir::Requantize{ir::Requantize::Rounding::real, to, zero}, {sums, multiplier});
}

/// The operands of a node of another form, for importers that expect them at the front.
OnnxCall with_operands(const OnnxCall& call, std::vector<std::optional<V>> operands) {
  return {call.b, call.node(), call.version, std::move(operands)};
}

constexpr auto kConvAttributes = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"};

bool is_zero_known(const OnnxCall& call, size_t i) { return !call.has(i) || call.b.constant(call.in(i)); }

}  // namespace

std::vector<V> import_quantize_linear(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"saturate", "precision", "axis"});
  const DType to = call.has(2) ? call.type(2).dtype : read_output_dtype(call, DType::u8);
  const bool narrow = call.has(2) ? call.narrow.count(2) > 0 : call.makes_narrow();
  V y;
  if (has_blocks(call)) {
    y = quantized_blocks(call, to);
  } else {
    ir::Quantize op;
    op.to = to;
    op.zero_point = zero_points(call, 2);
    op.axis = axis_of(call);
    y = b.op(op, {b.cast(call.in(0), DType::f32), b.cast(scales(call, 1), DType::f32)});
  }
  call.ignore({"output_dtype"});
  if (!narrow) return {y};
  const double least = to == DType::i8 ? -8 : 0;
  return {b.binary(Fn::min, b.binary(Fn::max, y, least), least + 15)};
}

std::vector<V> import_dequantize_linear(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"axis"});
  const DType to = read_output_dtype(call, call.type(1).dtype);
  if (has_blocks(call)) return {b.cast(dequantized_blocks(call), to)};
  ir::Dequantize op;
  op.zero_point = zero_points(call, 2);
  op.axis = axis_of(call);
  return {b.cast(b.op(op, {call.in(0), b.cast(scales(call, 1), DType::f32)}), to)};
}

/// To u8 by the range of what is there, extended to hold 0.
std::vector<V> import_dynamic_quantize_linear(OnnxCall& call) {
  Builder& b = call.b;
  const V x = call.in(0);
  const Axes all = axis_range(0, call.rank(0));
  const V low = b.binary(Fn::min, b.reduce(ir::Reduce::Kind::min, x, all, false), 0.0);
  const V high = b.binary(Fn::max, b.reduce(ir::Reduce::Kind::max, x, all, false), 0.0);
  const V range = b.div(b.sub(high, low), b.scalar(255));
  const V scale = b.select(b.binary(Fn::equal, range, 0.0), b.scalar(1), range);
  const V zero = b.unary(Fn::clamp, b.unary(Fn::round, b.div(b.unary(Fn::neg, low), scale)), 0, 255);
  const V y = b.unary(Fn::clamp, b.add(b.unary(Fn::round, b.div(x, scale)), zero), 0, 255);
  return {b.cast(y, DType::u8), scale, b.cast(zero, DType::u8)};
}

/// Operands: x, its scale and zero point, the same of the weights, scale and zero point of the output, bias.
std::vector<V> import_qlinear_conv(OnnxCall& call) {
  Builder& b = call.b;
  OnnxCall conv = with_operands(call, {call.in(0), call.in(3), call.maybe(8)});
  call.ignore(kConvAttributes);
  const V multiplier = b.div(b.mul(scales(call, 1), scales(call, 4)), scales(call, 6));
  return {convolve(conv, one_zero_point(call, 2), one_zero_point(call, 5), [&](V sums) {
    return rounded(b, sums, multiplier, one_zero_point(call, 7), call.type(7).dtype);
  })};
}

std::vector<V> import_qlinear_matmul(OnnxCall& call) {
  Builder& b = call.b;
  if (call.type(1).elements() != 1)
    reject_unsupported("its first operand has a scale for each row", "a_scale");
  const V multiplier = b.div(b.mul(scales(call, 1), scales(call, 4)), scales(call, 6));
  const ir::MatMul op{false, false, one_zero_point(call, 2), one_zero_point(call, 5)};
  const V sums = b.matmul(call.in(0), call.in(3), op);
  return {rounded(b, sums, multiplier, one_zero_point(call, 7), call.type(7).dtype)};
}

/// Operands: x, weights, their zero points. That of x may be computed at run time: padding adds nothing, so
/// that it is what it takes off every product.
std::vector<V> import_conv_integer(OnnxCall& call) {
  Builder& b = call.b;
  OnnxCall conv = with_operands(call, {call.in(0), call.in(1)});
  call.ignore(kConvAttributes);
  const int64_t w_zero = one_zero_point(call, 3);
  if (is_zero_known(call, 2)) return {convolve(conv, one_zero_point(call, 2), w_zero)};
  Tensor ones = Tensor::zeros(call.type(0));
  for (std::byte& element : ones.mutable_bytes()) element = std::byte{1};
  OnnxCall counts = with_operands(call, {b.constant(std::move(ones)), call.in(1)});
  const V zero = b.reshape(b.cast(call.in(2), DType::i32), {});
  return {b.sub(convolve(conv, 0, w_zero), b.mul(convolve(counts, 0, w_zero), zero))};
}

/// Likewise: what the first zero point takes off is itself times the sums of the second operand's columns.
std::vector<V> import_matmul_integer(OnnxCall& call) {
  Builder& b = call.b;
  const int64_t b_zero = one_zero_point(call, 3);
  const bool known = is_zero_known(call, 2);
  const V product =
      b.matmul(call.in(0), call.in(1), {false, false, known ? one_zero_point(call, 2) : 0, b_zero});
  if (known) return {product};
  if (call.type(2).elements() != 1 || call.rank(1) < 2)
    reject_unsupported("its first operand has a zero point for each row", "a_zero_point");
  const V factors = b.add(b.cast(call.in(1), DType::i32), static_cast<double>(-b_zero));
  const V columns = b.sum(factors, {call.rank(1) - 2}, call.rank(0) > 1);
  return {b.sub(product, b.mul(columns, b.reshape(b.cast(call.in(2), DType::i32), {})))};
}

}  // namespace halite::frontend
