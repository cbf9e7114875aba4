// Poolings, over windows and over everything. https://onnx.ai/onnx/operators/onnx__AveragePool.html
#include "frontend/decompose/unpool.h"
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
  Builder& b = call.b;
  const bool by_columns = call.flag("storage_order", false);  // of the places alone
  if (call.rank(0) == 5 && !call.wants(1)) return {pool_volume(call, ir::Pool2d::Kind::max, false)};
  const ir::Pool2d attributes = read_pool(call, ir::Pool2d::Kind::max);
  const V y = pool(call, call.in(0), attributes);
  if (!call.wants(1)) return {y};
  const bool row = call.rank(0) == 3;
  const V x = row ? b.unsqueeze(call.in(0), {2}) : call.in(0);
  const Shape to = b.shape(y);
  const V places = max_pool_places(b, x, attributes, row ? 1 : to[2], to.back(), by_columns);
  return {y, b.reshape(places, to)};
}

/// The places are those of the least output; one that is stated and larger has zeros behind it.
std::vector<V> import_max_unpool(OnnxCall& call) {
  Builder& b = call.b;
  if (!call.has_attribute("kernel_shape"))
    reject_invalid("the attribute 'kernel_shape' is missing", "kernel_shape");
  const int64_t spatial = spatial_rank(call);
  const Window w = read_plain_window(call, read_pair(call, "kernel_shape", 1, 1));
  if (call.shape(1) != call.shape(0))
    reject_invalid("its places are " + ir::to_string(call.type(1)) + ", but its input is " +
                   ir::to_string(call.type(0)));
  Pair least;
  for (size_t axis = 0; axis < 2; ++axis) {
    least[axis] = (w.input[axis] - 1) * w.stride[axis] + w.kernel[axis] - w.pad[axis] - w.pad[axis + 2];
    if (least[axis] < 1) reject_invalid("its padding leaves no output", "pads");
  }
  const bool row = spatial == 1;
  const V x = row ? b.unsqueeze(call.in(0), {2}) : call.in(0);
  V y = max_unpool(b, x, call.in(1), least[0], least[1]);
  if (row) y = b.squeeze(y, {2});
  if (!call.has(2)) return {y};
  const Shape to = call.known_integers(2, "output_shape"), from = b.shape(y);
  ir::Pad pad{ir::Pad::Mode::constant, Axes(from.size(), 0), Axes(from.size(), 0)};
  bool fits = to.size() == from.size();
  for (size_t i = 0; fits && i < to.size(); ++i) {
    fits = i < 2 ? to[i] == from[i] : to[i] >= from[i] && to[i] <= INT32_MAX;
    pad.after[i] = to[i] - from[i];
  }
  if (!fits)
    reject_invalid(
        "output_shape is " + ir::to_string(to) + ", but at least " + ir::to_string(from) + " is needed",
        "output_shape");
  return {to == from ? y : b.op(pad, {y})};
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
