// Element types as C++ types, for the reference functions: arithmetic over T with sums in Wide<T>, movement
// over words of equal size.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "ir/tensor.h"

namespace halite::ir {

/// An f16 element; computed with as double, rounded on the way back.
struct Half {
  uint16_t bits = 0;
  Half() = default;
  explicit Half(double value) : bits(f32_to_f16(static_cast<float>(value))) {}
  operator double() const { return f16_to_f32(bits); }
};

/// A bf16 element, which is only read: products of two of them are summed in f32.
struct UpperHalf {
  uint16_t bits = 0;
  operator double() const { return bf16_to_f32(bits); }
};

template <class T>
inline constexpr bool kIsReal = std::is_floating_point_v<T> || std::is_same_v<T, Half>;

/// What the references compute in: double for reals (closer to the truth than any kernel), 64 bits for
/// integers.
template <class T>
using Wide =
    std::conditional_t<kIsReal<T>, double, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;

/// Calls f(T{}) with the element type of a number; a boolean is one as uint8_t. Not for bf16.
template <class F>
void with_number(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32:
      return f(float{});
    case DType::f16:
      return f(Half{});
    case DType::f64:
      return f(double{});
    case DType::i8:
      return f(int8_t{});
    case DType::u8:
      return f(uint8_t{});
    case DType::i16:
      return f(int16_t{});
    case DType::u16:
      return f(uint16_t{});
    case DType::i32:
      return f(int32_t{});
    case DType::u32:
      return f(uint32_t{});
    case DType::i64:
      return f(int64_t{});
    case DType::u64:
      return f(uint64_t{});
    case DType::boolean:
      return f(uint8_t{});
    case DType::bf16:
      HALITE_CHECK(false, "arithmetic on bf16");
  }
}

/// Calls f(T{}) with the unsigned integer of the element's size: for moving elements without looking at them.
template <class F>
void with_word(DType dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1:
      return f(uint8_t{});
    case 2:
      return f(uint16_t{});
    case 4:
      return f(uint32_t{});
    case 8:
      return f(uint64_t{});
    default:
      HALITE_CHECK(false, "element size");
  }
}

/// Reals convert; integers truncate toward zero and saturate, NaN gives 0.
template <class T>
T saturated(double value) {
  if constexpr (kIsReal<T>) {
    return static_cast<T>(value);
  } else {
    using Limits = std::numeric_limits<T>;
    if (value != value) return 0;
    if (value <= static_cast<double>(Limits::min())) return Limits::min();
    if (value >= static_cast<double>(Limits::max())) return Limits::max();
    return static_cast<T>(value);
  }
}

/// The larger (smaller); NaN wins over numbers.
template <class T>
T max_of(T a, T b) {
  return a != a ? a : (b != b || b > a) ? b : a;
}
template <class T>
T min_of(T a, T b) {
  return a != a ? a : (b != b || b < a) ? b : a;
}

/// Neutral elements of max and min.
template <class T>
Wide<T> lowest() {
  if constexpr (kIsReal<T>)
    return -std::numeric_limits<double>::infinity();
  else
    return std::numeric_limits<T>::min();
}
template <class T>
Wide<T> highest() {
  if constexpr (kIsReal<T>)
    return std::numeric_limits<double>::infinity();
  else
    return std::numeric_limits<T>::max();
}

}  // namespace halite::ir
