// Reductions, cumulative sums, and the largest elements.
#include <algorithm>
#include <limits>

#include "frontend/decompose/movement.h"
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

/// In log2(n) steps: each adds what lies 1, 2, 4, ... places before.
std::vector<V> import_tflite_cumsum(TfliteCall& call) {
  Builder& b = call.b;
  const auto* options = call.maybe_options<tflite::CumsumOptions>();
  const int64_t axis = normalize_axis(call.known_integer(1, "axis"), call.rank(0));
  const int64_t extent = call.shape(0)[axis];
  const bool reversed = options && options->reverse();
  const auto shifted = [&](V x, int64_t by) {
    ir::Pad pad{ir::Pad::Mode::constant, Axes(static_cast<size_t>(b.rank(x)), 0),
                Axes(static_cast<size_t>(b.rank(x)), 0), 0};
    pad.before[axis] = reversed ? -by : by;
    pad.after[axis] = reversed ? by : -by;
    return b.op(pad, {x});
  };
  V sum = call.in(0);
  if (options && options->exclusive() && extent > 0) sum = shifted(sum, 1);
  for (int64_t by = 1; by < extent; by *= 2) sum = b.add(sum, shifted(sum, by));
  return {sum};
}

/// One after another: the largest of what is left. Among equals the first comes first.
std::vector<V> import_tflite_top_k(TfliteCall& call) {
  Builder& b = call.b;
  const int64_t k = call.known_integer(1, "k"), axis = call.rank(0) - 1;
  if (call.rank(0) < 1 || k < 0 || k > call.shape(0)[axis])
    reject_invalid("k is " + std::to_string(k) + ", but its input is " + ir::to_string(call.type(0)), "k");
  if (k > 256) reject_unsupported("k is " + std::to_string(k) + "; at most 256 are supported", "k");
  if (k == 0) reject_unsupported("k is 0", "k");
  const int64_t extent = call.shape(0)[axis];
  const V places = b.iota(extent);
  const DType dtype = call.type(0).dtype;
  // What is taken must never win again: it becomes less than every number of the type.
  V left = ir::is_float(dtype) ? call.in(0) : b.cast(call.in(0), DType::i64);
  const V lowest = b.scalar(-std::numeric_limits<double>::infinity(), b.dtype(left));
  std::vector<V> values, indices;
  for (int64_t i = 0; i < k; ++i) {
    const V at = b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, axis, false}, {left});
    indices.push_back(at);
    values.push_back(b.reduce(ir::Reduce::Kind::max, left, {axis}));
    left = b.select(b.binary(Fn::equal, at, places), lowest, left);
  }
  return {b.cast(b.concat(values, axis), dtype), b.cast(b.concat(indices, axis), call.output_dtype(1))};
}

}  // namespace halite::frontend
