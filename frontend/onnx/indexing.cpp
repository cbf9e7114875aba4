// Operators that read and write at computed places. https://onnx.ai/onnx/operators/onnx__GatherND.html
#include "frontend/decompose/indexing.h"

#include <algorithm>

#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

Scatter read_reduction(const OnnxCall& call) {
  const std::string name = call.text("reduction", "none");
  if (name == "none") return Scatter::replace;
  if (name == "add") return Scatter::add;
  if (name == "mul") return Scatter::mul;
  if (name == "max") return Scatter::max;
  if (name == "min") return Scatter::min;
  reject_invalid("reduction is '" + name + "'; none, add, mul, max and min exist", "reduction");
}

void check_indices(const OnnxCall& call, size_t i) {
  if (ir::is_float(call.type(i).dtype) || call.type(i).dtype == DType::boolean)
    reject_invalid("its indices are " + ir::to_string(call.type(i)) + "; integers are needed", "indices");
}

/// Axes but `axis` of the indices are no longer than those of x.
void check_elements(const OnnxCall& call, int64_t axis) {
  check_indices(call, 1);
  const Shape x = call.shape(0), at = call.shape(1);
  bool fits = x.size() == at.size();
  for (size_t d = 0; fits && d < x.size(); ++d) fits = static_cast<int64_t>(d) == axis || at[d] <= x[d];
  if (!fits)
    reject_invalid("its indices are " + ir::to_string(call.type(1)) + ", which do not fit the input " +
                       ir::to_string(call.type(0)),
                   "indices");
}

/// The last axis of the indices addresses axes of x behind `batch` ones.
void check_nd(const OnnxCall& call, int64_t batch) {
  check_indices(call, 1);
  const Shape x = call.shape(0), at = call.shape(1);
  const auto rank = static_cast<int64_t>(at.size());
  bool fits = rank >= 1 && batch >= 0 && batch < rank && batch <= call.rank(0) && at.back() >= 1 &&
              at.back() <= call.rank(0) - batch;
  for (int64_t d = 0; fits && d < batch; ++d) fits = x[d] == at[d];
  if (!fits)
    reject_invalid("its indices are " + ir::to_string(call.type(1)) + ", which do not fit the input " +
                       ir::to_string(call.type(0)),
                   "indices");
}

}  // namespace

std::vector<V> import_gather_elements(OnnxCall& call) {
  const int64_t axis = normalize_axis(call.integer("axis", 0), call.rank(0));
  check_elements(call, axis);
  return {gather_elements(call.b, call.in(0), call.in(1), axis)};
}

std::vector<V> import_gather_nd(OnnxCall& call) {
  const int64_t batch = call.integer("batch_dims", 0);
  check_nd(call, batch);
  return {gather_nd(call.b, call.in(0), call.in(1), batch)};
}

std::vector<V> import_scatter_elements(OnnxCall& call) {
  const int64_t axis = normalize_axis(call.integer("axis", 0), call.rank(0));
  check_elements(call, axis);
  if (call.shape(2) != call.shape(1) || call.type(2).dtype != call.type(0).dtype)
    reject_invalid("its updates are " + ir::to_string(call.type(2)) + ", which do not fit its indices",
                   "updates");
  return {scatter_elements(call.b, call.in(0), call.in(1), call.in(2), axis, read_reduction(call))};
}

/// The indices of a scatter; those beyond an extent that data decide lie outside the tensor.
static V meeting_nothing(OnnxCall& call) {
  Builder& b = call.b;
  V at = call.in(1);
  const Extents extents = b.extents(at);
  const double outside = -1.0 - static_cast<double>(std::ranges::max(call.shape(0)));  // even from the end
  for (const auto& [axis, count] : extents) at = b.masked(at, axis, outside);
  return at;
}

std::vector<V> import_scatter_nd(OnnxCall& call) {
  check_nd(call, 0);
  const Shape x = call.shape(0), at = call.shape(1);
  Shape needed(at.begin(), at.end() - 1);
  needed.insert(needed.end(), x.begin() + at.back(), x.end());
  if (call.shape(2) != needed || call.type(2).dtype != call.type(0).dtype)
    reject_invalid("its updates are " + ir::to_string(call.type(2)) + "; the shape " + ir::to_string(needed) +
                       " is needed",
                   "updates");
  return {scatter_nd(call.b, call.in(0), meeting_nothing(call), call.in(2), read_reduction(call))};
}

std::vector<V> import_reverse_sequence(OnnxCall& call) {
  const int64_t batch = normalize_axis(call.integer("batch_axis", 1), call.rank(0), "batch_axis");
  const int64_t time = normalize_axis(call.integer("time_axis", 0), call.rank(0), "time_axis");
  if (batch == time || call.shape(1) != Shape{call.shape(0)[batch]})
    reject_invalid("sequence_lens are " + ir::to_string(call.type(1)) + ", but its input is " +
                       ir::to_string(call.type(0)),
                   "sequence_lens");
  return {reverse_sequence(call.b, call.in(0), call.in(1), batch, time)};
}

std::vector<V> import_cum_sum(OnnxCall& call) {
  const int64_t axis = normalize_axis(call.known_integer(1, "axis"), call.rank(0));
  return {
      cumulative_sum(call.b, call.in(0), axis, call.flag("exclusive", false), call.flag("reverse", false))};
}

/// k was an attribute up to version 9.
std::vector<V> import_top_k(OnnxCall& call) {
  const bool operand = call.version >= 10;
  if (call.rank(0) < 1) reject_invalid("its input has no axes");
  const int64_t k = operand ? call.known_integer(1, "K") : call.required_integer("k");
  const int64_t axis = normalize_axis(call.integer("axis", -1), call.rank(0));
  call.ignore({"sorted"});  // in order is allowed in any case
  const TopK top = top_k(call.b, call.in(0), k, axis, call.flag("largest", true));
  return {top.values, top.indices};
}

}  // namespace halite::frontend
