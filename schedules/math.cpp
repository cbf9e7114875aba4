#include "schedules/math.h"

namespace halite::schedules::math {

Expr exp(Expr x) { return Halide::exp(x); }
Expr expm1(Expr x) { return Halide::exp(x) - 1; }
Expr log(Expr x) { return Halide::log(x); }
Expr log1p(Expr x) { return Halide::log(1 + x); }
Expr tanh(Expr x) { return Halide::tanh(x); }
Expr sigmoid(Expr x) { return 1 / (1 + Halide::exp(-x)); }
Expr erf(Expr x) { return Halide::erf(x); }
Expr pow(Expr x, Expr y) { return Halide::pow(x, y); }
Expr round_even(Expr x) { return Halide::round(x); }
Expr is_nan(Expr x) {
  return (Halide::reinterpret<uint32_t>(x) & Expr(0x7fffffffu)) > Expr(0x7f800000u);
}
Expr is_inf(Expr x) {
  return (Halide::reinterpret<uint32_t>(x) & Expr(0x7fffffffu)) == Expr(0x7f800000u);
}

}  // namespace halite::schedules::math
