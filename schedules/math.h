// Real functions as Halide expressions, f32. Those that networks use everywhere are polynomials, free of
// calls, tables and branches, so they vectorise on every target; the others are calls into the runtime's C
// functions, one per lane.
//
// Largest error, in ulp of the result, over all f32 of the domain (tests/schedules/math.cpp measures it);
// results below the smallest normal number may be flushed to zero:
//   exp 2 · expm1 3 · log 2 · log1p 3 · tanh 3 · sigmoid 3, rounded once 3.2 · erf 3
// Gelu, which graphs compose of erf, 0.5 x (1 + erf(x / sqrt 2)): 2 ulp above zero; below, where the sum
// cancels, 2^-22 absolute, and zero from -6 on. exp is inf above ln(FLT_MAX); tanh, erf and sigmoid reach
// their limits exactly; log(0) is -inf, log of a negative NaN.
#pragma once

#include <Halide.h>

namespace halite::schedules::math {

using Halide::Expr;

/// How often a product that is added to something is rounded. Once takes an instruction less where the
/// machine has one for it, and a call of C's fmaf elsewhere.
enum class Rounding : uint8_t { twice, once };

Expr exp(const Expr& x);
Expr expm1(const Expr& x);
Expr log(const Expr& x);
Expr log1p(const Expr& x);
Expr tanh(const Expr& x);
Expr sigmoid(const Expr& x, Rounding = Rounding::twice);
Expr erf(const Expr& x);

/// To the nearest whole number, halves away from zero.
Expr round_away(const Expr& x);

/// An f32 of a magnitude of at most 2^22 to the nearest whole number, halves to even, as an i32. Others, and
/// NaN, give any i32.
Expr round_to_int(const Expr& x);

/// Tests of the bits, which no assumption of a compiler about absent NaNs can fold away. f32, f64 and f16.
Expr is_nan(const Expr& x);
Expr is_inf(const Expr& x);

}  // namespace halite::schedules::math
