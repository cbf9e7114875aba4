#include "schedules/conv_extents.h"

#include <algorithm>

#include "schedules/hidden.h"

namespace halite::schedules {

using Halide::Expr;

ConvExtents conv_extents(const ir::Conv2d& op, const Anchor& a) {
  const auto &in = a.inputs[0].shape, &weights = a.inputs[1].shape, &out = a.output.shape;
  ConvExtents x{};
  x.n = in[0], x.h = in[1], x.w = in[2], x.ic = in[3];
  x.oc = weights[0], x.kh = weights[1], x.kw = weights[2], x.icg = weights[3];
  x.oh = out[1], x.ow = out[2], x.ocg = x.oc / op.groups;
  x.padded_w = (x.ow - 1) * op.stride[1] + (x.kw - 1) * op.dilation[1] + 1;
  x.padded_h = (x.oh - 1) * op.stride[0] + (x.kh - 1) * op.dilation[0] + 1;
  x.macs = x.n * x.oh * x.ow * x.oc * x.kh * x.kw * x.icg;
  x.has_bias = a.inputs.size() > 2;
  x.depthwise = is_depthwise(op, a);
  return x;
}

bool is_depthwise(const ir::Conv2d& op, const Anchor& a) {
  return op.groups > 1 && a.inputs[1].shape[3] == 1;
}

Packing packed_bias(const ir::Type& bias, int64_t channels) {
  const ir::Type type{bias.dtype, {channels}, {}};
  return {type, [type](const ir::Tensor& given) {
            auto packed = ir::Tensor::zeros(type);
            std::ranges::copy(given.bytes(), packed.mutable_bytes().begin());
            return packed;
          }};
}

Expr bound_output(const ConvExtents& x, const Tile& tile, int64_t rows_per_task, const Anchor& a,
                  Stages& stages) {
  // What `known` elements of a tile or task divide evenly is stated as a count of these.
  const auto extent = [&](const std::string& name, int64_t value, const Expr& size, int64_t known) {
    return Halide::Internal::simplify(value % known == 0
                                          ? number(a, stages, name + "_tiles", value / known) * size
                                          : number(a, stages, name, value));
  };
  // A shorter last task has no loops of its own (hidden.h).
  const bool even = x.oh % (rows_per_task * tile.py) == 0;
  const Expr task =
      a.shares_code || even ? number(a, stages, "rows_per_task", rows_per_task) : hidden(rows_per_task);
  const Expr channels = extent("channels", x.oc, tile.channels(), tile.channels()),
             columns = extent("columns", x.ow, tile.px, tile.px),
             rows = extent("rows", x.oh, task * tile.py, rows_per_task * tile.py);
  auto buffer = stages.output.output_buffer();
  buffer.dim(0).set_extent(channels), buffer.dim(1).set_extent(columns), buffer.dim(2).set_extent(rows);
  const auto v = stages.output.args();
  stages.output.bound(v[0], 0, channels).bound(v[1], 0, columns).bound(v[2], 0, rows);
  stages.output.bound(v[3], 0, static_cast<int>(x.n));
  return task;
}

Halide::TailStrategy tasks_tail(const ConvExtents& x, const Tile& tile, int64_t rows_per_task) {
  return x.oh % (rows_per_task * tile.py) == 0 ? Halide::TailStrategy::RoundUp
                                               : Halide::TailStrategy::GuardWithIf;
}

}  // namespace halite::schedules
