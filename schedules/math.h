// Real functions as Halide expressions, f32. Those that networks use everywhere are polynomials, free of calls and
// branches, so they vectorise; the others are calls into the runtime's C functions, one per lane.
#pragma once

#include <Halide.h>

namespace halite::schedules::math {

using Halide::Expr;

Expr exp(Expr x);
Expr expm1(Expr x);
Expr log(Expr x);
Expr log1p(Expr x);
Expr tanh(Expr x);
Expr sigmoid(Expr x);
Expr erf(Expr x);
Expr pow(Expr x, Expr y);
Expr round_even(Expr x);
Expr is_nan(Expr x);
Expr is_inf(Expr x);

}  // namespace halite::schedules::math
