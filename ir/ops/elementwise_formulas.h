// The formula of each elementwise function, written once. The reference instantiates it for numbers
// (elementwise.cpp), kernels for Halide::Expr, so the two cannot drift apart.
//
// A vocabulary M says how to write the parts. It has the types M::Value (a number) and M::Bool (a truth
// value), whose operators + - * unary- == != < <= > >= (and & | ^ ~ where bitwise is instantiated; && || ! on
// Bool) mean what they say, integers wrapping, and these static functions, each over Value:
//   any number   constant(like, double): of like's type, saturated · select(Bool, x, y) · abs
//                min · max (NaN wins) · div (integers truncate toward zero; x/0 = 0)
//                remainder (sign of the dividend; integers: x rem 0 = 0)
//                pow (integers: a negative power truncates the true result toward zero; 0^-n = 0)
//   reals        floor ceil round (half to even) round_away sqrt exp expm1 log log1p erf sin cos tan asin
//   acos atan
//                sinh cosh tanh asinh acosh atanh sigmoid is_nan is_inf
//   unsigned     shift_left shift_right (0 where the amount is the width or more)
#pragma once

#include "ir/base/check.h"
#include "ir/ops/elementwise.h"

namespace halite::ir {

/// What a function takes and gives; decides the dtypes that infer admits and the formula's home below.
enum class FnClass : uint8_t {
  real,        ///< float -> the same float
  arithmetic,  ///< any number -> the same dtype
  bitwise,     ///< integer -> the same dtype
  shift,       ///< unsigned integer -> the same dtype
  real_test,   ///< float -> boolean
  equality,    ///< any dtype -> boolean
  order,       ///< any number -> boolean
  logic,       ///< boolean -> boolean
  select,      ///< boolean, x, x -> x
};

// clang-format off: tables, a case a line
constexpr FnClass class_of(Fn fn) {
  switch (fn) {
    case Fn::abs: case Fn::neg: case Fn::sign: case Fn::relu: case Fn::clamp:
    case Fn::add: case Fn::sub: case Fn::mul: case Fn::div: case Fn::pow: case Fn::mod: case Fn::fmod:
    case Fn::max: case Fn::min: case Fn::prelu:
      return FnClass::arithmetic;
    case Fn::bitwise_not: case Fn::bitwise_and: case Fn::bitwise_or: case Fn::bitwise_xor:
      return FnClass::bitwise;
    case Fn::shift_left: case Fn::shift_right: return FnClass::shift;
    case Fn::is_nan: case Fn::is_inf: return FnClass::real_test;
    case Fn::equal: case Fn::not_equal: return FnClass::equality;
    case Fn::less: case Fn::less_equal: case Fn::greater: case Fn::greater_equal: return FnClass::order;
    case Fn::logical_not: case Fn::logical_and: case Fn::logical_or: case Fn::logical_xor:
      return FnClass::logic;
    case Fn::select: return FnClass::select;
    default: return FnClass::real;
  }
}

namespace formulas {

template <class M>
typename M::Value arithmetic(Fn fn, const typename M::Value& a, const typename M::Value& b, double alpha,
                             double beta) {
  using Value = typename M::Value;
  const Value zero = M::constant(a, 0);
  switch (fn) {
    case Fn::abs: return M::abs(a);
    case Fn::neg: return -a;
    case Fn::sign: return M::select(a > zero, M::constant(a, 1), M::select(a < zero, M::constant(a, -1), a));
    case Fn::relu: return M::max(a, zero);
    case Fn::clamp: return M::min(M::max(a, M::constant(a, alpha)), M::constant(a, beta));
    case Fn::add: return a + b;
    case Fn::sub: return a - b;
    case Fn::mul: return a * b;
    case Fn::div: return M::div(a, b);
    case Fn::pow: return M::pow(a, b);
    case Fn::mod: {
      const Value r = M::remainder(a, b);
      return M::select((r < zero && b > zero) || (r > zero && b < zero), r + b, r);
    }
    case Fn::fmod: return M::remainder(a, b);
    case Fn::max: return M::max(a, b);
    case Fn::min: return M::min(a, b);
    case Fn::prelu: return M::select(a < zero, a * b, a);
    default: HALITE_CHECK(false, "not an arithmetic function"); return a;
  }
}

template <class M>
typename M::Value activation(Fn fn, const typename M::Value& a, double alpha, double beta) {
  using Value = typename M::Value;
  const auto k = [&](double value) -> Value { return M::constant(a, value); };
  const Value zero = k(0), one = k(1);
  switch (fn) {
    case Fn::leaky_relu: return M::select(a < zero, k(alpha) * a, a);
    case Fn::elu: return M::select(a < zero, k(alpha) * M::expm1(a), a);
    case Fn::celu: return M::max(zero, a) + M::min(zero, k(alpha) * M::expm1(M::div(a, k(alpha))));
    case Fn::selu: return k(beta) * M::select(a < zero, k(alpha) * M::expm1(a), a);
    case Fn::softplus: return M::max(a, zero) + M::log1p(M::exp(-M::abs(a)));
    case Fn::softsign: return M::div(a, one + M::abs(a));
    case Fn::hard_sigmoid: return M::min(M::max(k(alpha) * a + k(beta), zero), one);
    case Fn::hard_swish: return a * M::min(M::max(a * k(1.0 / 6) + k(0.5), zero), one);
    default: HALITE_CHECK(false, "not a function of reals"); return a;
  }
}

template <class M>
typename M::Value real(Fn fn, const typename M::Value& a, double alpha, double beta) {
  switch (fn) {
    case Fn::floor: return M::floor(a);
    case Fn::ceil: return M::ceil(a);
    case Fn::round: return M::round(a);
    case Fn::round_away: return M::round_away(a);
    case Fn::sqrt: return M::sqrt(a);
    case Fn::reciprocal: return M::div(M::constant(a, 1), a);
    case Fn::exp: return M::exp(a);
    case Fn::log: return M::log(a);
    case Fn::erf: return M::erf(a);
    case Fn::sin: return M::sin(a);
    case Fn::cos: return M::cos(a);
    case Fn::tan: return M::tan(a);
    case Fn::asin: return M::asin(a);
    case Fn::acos: return M::acos(a);
    case Fn::atan: return M::atan(a);
    case Fn::sinh: return M::sinh(a);
    case Fn::cosh: return M::cosh(a);
    case Fn::tanh: return M::tanh(a);
    case Fn::asinh: return M::asinh(a);
    case Fn::acosh: return M::acosh(a);
    case Fn::atanh: return M::atanh(a);
    case Fn::sigmoid: return M::sigmoid(a);
    default: return activation<M>(fn, a, alpha, beta);
  }
}

template <class M>
typename M::Value bitwise(Fn fn, const typename M::Value& a, const typename M::Value& b) {
  switch (fn) {
    case Fn::bitwise_not: return ~a;
    case Fn::bitwise_and: return a & b;
    case Fn::bitwise_or: return a | b;
    case Fn::bitwise_xor: return a ^ b;
    default: HALITE_CHECK(false, "not a bitwise function"); return a;
  }
}

template <class M>
typename M::Value shift(Fn fn, const typename M::Value& a, const typename M::Value& b) {
  return fn == Fn::shift_left ? M::shift_left(a, b) : M::shift_right(a, b);
}

template <class M>
typename M::Bool real_test(Fn fn, const typename M::Value& a) {
  return fn == Fn::is_nan ? M::is_nan(a) : M::is_inf(a);
}

/// Classes equality and order.
template <class M>
typename M::Bool comparison(Fn fn, const typename M::Value& a, const typename M::Value& b) {
  switch (fn) {
    case Fn::equal: return a == b;
    case Fn::not_equal: return a != b;
    case Fn::less: return a < b;
    case Fn::less_equal: return a <= b;
    case Fn::greater: return a > b;
    case Fn::greater_equal: return a >= b;
    default: HALITE_CHECK(false, "not a comparison"); return a == b;
  }
}

template <class M>
typename M::Bool logic(Fn fn, const typename M::Bool& a, const typename M::Bool& b) {
  switch (fn) {
    case Fn::logical_not: return !a;
    case Fn::logical_and: return a && b;
    case Fn::logical_or: return a || b;
    case Fn::logical_xor: return (a && !b) || (!a && b);
    default: HALITE_CHECK(false, "not a function of booleans"); return a;
  }
}

/// Any function, for a vocabulary in which numbers and truth values have one dynamic type (Halide::Expr).
/// Arguments beyond arity(fn) are not looked at, but must be copyable.
template <class M>
typename M::Value any(const Elementwise& op, const typename M::Value& a, const typename M::Value& b,
                      const typename M::Value& c) {
  switch (class_of(op.fn)) {
    case FnClass::real: return real<M>(op.fn, a, op.alpha, op.beta);
    case FnClass::arithmetic: return arithmetic<M>(op.fn, a, b, op.alpha, op.beta);
    case FnClass::bitwise: return bitwise<M>(op.fn, a, b);
    case FnClass::shift: return shift<M>(op.fn, a, b);
    case FnClass::real_test: return real_test<M>(op.fn, a);
    case FnClass::equality:
    case FnClass::order: return comparison<M>(op.fn, a, b);
    case FnClass::logic: return logic<M>(op.fn, a, b);
    case FnClass::select: return M::select(a, b, c);
  }
  HALITE_CHECK(false, "unknown class");
  return a;
}
// clang-format on

}  // namespace formulas
}  // namespace halite::ir
