// Whether two graphs compute the same: they are interpreted on seeded random inputs, several times in a row
// where they have states.
#pragma once

#include <cstdint>

#include "ir/graph.h"

namespace halite::ir {

/// Random inputs of the graph's types: reals in [-2,2), integers in 0..7.
std::vector<Tensor> random_inputs(const Graph&, uint64_t seed);
/// CHECKs that inputs and outputs have equal types and names, and that outputs and states agree to
/// `rounding`, relative and absolute (integers exactly).
void check_equivalent(const Graph& before, const Graph& after, uint64_t seed, double rounding = 1e-5);

}  // namespace halite::ir
