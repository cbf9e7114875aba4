// Operators that change or ask for a shape. Shapes are static, so the answers are constants.
#include "frontend/decompose/movement.h"
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

std::vector<int64_t> copy(const flatbuffers::Vector<int32_t>* list) {
  return list ? std::vector<int64_t>(list->begin(), list->end()) : std::vector<int64_t>{};
}

/// A shape that an operand states.
Shape known_shape(const TfliteCall& call, size_t i, const char* what) {
  Shape shape = call.known_integers(i, what);
  if (!ir::element_count(shape)) reject_invalid(std::string(what) + " is " + ir::to_string(shape), what);
  return shape;
}

V broadcast(TfliteCall& call, V x, const Shape& to) {
  const auto joined = ir::broadcast(call.b.shape(x), to);
  if (!joined || *joined != to)
    reject_invalid(ir::to_string(call.b.type(x)) + " cannot be broadcast to " + ir::to_string(to), "shape");
  return call.b.broadcast(x, to);
}

}  // namespace

/// The shape is an operand, or in old files an option, where [0] means a scalar.
std::vector<V> import_tflite_reshape(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::ReshapeOptions>();
  std::vector<int64_t> to = options ? copy(options->new_shape()) : std::vector<int64_t>{};
  if (call.has(1) && (to.empty() || call.b.constant(call.in(1))))
    to = call.known_integers(1, "shape");
  else if (!options)
    reject_invalid("it has no shape", "shape");
  else if (to == std::vector<int64_t>{0})
    to.clear();
  return {call.b.reshape(call.in(0), resolve_shape(call.type(0), to, false))};
}

std::vector<V> import_tflite_squeeze(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::SqueezeOptions>();
  Axes axes = options ? copy(options->squeeze_dims()) : Axes{};
  const Shape s = call.shape(0);
  if (axes.empty())
    for (size_t i = 0; i < s.size(); ++i)
      if (s[i] == 1) axes.push_back(static_cast<int64_t>(i));
  axes = normalize_axes(axes, call.rank(0), "squeeze_dims");
  for (const int64_t axis : axes)
    if (s[axis] != 1)
      reject_invalid("it removes axis " + std::to_string(axis) + " of " + ir::to_string(call.type(0)) +
                         ", whose extent is not 1",
                     "squeeze_dims");
  return {call.b.squeeze(call.in(0), axes)};
}

std::vector<V> import_tflite_expand_dims(TfliteCall& call) {
  return {call.b.unsqueeze(call.in(0), {normalize_axis(call.known_integer(1, "axis"), call.rank(0) + 1)})};
}

std::vector<V> import_tflite_transpose(TfliteCall& call) {
  std::vector<int64_t> perm = call.known_integers(1, "perm");
  if (normalize_axes(perm, call.rank(0), "perm") != axis_range(0, call.rank(0)))
    reject_invalid("perm is not a permutation of the axes of " + ir::to_string(call.type(0)), "perm");
  for (auto& axis : perm) axis = normalize_axis(axis, call.rank(0), "perm");
  return {call.b.transpose(call.in(0), perm)};
}

std::vector<V> import_tflite_shape(TfliteCall& call) {
  return {call.b.cast(call.b.integers(call.shape(0)), call.output_dtype(0))};
}

std::vector<V> import_tflite_rank(TfliteCall& call) {
  return {call.b.scalar(static_cast<double>(call.rank(0)), call.output_dtype(0))};
}

std::vector<V> import_tflite_broadcast_to(TfliteCall& call) {
  return {broadcast(call, call.in(0), known_shape(call, 1, "shape"))};
}

std::vector<V> import_tflite_broadcast_args(TfliteCall& call) {
  const Shape a = known_shape(call, 0, "shape"), b = known_shape(call, 1, "shape");
  const auto joined = ir::broadcast(a, b);
  if (!joined)
    reject_invalid("the shapes " + ir::to_string(a) + " and " + ir::to_string(b) + " do not broadcast",
                   "shape");
  return {call.b.cast(call.b.integers(*joined), call.output_dtype(0))};
}

std::vector<V> import_tflite_fill(TfliteCall& call) {
  const Shape shape = known_shape(call, 0, "dims");
  if (call.type(1).elements() != 1) reject_invalid("its value must be one number", "value");
  return {broadcast(call, call.b.reshape(call.in(1), {}), shape)};
}

std::vector<V> import_tflite_zeros_like(TfliteCall& call) {
  const Shape shape = call.shape(0);
  return {broadcast(call, call.b.scalar(0, call.type(0).dtype), shape)};
}

std::vector<V> import_tflite_range(TfliteCall& call) {
  Builder& b = call.b;
  call.known_real(0, "start");
  call.known_real(2, "delta");
  const V start = b.reshape(call.in(0), {}), delta = b.reshape(call.in(2), {});
  return {range(b, start, call.known_real(1, "limit"), delta)};
}

std::vector<V> import_tflite_where(TfliteCall&) {
  reject_unsupported("how many places it finds depends on the data; shapes must not");
}

}  // namespace halite::frontend
