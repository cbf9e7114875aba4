// Reductions along the innermost axis, which vectors run along: every lane reduces its own elements, then the
// lanes are reduced, then what is left over when the extent is no multiple of the width.
#pragma once

#include <functional>

#include "schedules/anchor.h"

namespace halite::schedules {

/// An operation that is associative and commutative, and what it leaves unchanged.
struct Monoid {
  Halide::Expr neutral;
  std::function<Halide::Expr(Halide::Expr, Halide::Expr)> combine;
};

struct LaneReduction {
  Halide::Func partial, total;  ///< partial(u, vars...) is undefined where the axis is too short for lanes
  int width = 1;  ///< of partial, in elements; a multiple of the vector's lanes or less than that
};

/// total(vars) = combination of read(i, others) over i in [0, n) and over `others`, further reduced axes.
LaneReduction reduce_along_lanes(
    const std::string& name, const std::vector<Halide::Var>& vars, const Monoid&, int n, int lanes,
    const Halide::Region& others,
    const std::function<Halide::Expr(Halide::Expr, std::vector<Halide::Expr>)>& read);

/// Computes both at a loop of `consumer`, in registers.
void schedule_lanes(LaneReduction&, Halide::Func consumer, Halide::Var at, int lanes);

}  // namespace halite::schedules
