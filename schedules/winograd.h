// Winograd's convolution, "winograd2", "winograd4" and "winograd6": 3x3 with a stride of 1, computed in tiles
// of m x m outputs by (m + 2)^2 products instead of 9 m^2. Only conv2d.cpp uses this.
//
// Errors, with u = 2^-24 and s the largest sum of products that the inputs' and the weights' largest values
// can give (9 ic max|x| max|w|): below 16 u s for tiles of 4, below 32 u s for tiles of 6. Tiles of 2 only
// add and halve, and round as the direct sum does. In f16 u is 2^-11, and tiles of 6 are not offered.
#pragma once

#include "schedules/operators.h"

namespace halite::schedules::winograd {

/// What can be computed so: nothing where weights are not constant or groups are many, and nothing where
/// weights of 16/9 to 64/9 the size are unwelcome: without vectors, without a second cache, or if code shall
/// be small.
std::vector<Strategy> strategies(const ir::Conv2d&, const Anchor&);
/// Whether the strategy is one of these.
bool is_named(const std::string& strategy);

Halide::Func algorithm(const ir::Conv2d&, const Anchor&, Stages&, Inputs);
std::vector<Packing> packing(const ir::Conv2d&, const Anchor&, const std::string& strategy);
void schedule(const ir::Conv2d&, const Anchor&, Stages&);

}  // namespace halite::schedules::winograd
