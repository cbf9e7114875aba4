// Elementwise operators that need more than a row in the table: variadic ones, parameters that became
// operands, and conversions. https://onnx.ai/onnx/operators/
#include <cfloat>
#include <cmath>

#include "frontend/onnx/operators.h"
#include "frontend/onnx/tensor_proto.h"

namespace halite::frontend {
namespace {

V fold(OnnxCall& call, Fn fn) {
  call.ignore({"consumed_inputs"});
  const auto values = call.all();
  V y = values[0];
  for (size_t i = 1; i < values.size(); ++i) y = call.b.binary(fn, y, values[i]);
  return y;
}

/// A bound of Clip: an attribute up to version 10, an operand after it. Nothing where it bounds nothing.
std::optional<V> read_bound(OnnxCall& call, const char* name, size_t operand) {
  if (call.version >= 11) {
    const auto bound = call.maybe(operand);
    if (bound && call.b.type(*bound).elements() != 1)
      reject_invalid(std::string(name) + " must be one number, but is " + ir::to_string(call.b.type(*bound)),
                     name);
    return bound ? std::optional(call.b.reshape(*bound, {})) : bound;
  }
  if (!call.has_attribute(name)) return {};
  const double bound = call.real(name, 0);
  if (std::fabs(bound) >= FLT_MAX) return {};
  return call.b.scalar(bound, call.b.dtype(call.in(0)));
}

}  // namespace

std::vector<V> import_sum(OnnxCall& call) { return {fold(call, Fn::add)}; }
std::vector<V> import_min(OnnxCall& call) { return {fold(call, Fn::min)}; }
std::vector<V> import_max(OnnxCall& call) { return {fold(call, Fn::max)}; }

std::vector<V> import_mean(OnnxCall& call) {
  return {call.b.mul(fold(call, Fn::add), 1.0 / static_cast<double>(call.input_count()))};
}

std::vector<V> import_pow(OnnxCall& call) {
  Builder& b = call.b;
  const V x = call.in(0), y = call.broadcast_operand();
  const DType to = b.dtype(x);
  // An integer base with a real exponent is raised as a real number, and has its own type again after.
  if (!ir::is_float(to) && ir::is_float(b.dtype(y)))
    return {b.cast(b.binary(Fn::pow, b.cast(x, b.dtype(y)), y), to)};
  return {b.binary(Fn::pow, x, b.cast(y, to))};
}

std::vector<V> import_mod(OnnxCall& call) {
  const bool like_c = call.flag("fmod", false);
  if (!like_c && ir::is_float(call.type(0).dtype))
    reject_invalid("fmod must be 1 for floating point", "fmod");
  return {call.b.binary(like_c ? Fn::fmod : Fn::mod, call.in(0), call.in(1))};
}

std::vector<V> import_bit_shift(OnnxCall& call) {
  const std::string direction = call.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    reject_invalid("direction is '" + direction + "'; it must be LEFT or RIGHT", "direction");
  return {call.b.binary(direction == "LEFT" ? Fn::shift_left : Fn::shift_right, call.in(0), call.in(1))};
}

std::vector<V> import_clip(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"consumed_inputs"});
  const V x = call.in(0);
  const auto low = read_bound(call, "min", 1), high = read_bound(call, "max", 2);
  if (b.dtype(x) == DType::f32 && low && b.constant(*low)) {
    const double least = b.constant(*low)->at(0);
    if (high && b.constant(*high)) return {b.unary(Fn::clamp, x, least, b.constant(*high)->at(0))};
    if (least == 0 && !high) return {b.unary(Fn::relu, x)};
  }
  const V raised = low ? b.binary(Fn::max, x, *low) : x;
  return {high ? b.binary(Fn::min, raised, *high) : raised};
}

std::vector<V> import_where(OnnxCall& call) { return {call.b.select(call.in(0), call.in(1), call.in(2))}; }

std::vector<V> import_prelu(OnnxCall& call) {
  Builder& b = call.b;
  V slope = call.in(1);
  call.ignore({"consumed_inputs"});
  // Before version 7 one slope a channel was a vector; it broadcasts to the right of axis 1.
  if (call.version < 7 && b.rank(slope) == 1 && b.type(slope).elements() != 1 && call.rank(0) > 2) {
    Shape along(static_cast<size_t>(call.rank(0) - 1), 1);
    along[0] = b.type(slope).elements();
    slope = b.reshape(slope, along);
  }
  return {b.binary(Fn::prelu, call.in(0), slope)};
}

std::vector<V> import_is_inf(OnnxCall& call) {
  Builder& b = call.b;
  const V x = call.in(0);
  const V infinite = b.unary(Fn::is_inf, x);
  const bool negative = call.flag("detect_negative", true), positive = call.flag("detect_positive", true);
  if (negative && positive) return {infinite};
  if (!negative && !positive)
    return {b.binary(Fn::logical_and, infinite, b.unary(Fn::logical_not, infinite))};
  return {b.binary(Fn::logical_and, infinite, b.binary(positive ? Fn::greater : Fn::less, x, 0.0))};
}

std::vector<V> import_cast(OnnxCall& call) {
  call.ignore({"saturate", "round_mode"});  // of 8-bit floats only
  const auto to = read_dtype(static_cast<int>(call.required_integer("to")));
  if (!to)
    throw Rejected{
        {to.error().code, "it converts to a type that is not supported: " + to.error().message, {}}, "to"};
  return {call.b.cast(call.in(0), *to)};
}

std::vector<V> import_cast_like(OnnxCall& call) {
  call.ignore({"saturate", "round_mode"});
  return {call.b.cast(call.in(0), call.type(1).dtype)};
}

}  // namespace halite::frontend
