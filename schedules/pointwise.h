// How loops over a stored Func are vectorised and shared among cores; used by every schedule whose output has
// no register tiles of its own.
#pragma once

#include "schedules/anchor.h"

namespace halite::schedules {

/// Elements of that type in a vector register; 1 on a scalar machine.
int lanes(const targets::Facts&, ir::DType);

/// The largest power of two that is at most `extent` (1 for 0).
int floor_pow2(int64_t extent);

/// The vector width for an axis: `natural` or, for a short axis, the largest power of two inside it.
int fitting_lanes(int natural, int64_t extent);

/// The largest power of two up to `limit` that a tile of an axis may take: inside the extent or, in place,
/// dividing it, for a tile that computes more than it stores has nothing to overlap with.
int fitting_tile(const Anchor&, int limit, int64_t extent);

/// How the last vector of an axis that is no multiple of the width is done: by overlapping the one before it,
/// or, where an element must not be stored twice, under a guard.
Halide::TailStrategy tail(const Anchor&);

/// Runs the outermost of `order` (innermost first, extents beside it) in parallel where there is enough work:
/// `cost` is about the number of cycles per element.
struct Loop {
  Halide::Var var;
  int64_t extent;
};
void parallelise(Halide::Func, std::vector<Loop> order, double cost, const targets::Facts&);

}  // namespace halite::schedules
