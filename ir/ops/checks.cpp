// Tests that all infer functions share.
#include "ir/ops/checks.h"

#include <algorithm>
#include <cmath>

namespace halite::ir::checks {
namespace {

Failure quantization(std::string_view op, std::string_view what, const Type& t) {
  const Quantization& q = *t.quantization;
  if (is_float(t.dtype) || t.dtype == DType::boolean)
    return invalid(op, ": ", what, " has dtype ", t.dtype,
                   " and a quantization; only integers are quantized");
  if (q.axis < -1 || q.axis >= t.rank())
    return invalid(op, ": ", what, " is quantized along axis ", q.axis, ", but its shape is ", t.shape);
  const size_t expected = q.axis < 0 ? 1 : static_cast<size_t>(t.shape[q.axis]);
  if (q.scale.size() != expected || q.zero_point.size() != expected)
    return invalid(op, ": ", what, " has ", q.scale.size(), " scales and ", q.zero_point.size(),
                   " zero points; expected ", expected, " of each");
  for (float scale : q.scale)
    if (!std::isfinite(scale) || scale <= 0)
      return invalid(op, ": ", what, " has the scale ", static_cast<double>(scale),
                     "; a scale is a positive number");
  return {};
}

}  // namespace

Failure type(std::string_view op, std::string_view what, const Type& t) {
  if (static_cast<int64_t>(t.shape.size()) > kMaxRank)
    return not_supported(op, ": ", what, " has rank ", t.shape.size(), "; at most ", kMaxRank,
                         " is supported");
  // Extents of 0 count as 1, so that strides stay in range as well.
  int64_t bytes = size_of(t.dtype);
  for (int64_t extent : t.shape) {
    if (extent < 0)
      return invalid(op, ": ", what, " has the shape ", t.shape, "; an extent cannot be negative");
    if (extent > kMaxTensorBytes / bytes)
      return Error{ErrorCode::kResource,
                   std::string(op) + ": " + std::string(what) + " of type " + to_string(t) +
                       " is larger than the limit of 2^40 bytes a tensor",
                   {}};
    bytes *= std::max<int64_t>(extent, 1);
  }
  if (t.quantization) return quantization(op, what, t);
  return {};
}

Failure inputs(std::string_view op, std::span<const Type> in, size_t least, size_t most, Elements elements) {
  if (in.size() < least || in.size() > most) {
    if (least == most) return invalid(op, ": has ", in.size(), " inputs; expected ", least);
    return invalid(op, ": has ", in.size(), " inputs; expected ", least, " to ", most);
  }
  for (size_t i = 0; i < in.size(); ++i) {
    const std::string what = "input " + std::to_string(i);
    if (auto failure = type(op, what, in[i])) return failure;
    if (elements == Elements::computed && in[i].dtype == DType::bf16)
      return not_supported(op, ": ", what, " is ", in[i], "; bf16 is cast to f32 before it is computed with");
  }
  return {};
}

Failure dtype(std::string_view op, std::string_view what, const Type& t, Admit admit) {
  switch (admit) {
    case Admit::any:
      return {};
    case Admit::number:
      if (t.dtype != DType::boolean) return {};
      return invalid(op, ": ", what, " is ", t, "; expected numbers");
    case Admit::real:
      if (is_float(t.dtype)) return {};
      return not_supported(op, ": ", what, " is ", t, "; expected a floating-point dtype");
    case Admit::f32:
      if (t.dtype == DType::f32) return {};
      return not_supported(op, ": ", what, " is ", t, "; only f32 is supported here");
  }
  return {};
}

Failure rank(std::string_view op, std::string_view what, const Type& t, int expected) {
  if (t.rank() == expected) return {};
  return invalid(op, ": ", what, " has the shape ", t.shape, "; expected rank ", expected);
}

Failure axis(std::string_view op, int64_t axis, const Type& x) {
  if (axis >= 0 && axis < x.rank()) return {};
  if (x.shape.empty())
    return invalid(op, ": axis is ", axis, ", but the input is a scalar, which has no axis");
  return invalid(op, ": axis is ", axis, "; expected 0 to ", x.rank() - 1, " for the shape ", x.shape);
}

Failure range(std::string_view op, std::string_view what, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return {};
  return invalid(op, ": ", what, " is ", value, "; expected ", least, " to ", most);
}

Failure one_per_axis(std::string_view op, std::string_view what, size_t count, const Type& x) {
  if (count == x.shape.size()) return {};
  return invalid(op, ": ", what, " has ", count, " entries; expected one for each axis of ", x.shape);
}

Result<Types> output(std::string_view op, Type t) {
  if (auto failure = type(op, "the output", t)) return *failure;
  return Types{std::move(t)};
}

}  // namespace halite::ir::checks
