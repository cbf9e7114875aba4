// Numbers that Halide learns late. Where it finds for which rounds of a loop a tile is whole, it makes one
// copy of the loop's body for these and one for the rest, reductions and all. It finds out by solving for the
// loop's variable, which fails where that is multiplied by what is not known. So a schedule says where copies
// are wanted: a factor of a split that is hidden keeps the loop outside it whole.
#pragma once

#include <Halide.h>

#include <cstdint>

namespace halite::schedules {

/// `value`, of which Halide knows nothing until loops are as they stay. `min(hidden(n), n)`, which it knows
/// to be n at most, where a loop is to be unrolled or an allocation needs a bound.
Halide::Expr hidden(int64_t value);

/// Makes the hidden numbers of a pipeline known in time. Every pipeline of a Kernel needs it.
void reveal_hidden(Halide::Pipeline&);

}  // namespace halite::schedules
