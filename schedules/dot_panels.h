// conv2d by dot products of vectors, for machines whose dot product takes the four bytes of any one 32-bit
// lane as its second factor: what a tile's pixels take from the input is copied into a panel, in which the
// chunks of four pixels lie side by side. So one load serves four pixels, where each took a broadcast and an
// address, and taps, strides and padding cost the innermost loop nothing: panels and weights are two streams.
//   panel [y][tiles of x][chunks / block][pixels / 4][block][4 pixels][chunk], on the stack, of a row of
//   tiles weights packed as products.h says, all taps one run
// A block of chunks is as many as divide a run, up to four: four vectors of it are transposed at once.
#pragma once

#include "schedules/conv2d_integer.h"

namespace halite::schedules::integer {

/// The plan `p`, which is by dot products, with its tile and panel set, if the machine, the layer's extents
/// and the stack allow it.
std::optional<ConvPlan> plan_dot_panels(const ir::Conv2d&, const Anchor&, ConvPlan p);

/// The sum of one step. `element(x, y, b, k, outer)`: element k of a run of the input.
using PanelElement =
    std::function<Halide::Expr(const Halide::Expr& x, const Halide::Expr& y, const Halide::Expr& b,
                               const Halide::Expr& k, const Halide::Expr& outer)>;
/// Defines the update of `acc` and adds to stages.parts what the schedule places.
void sum_panels(const ConvPlan&, Stages&, Halide::Func acc, const Halide::Func& weights, const PanelElement&);

/// The loops of the sums and of the panel, which is filled once for each `row`.
void schedule_panels(const ConvPlan&, Stages&, Halide::Func acc, const Halide::Var& row);

}  // namespace halite::schedules::integer
