// Operators whose result does not depend on data: constants in all their forms, and patterns made from
// shapes. https://onnx.ai/onnx/operators/onnx__Constant.html
#include <algorithm>

#include "frontend/decompose/movement.h"
#include "frontend/onnx/operators.h"
#include "frontend/onnx/tensor_proto.h"

namespace halite::frontend {
namespace {

DType read_type_attribute(const OnnxCall& call, const char* name, DType otherwise) {
  if (!call.has_attribute(name)) return otherwise;
  const auto dtype = read_dtype(static_cast<int>(call.integer(name, 0)));
  if (!dtype) throw Rejected{dtype.error(), name};
  return *dtype;
}

void check_matrix(const OnnxCall& call, bool batched) {
  if (call.rank(0) < 2 || (!batched && call.rank(0) != 2))
    reject_invalid("its input " + ir::to_string(call.type(0)) + " is not a matrix");
}

/// Column index minus row index of a matrix, as i64.
V distance_from_diagonal(Builder& b, int64_t rows, int64_t columns) {
  return b.sub(b.reshape(b.iota(columns), {1, columns}), b.reshape(b.iota(rows), {rows, 1}));
}

}  // namespace

std::vector<V> import_constant(OnnxCall& call) {
  Builder& b = call.b;
  const auto vector = [&]<class T>(const std::vector<T>& values) {
    return b.constant(Tensor::of<T>(values, {static_cast<int64_t>(values.size())}));
  };
  if (call.has_attribute("value")) return {b.constant(*call.tensor("value"))};
  if (call.has_attribute("value_int")) {
    const int64_t value = call.integer("value_int", 0);
    return {b.constant(Tensor::of<int64_t>(std::span(&value, 1), {}))};
  }
  if (call.has_attribute("value_float")) return {b.scalar(call.real("value_float", 0))};
  if (call.has_attribute("value_ints")) return {vector(*call.integers("value_ints"))};
  if (call.has_attribute("value_floats")) return {vector(*call.reals("value_floats"))};
  for (const char* name : {"sparse_value", "value_string", "value_strings"})
    if (call.has_attribute(name)) reject_unsupported("strings and sparse tensors are not supported", name);
  reject_invalid("it has no value");
}

std::vector<V> import_constant_of_shape(OnnxCall& call) {
  Builder& b = call.b;
  const Tensor* value = call.tensor("value");
  if (value && value->type().elements() != 1) reject_invalid("value must have one element", "value");
  const V element = value ? b.constant(value->with_type({value->type().dtype, {}, {}})) : b.scalar(0);
  return {b.broadcast(element, call.known_integers(0, "input"))};
}

std::vector<V> import_range(OnnxCall& call) {
  Builder& b = call.b;
  call.known_real(0, "start");
  call.known_real(2, "delta");
  const V start = b.reshape(call.in(0), {}), delta = b.reshape(call.in(2), {});
  return {range(b, start, call.known_real(1, "limit"), delta)};
}

std::vector<V> import_eye_like(OnnxCall& call) {
  Builder& b = call.b;
  check_matrix(call, false);
  const int64_t k = call.integer("k", 0);
  const V distance = distance_from_diagonal(b, call.shape(0)[0], call.shape(0)[1]);
  const V on = b.binary(Fn::equal, distance, b.constant(Tensor::of<int64_t>(std::span(&k, 1), {})));
  return {b.cast(on, read_type_attribute(call, "dtype", call.type(0).dtype))};
}

std::vector<V> import_one_hot(OnnxCall& call) {
  Builder& b = call.b;
  const double stated = call.known_real(1, "depth");  // of any numeric type
  if (!(stated >= 0 && stated <= INT32_MAX)) reject_invalid("depth is " + std::to_string(stated), "depth");
  const auto depth = static_cast<int64_t>(stated);
  if (b.type(call.in(2)).shape != Shape{2})
    reject_invalid("values must be two numbers: off and on", "values");
  const int64_t axis = normalize_axis(call.integer("axis", -1), call.rank(0) + 1);
  V indices = b.cast(call.in(0), DType::i64);
  // An index counts from the end if it is negative; one out of range is nowhere on.
  indices = b.select(b.binary(Fn::less, indices, 0.0), b.add(indices, static_cast<double>(depth)), indices);
  const auto value = [&](int64_t i) { return b.reshape(b.slice(call.in(2), 0, i, 1), {}); };
  return {one_hot(b, indices, depth, axis, value(1), value(0))};
}

std::vector<V> import_trilu(OnnxCall& call) {
  Builder& b = call.b;
  check_matrix(call, true);
  const bool upper = call.flag("upper", true);
  const int64_t k = call.has(1) ? call.known_integer(1, "k") : 0;
  const Shape& s = call.shape(0);
  const V distance = distance_from_diagonal(b, s[s.size() - 2], s.back());
  const V edge = b.constant(Tensor::of<int64_t>(std::span(&k, 1), {}));
  const V kept = b.binary(upper ? Fn::greater_equal : Fn::less_equal, distance, edge);
  return {b.select(kept, call.in(0), b.scalar(0, call.type(0).dtype))};
}

}  // namespace halite::frontend
