// Elementwise operators that need more than a row in the table.
#include "frontend/tflite/operators.h"

namespace halite::frontend {

std::vector<V> import_tflite_add_n(TfliteCall& call) {
  const auto values = call.all();
  V sum = values[0];
  for (size_t i = 1; i < values.size(); ++i) sum = call.b.add(sum, values[i]);
  return {sum};
}

std::vector<V> import_tflite_cast(TfliteCall& call) {
  return {call.b.cast(call.in(0), call.output_dtype(0))};
}

std::vector<V> import_tflite_div(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::DivOptions>();
  const V y = call.b.div(call.in(0), call.in(1));
  return {options ? call.activate(y, options->activation()) : y};
}

/// Rounds down, integers too: what is left has the divisor's sign, and without it the quotient is whole.
std::vector<V> import_tflite_floor_div(TfliteCall& call) {
  Builder& b = call.b;
  const V x = call.in(0), y = call.in(1);
  if (ir::is_float(b.dtype(x))) return {b.unary(Fn::floor, b.div(x, y))};
  return {b.div(b.sub(x, b.binary(Fn::mod, x, y)), y)};
}

/// Shifts in the sign, as C does.
std::vector<V> import_tflite_right_shift(TfliteCall& call) {
  Builder& b = call.b;
  const V x = call.in(0), y = call.in(1);
  const DType dtype = b.dtype(x);
  if (!ir::is_signed(dtype)) return {b.binary(Fn::shift_right, x, y)};
  const DType bits = dtype == DType::i8 ? DType::u8 : dtype == DType::i16 ? DType::u16 : DType::u32;
  if (dtype == DType::i64) reject_unsupported("it shifts 64-bit integers");
  // ~(~x >> y) where x is negative: both shift in zeros.
  const auto shift = [&](V v) {
    return b.cast(b.binary(Fn::shift_right, b.cast(v, bits), b.cast(y, bits)), dtype);
  };
  const V negative = b.binary(Fn::less, x, 0.0);
  return {b.select(negative, b.unary(Fn::bitwise_not, shift(b.unary(Fn::bitwise_not, x))), shift(x))};
}

std::vector<V> import_tflite_rsqrt(TfliteCall& call) {
  return {call.b.unary(Fn::reciprocal, call.b.unary(Fn::sqrt, call.in(0)))};
}

/// SELECT and SELECT_V2. The older one takes a vector that chooses along the first axis; the newer one
/// broadcasts.
std::vector<V> import_tflite_select(TfliteCall& call) {
  Builder& b = call.b;
  V condition = call.in(0);
  if (call.node().op == tflite::BuiltinOperator::SELECT && b.rank(condition) == 1 && call.rank(1) > 1) {
    Shape along(static_cast<size_t>(call.rank(1)), 1);
    along[0] = b.shape(condition)[0];
    condition = b.reshape(condition, along);
  }
  return {b.select(condition, call.in(1), call.in(2))};
}

std::vector<V> import_tflite_square(TfliteCall& call) { return {call.b.square(call.in(0))}; }

std::vector<V> import_tflite_squared_difference(TfliteCall& call) {
  if (call.computes_quantized())
    return {quantized::squared_difference(call.b, call.quantized(0), call.quantized(1), call.output())};
  return {call.b.square(call.b.sub(call.in(0), call.in(1)))};
}

}  // namespace halite::frontend
