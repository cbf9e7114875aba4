// Between the IR's element types and Halide's. A boolean is stored, and flows between Funcs, as uint8 0 or 1;
// bf16 as uint16 bits.
#pragma once

#include <Halide.h>

#include "ir/type.h"

namespace halite::schedules {

Halide::Type halide_type(ir::DType);

/// `rank` loop variables, innermost axis first.
std::vector<Halide::Var> axes(int rank);

/// Axis `i` of a tensor of that rank, counted from the outermost, as a Halide dimension (0 is innermost), or
/// back.
inline int flip(int i, int rank) { return rank - 1 - i; }

/// The IR's extent of Halide dimension `d`.
inline int extent(const ir::Type& type, int d) { return static_cast<int>(type.shape[flip(d, type.rank())]); }

}  // namespace halite::schedules
