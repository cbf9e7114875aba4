// Strassen's product of matrices, "strassen", for convolutions of 1x1: a block of two tiles of pixels times
// two tiles of output channels is computed by seven products of half the input channels, where the direct sum
// takes eight. One level; weights take 7/4 of their size. Only conv2d.cpp uses this.
//
// Errors, with u = 2^-24 (f16: 2^-11) and s the largest sum of products that the inputs' and the weights'
// largest values can give (ic max|x| max|w|): below 4 u s. An input that is infinite or no number
// reaches all outputs of its block, as it reaches all of a tile by Winograd's convolution.
//
// V. Strassen, "Gaussian elimination is not optimal", Numerische Mathematik 13, 1969.
#pragma once

#include "schedules/operators.h"

namespace halite::schedules::strassen {

/// What can be computed so: reals, one group, a stride of 1, no padding, constant weights, an even number of
/// input channels; nothing where larger weights are unwelcome (winograd.h).
std::vector<Strategy> strategies(const ir::Conv2d&, const Anchor&);
/// Whether the strategy is this one.
bool is_named(const std::string& strategy);

Halide::Func algorithm(const ir::Conv2d&, const Anchor&, Stages&, Inputs);
std::vector<Packing> packing(const ir::Conv2d&, const Anchor&, const std::string& strategy);
void schedule(const ir::Conv2d&, const Anchor&, Stages&);

}  // namespace halite::schedules::strassen
