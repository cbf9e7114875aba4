// Poolings, over windows and over everything. https://onnx.ai/onnx/operators/onnx__AveragePool.html
#include "frontend/decompose/volume.h"
#include "frontend/onnx/operators.h"
#include "frontend/onnx/window.h"

namespace halite::frontend {
namespace {

ir::Pool2d read_pool(OnnxCall& call, ir::Pool2d::Kind kind) {
  spatial_rank(call);
  if (!call.has_attribute("kernel_shape"))
    reject_invalid("the attribute 'kernel_shape' is missing", "kernel_shape");
  const Pair kernel = read_pair(call, "kernel_shape", 1, 1);
  const Window w = read_window(call, kernel, call.flag("ceil_mode", false));
  return {kind, w.kernel, w.stride, w.dilation, w.pad, w.excess, false};
}

/// Three spatial axes.
V pool_volume(OnnxCall& call, ir::Pool2d::Kind kind, bool count_include_pad) {
  if (!call.has_attribute("kernel_shape"))
    reject_invalid("the attribute 'kernel_shape' is missing", "kernel_shape");
  const auto kernel = read_list(call, "kernel_shape", 3, 1, 1);
  const VolumeWindows w = read_volume_windows(call, kernel, call.flag("ceil_mode", false));
  return pool3d(call.b, call.in(0), kind, count_include_pad, w.depth, w.plane);
}

V pool(OnnxCall& call, V x, const ir::Pool2d& attributes) {
  return call.b.channels_first(call.b.op(attributes, {call.b.channels_last(x)}), call.rank(0));
}

Axes all_spatial(const OnnxCall& call) {
  if (call.rank(0) < 3) reject_invalid("its input " + ir::to_string(call.type(0)) + " has no spatial axes");
  return axis_range(2, call.rank(0));
}

int64_t read_p(const OnnxCall& call) {
  const int64_t p = call.integer("p", 2);
  if (p < 1 || p > 64) reject_invalid("p is " + std::to_string(p) + "; the norm needs p of 1 or more", "p");
  return p;
}

}  // namespace

std::vector<V> import_average_pool(OnnxCall& call) {
  if (call.rank(0) == 5)
    return {pool_volume(call, ir::Pool2d::Kind::average, call.flag("count_include_pad", false))};
  ir::Pool2d attributes = read_pool(call, ir::Pool2d::Kind::average);
  attributes.count_include_pad = call.flag("count_include_pad", false);
  return {pool(call, call.in(0), attributes)};
}

std::vector<V> import_max_pool(OnnxCall& call) {
  call.ignore({"storage_order"});  // the order of Indices
  if (call.rank(0) == 5 && !call.wants(1)) return {pool_volume(call, ir::Pool2d::Kind::max, false)};
  const ir::Pool2d attributes = read_pool(call, ir::Pool2d::Kind::max);
  if (call.wants(1)) reject_unsupported("only the maxima can be had, not their places", "Indices");
  return {pool(call, call.in(0), attributes)};
}

std::vector<V> import_lp_pool(OnnxCall& call) {
  Builder& b = call.b;
  const auto p = static_cast<double>(read_p(call));
  ir::Pool2d attributes = read_pool(call, ir::Pool2d::Kind::average);
  attributes.count_include_pad = true;
  attributes.excess = {0, 0};  // zeros add nothing to a sum, wherever they come from
  const auto pixels = static_cast<double>(attributes.kernel[0] * attributes.kernel[1]);
  const V mean = pool(call, b.pow(b.unary(Fn::abs, call.in(0)), p), attributes);
  return {b.pow(b.mul(mean, pixels), 1 / p)};
}

std::vector<V> import_global_average_pool(OnnxCall& call) {
  return {call.b.mean(call.in(0), all_spatial(call))};
}

std::vector<V> import_global_max_pool(OnnxCall& call) {
  return {call.b.reduce(ir::Reduce::Kind::max, call.in(0), all_spatial(call))};
}

std::vector<V> import_global_lp_pool(OnnxCall& call) {
  Builder& b = call.b;
  const auto p = static_cast<double>(read_p(call));
  return {b.pow(b.sum(b.pow(b.unary(Fn::abs, call.in(0)), p), all_spatial(call)), 1 / p)};
}

}  // namespace halite::frontend
