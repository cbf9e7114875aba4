// Reductions. Axes were an attribute and became an operand, of ReduceSum in version 13 and of the others
// in 18. https://onnx.ai/onnx/operators/onnx__ReduceMean.html
#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// `combine(x, axes)` keeps the axes; here they go if the model says so. Over no axes at all nothing is
/// combined, but what else the operator does to each element is done.
template <class Combine>
std::vector<V> reduce(OnnxCall& call, Combine&& combine, int64_t operand_since = 18) {
  const bool keep = call.flag("keepdims", true);
  const bool empty_is_none = call.flag("noop_with_empty_axes", false);
  const auto stated = call.integers_from("axes", operand_since, 1);
  Axes axes = stated.value_or(Axes{});
  axes = axes.empty() && !empty_is_none ? axis_range(0, call.rank(0)) : normalize_axes(axes, call.rank(0));
  const V kept = combine(call.in(0), axes);
  return {keep ? kept : call.b.squeeze(kept, axes)};
}

std::vector<V> reduce(OnnxCall& call, ir::Reduce::Kind kind, int64_t operand_since = 18) {
  Builder& b = call.b;
  const auto combine = [&](V x, const Axes& axes) {
    // The extremes of booleans are "any" and "all".
    const bool extreme = kind == ir::Reduce::Kind::max || kind == ir::Reduce::Kind::min;
    if (b.dtype(x) != DType::boolean || !extreme) return b.reduce(kind, x, axes);
    return b.cast(b.reduce(kind, b.cast(x, DType::u8), axes), DType::boolean);
  };
  return reduce(call, combine, operand_since);
}

std::vector<V> reduce(OnnxCall& call, V (*composite)(Builder&, V, const Axes&)) {
  return reduce(call, [&](V x, const Axes& axes) { return composite(call.b, x, axes); });
}

std::vector<V> arg_reduce(OnnxCall& call, ir::ArgReduce::Kind kind) {
  const int64_t axis = normalize_axis(call.integer("axis", 0), call.rank(0));
  const V y = call.b.op(ir::ArgReduce{kind, axis, call.flag("select_last_index", false)}, {call.in(0)});
  return {call.flag("keepdims", true) ? y : call.b.squeeze(y, {axis})};
}

}  // namespace

std::vector<V> import_reduce_sum(OnnxCall& call) { return reduce(call, ir::Reduce::Kind::sum, 13); }
std::vector<V> import_reduce_mean(OnnxCall& call) { return reduce(call, ir::Reduce::Kind::mean); }
std::vector<V> import_reduce_max(OnnxCall& call) { return reduce(call, ir::Reduce::Kind::max); }
std::vector<V> import_reduce_min(OnnxCall& call) { return reduce(call, ir::Reduce::Kind::min); }
std::vector<V> import_reduce_prod(OnnxCall& call) { return reduce(call, ir::Reduce::Kind::prod); }
std::vector<V> import_reduce_l1(OnnxCall& call) { return reduce(call, reduce_l1); }
std::vector<V> import_reduce_l2(OnnxCall& call) { return reduce(call, reduce_l2); }
std::vector<V> import_reduce_log_sum(OnnxCall& call) { return reduce(call, reduce_log_sum); }
std::vector<V> import_reduce_log_sum_exp(OnnxCall& call) { return reduce(call, reduce_log_sum_exp); }
std::vector<V> import_reduce_sum_square(OnnxCall& call) { return reduce(call, reduce_sum_square); }
std::vector<V> import_arg_max(OnnxCall& call) { return arg_reduce(call, ir::ArgReduce::Kind::max); }
std::vector<V> import_arg_min(OnnxCall& call) { return arg_reduce(call, ir::ArgReduce::Kind::min); }

}  // namespace halite::frontend
