// The vocabularies (elementwise_formulas.h) of plain numbers: Numbers<double> for reals, Numbers<Integer<T>>
// for integers that wrap.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "ir/ops/numbers.h"

namespace halite::ir {

/// An integer whose arithmetic wraps, also where C++ leaves overflow undefined or promotes to int.
template <class T>
struct Integer {
  using Bits = std::make_unsigned_t<T>;
  T value = 0;
  constexpr Integer() = default;
  constexpr explicit Integer(T v) : value(v) {}
  explicit operator T() const { return value; }

  // uint64_t, not Bits: uint16_t * uint16_t would be computed in int and overflow.
  static Integer wrap(uint64_t bits) { return Integer(static_cast<T>(static_cast<Bits>(bits))); }
  uint64_t bits() const { return static_cast<uint64_t>(value); }
  friend Integer operator+(Integer a, Integer b) { return wrap(a.bits() + b.bits()); }
  friend Integer operator-(Integer a, Integer b) { return wrap(a.bits() - b.bits()); }
  friend Integer operator*(Integer a, Integer b) { return wrap(a.bits() * b.bits()); }
  friend Integer operator&(Integer a, Integer b) { return wrap(a.bits() & b.bits()); }
  friend Integer operator|(Integer a, Integer b) { return wrap(a.bits() | b.bits()); }
  friend Integer operator^(Integer a, Integer b) { return wrap(a.bits() ^ b.bits()); }
  Integer operator-() const { return wrap(-bits()); }
  Integer operator~() const { return wrap(~bits()); }
  auto operator<=>(const Integer&) const = default;
};

template <class V>
struct Numbers;

template <>
struct Numbers<double> {
  using Value = double;
  using Bool = bool;
  static double constant(double, double value) { return value; }
  static double select(bool condition, double x, double y) { return condition ? x : y; }
  static double abs(double x) { return std::fabs(x); }
  static double min(double x, double y) { return min_of(x, y); }
  static double max(double x, double y) { return max_of(x, y); }
  static double div(double x, double y) { return x / y; }
  static double remainder(double x, double y) { return std::fmod(x, y); }
  static double pow(double x, double y) { return std::pow(x, y); }
  static double floor(double x) { return std::floor(x); }
  static double ceil(double x) { return std::ceil(x); }
  static double round(double x) { return std::nearbyint(x); }
  static double round_away(double x) { return std::round(x); }
  static double sqrt(double x) { return std::sqrt(x); }
  static double exp(double x) { return std::exp(x); }
  static double expm1(double x) { return std::expm1(x); }
  static double log(double x) { return std::log(x); }
  static double log1p(double x) { return std::log1p(x); }
  static double erf(double x) { return std::erf(x); }
  static double sin(double x) { return std::sin(x); }
  static double cos(double x) { return std::cos(x); }
  static double tan(double x) { return std::tan(x); }
  static double asin(double x) { return std::asin(x); }
  static double acos(double x) { return std::acos(x); }
  static double atan(double x) { return std::atan(x); }
  static double sinh(double x) { return std::sinh(x); }
  static double cosh(double x) { return std::cosh(x); }
  static double tanh(double x) { return std::tanh(x); }
  static double asinh(double x) { return std::asinh(x); }
  static double acosh(double x) { return std::acosh(x); }
  static double atanh(double x) { return std::atanh(x); }
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  static bool is_nan(double x) { return std::isnan(x); }
  static bool is_inf(double x) { return std::isinf(x); }
};

template <class T>
struct Numbers<Integer<T>> {
  using Value = Integer<T>;
  using Bool = bool;
  static constexpr Value kZero{0}, kOne{1};
  static Value constant(Value, double value) { return Value(saturated<T>(value)); }
  static Value select(bool condition, Value x, Value y) { return condition ? x : y; }
  static Value abs(Value x) { return x < kZero ? -x : x; }
  static Value min(Value x, Value y) { return y < x ? y : x; }
  static Value max(Value x, Value y) { return x < y ? y : x; }
  static Value minus_one() { return Value::wrap(~uint64_t{0}); }
  static bool is_minus_one(Value x) { return std::is_signed_v<T> && x == minus_one(); }
  // Division by -1 is apart because the lowest number has no counterpart.
  static Value div(Value x, Value y) {
    if (y == kZero) return kZero;
    return is_minus_one(y) ? -x : Value(static_cast<T>(x.value / y.value));
  }
  static Value remainder(Value x, Value y) {
    if (y == kZero || is_minus_one(y)) return kZero;
    return Value(static_cast<T>(x.value % y.value));
  }
  static Value pow(Value x, Value y) {
    if (y < kZero) {
      if (x == kOne) return kOne;
      if (is_minus_one(x)) return (y.value & 1) ? x : kOne;
      return kZero;
    }
    Value result = kOne;
    for (uint64_t power = y.bits(); power != 0; power >>= 1) {
      if (power & 1) result = result * x;
      x = x * x;
    }
    return result;
  }
  static constexpr uint64_t kBits = 8 * sizeof(T);
  static Value shift_left(Value x, Value y) {
    return y.bits() < kBits ? Value::wrap(x.bits() << y.bits()) : kZero;
  }
  static Value shift_right(Value x, Value y) {
    return y.bits() < kBits ? Value::wrap(x.bits() >> y.bits()) : kZero;
  }
};

/// The vocabulary in which the reference computes a dtype.
template <class T>
using Vocabulary =
    Numbers<std::conditional_t<kIsReal<T>, double, Integer<std::conditional_t<kIsReal<T>, int, T>>>>;

}  // namespace halite::ir
