// Functions of the elements at one index, with NumPy broadcasting of the inputs (ranks are equal: the front
// end adds leading extents of 1).
//   in: one to three tensors, as arity(fn) says   out: the broadcast shape; dtype: boolean for comparisons
//   and logic, otherwise that of the inputs (`select`: of the second and third; the first is boolean)
// arithmetic takes any number, functions of reals only floats, shifts only unsigned integers;
// elementwise_formulas.h has the classes and every formula. alpha and beta are attributes of the functions
// that name them below. Integer division truncates toward zero, `mod` takes the sign of the divisor, `fmod`
// that of the dividend; integer arithmetic wraps, x/0 and x mod 0 are 0, and shifts by the width or more give
// 0.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

enum class Fn : uint8_t {
  // one input
  abs,
  neg,
  sign,
  floor,
  ceil,
  round,       ///< halves to the even neighbour
  round_away,  ///< halves away from zero
  sqrt,
  reciprocal,
  exp,
  log,
  erf,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  sigmoid,
  relu,
  is_nan,
  is_inf,
  logical_not,
  bitwise_not,
  leaky_relu,    ///< x < 0 ? alpha*x : x
  elu,           ///< x < 0 ? alpha*(exp(x)-1) : x
  celu,          ///< max(0,x) + min(0, alpha*(exp(x/alpha)-1))
  selu,          ///< beta * (x < 0 ? alpha*(exp(x)-1) : x)
  softplus,      ///< log(1 + exp(x)), without overflow
  softsign,      ///< x / (1 + |x|)
  hard_sigmoid,  ///< clamp(alpha*x + beta, 0, 1)
  hard_swish,    ///< x * clamp(x/6 + 0.5, 0, 1)
  clamp,         ///< min(max(x, alpha), beta)
  // two inputs
  add,
  sub,
  mul,
  div,
  pow,
  mod,
  fmod,
  max,
  min,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  logical_xor,
  bitwise_and,
  bitwise_or,
  bitwise_xor,
  shift_left,
  shift_right,
  prelu,  ///< a < 0 ? a*b : a
  // three inputs
  select,  ///< a ? b : c
};

/// Number of inputs: 1, 2 or 3.
int arity(Fn);
std::string_view to_string(Fn);

struct Elementwise {
  static constexpr std::string_view kName = "elementwise";
  Fn fn = Fn::relu;
  double alpha = 0;
  double beta = 0;

  bool operator==(const Elementwise&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("fn", self.fn);
    visit("alpha", self.alpha);
    visit("beta", self.beta);
  }
};

Result<Types> infer(const Elementwise&, std::span<const Type> in);
void reference(const Elementwise&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
