// The extents of a conv2d by name, for kernels of reals and of integers.
#pragma once

#include "schedules/anchor.h"
#include "schedules/register_tile.h"

namespace halite::schedules {

/// Input [n,h,w,ic], weights [oc,kh,kw,icg], output [n,oh,ow,oc]; ocg output channels a group.
struct ConvExtents {
  int64_t n, h, w, ic, oc, kh, kw, icg, oh, ow, ocg;
  int64_t padded_w, padded_h;  ///< of the input as far as it is read
  int64_t macs;
  bool has_bias;
  bool depthwise;  ///< one input channel per group
};

ConvExtents conv_extents(const ir::Conv2d&, const Anchor&);
bool is_depthwise(const ir::Conv2d&, const Anchor&);

/// A bias of reals with zeros behind it, so that there are `channels`: those of whole tiles.
Packing packed_bias(const ir::Type& bias, int64_t channels);

/// States the output's extents, which are hidden (`number`) where kernels share code. Gives the rows of tiles
/// of a task, hidden likewise.
Halide::Expr bound_output(const ConvExtents&, const Tile&, int64_t rows_per_task, const Anchor&, Stages&);
/// How rows of tiles are split into tasks: where these come out even, no rest is looked after.
Halide::TailStrategy tasks_tail(const ConvExtents&, const Tile&, int64_t rows_per_task);

}  // namespace halite::schedules
