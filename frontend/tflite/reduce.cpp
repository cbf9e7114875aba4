// Reductions, cumulative sums, and the largest elements.
#include <algorithm>

#include "frontend/decompose/indexing.h"
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

/// Axes may be named twice and counted from the end.
Axes read_axes(const TfliteCall& call) {
  Axes axes = call.known_integers(1, "axis");
  for (auto& axis : axes) axis = normalize_axis(axis, call.rank(0));
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

bool keeps_axes(const TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::ReducerOptions>();
  return options && options->keep_dims();
}

V reduce(TfliteCall& call, ir::Reduce::Kind kind, V x) {
  return call.b.reduce(kind, x, read_axes(call), keeps_axes(call));
}

std::vector<V> reduce_truth(TfliteCall& call, ir::Reduce::Kind kind) {
  if (call.type(0).dtype != DType::boolean) reject_invalid("its input must be boolean");
  const V y = reduce(call, kind, call.b.cast(call.in(0), DType::u8));
  return {call.b.cast(y, DType::boolean)};
}

std::vector<V> arg_reduce(TfliteCall& call, ir::ArgReduce::Kind kind) {
  Builder& b = call.b;
  const int64_t axis = normalize_axis(call.known_integer(1, "dimension"), call.rank(0), "dimension");
  const V place = b.op(ir::ArgReduce{kind, axis, false}, {call.in(0)});
  return {b.cast(b.squeeze(place, {axis}), call.output_dtype(0))};
}

}  // namespace

std::vector<V> import_tflite_reduce_sum(TfliteCall& call) {
  if (call.computes_quantized()) {
    const Axes axes = read_axes(call);
    const V y = quantized::sum(call.b, call.quantized(0), axes, call.output());
    return {keeps_axes(call) ? y : call.b.squeeze(y, axes)};
  }
  return {reduce(call, ir::Reduce::Kind::sum, call.in(0))};
}
std::vector<V> import_tflite_reduce_mean(TfliteCall& call) {
  if (call.computes_quantized()) {
    const Axes axes = read_axes(call);
    const V y = quantized::mean(call.b, call.quantized(0), axes, keeps_axes(call), call.output());
    return {keeps_axes(call) ? y : call.b.squeeze(y, axes)};
  }
  return {reduce(call, ir::Reduce::Kind::mean, call.in(0))};
}
std::vector<V> import_tflite_reduce_max(TfliteCall& call) {
  return {reduce(call, ir::Reduce::Kind::max, call.in(0))};
}
std::vector<V> import_tflite_reduce_min(TfliteCall& call) {
  return {reduce(call, ir::Reduce::Kind::min, call.in(0))};
}
std::vector<V> import_tflite_reduce_prod(TfliteCall& call) {
  return {reduce(call, ir::Reduce::Kind::prod, call.in(0))};
}
std::vector<V> import_tflite_reduce_any(TfliteCall& call) {
  return reduce_truth(call, ir::Reduce::Kind::max);
}
std::vector<V> import_tflite_reduce_all(TfliteCall& call) {
  return reduce_truth(call, ir::Reduce::Kind::min);
}

std::vector<V> import_tflite_arg_max(TfliteCall& call) { return arg_reduce(call, ir::ArgReduce::Kind::max); }
std::vector<V> import_tflite_arg_min(TfliteCall& call) { return arg_reduce(call, ir::ArgReduce::Kind::min); }

std::vector<V> import_tflite_cumsum(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::CumsumOptions>();
  const int64_t axis = normalize_axis(call.known_integer(1, "axis"), call.rank(0));
  return {cumulative_sum(call.b, call.in(0), axis, options && options->exclusive(),
                         options && options->reverse())};
}

std::vector<V> import_tflite_top_k(TfliteCall& call) {
  if (call.rank(0) < 1) reject_invalid("its input has no axes");
  const TopK top = top_k(call.b, call.in(0), call.known_integer(1, "k"), call.rank(0) - 1, true);
  return {top.values, call.b.cast(top.indices, call.output_dtype(1))};
}

}  // namespace halite::frontend
