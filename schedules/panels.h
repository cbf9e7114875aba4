// conv2d as a product of matrices over panels, for machines whose multiply-add takes one lane of a register
// as its scalar: the inputs of a tile's pixels are copied into a panel, in which the pixels of one reduction
// step lie side by side. A register then holds one step of four pixels instead of four steps of one, so a
// tile of 24 accumulators leaves room for its inputs, and weights and inputs are two streams that are read in
// pairs of registers. Each input is moved once for all output channels; padding is settled on the way, and
// strides and taps cost the inner loop nothing.
#pragma once

#include "schedules/operators.h"

namespace halite::schedules::panels {

/// What can be computed so: f32 convolutions of one group with constant weights whose input channels come in
/// fours, or whose rows of taps are short.
std::vector<Strategy> strategies(const ir::Conv2d&, const Anchor&);
/// Whether the strategy is this one.
bool is_named(const std::string& strategy);

Halide::Func algorithm(const ir::Conv2d&, const Anchor&, Stages&, Inputs);
std::vector<Packing> packing(const ir::Conv2d&, const Anchor&, const std::string& strategy);
void schedule(const ir::Conv2d&, const Anchor&, Stages&);

}  // namespace halite::schedules::panels
