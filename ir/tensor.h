// A tensor's value: a type and its bytes, row-major, little-endian. Copies share the bytes, which are
// immutable once a second holder exists; writers create their own with Tensor::zeros.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "ir/base/check.h"
#include "ir/type.h"

namespace halite::ir {

/// The DType of a C++ element type.
template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<int8_t>() {
  return DType::i8;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::u8;
}
template <>
constexpr DType dtype_of<int16_t>() {
  return DType::i16;
}
template <>
constexpr DType dtype_of<uint16_t>() {
  return DType::u16;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<uint32_t>() {
  return DType::u32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<uint64_t>() {
  return DType::u64;
}

class Tensor {
 public:
  Tensor() = default;
  Tensor(Type type, std::vector<std::byte> bytes);  ///< CHECKs that the byte count fits the type
  static Tensor zeros(Type type);
  /// A rank-1 tensor of the values.
  template <class T>
  static Tensor of(std::span<const T> values, Shape shape) {
    Tensor t = zeros({dtype_of<T>(), std::move(shape), {}});
    HALITE_CHECK(static_cast<size_t>(t.type().elements()) == values.size(), "element count");
    std::copy(values.begin(), values.end(), t.template mutable_data<T>().begin());
    return t;
  }

  const Type& type() const { return type_; }
  /// The same bytes under another type of equal size (a reshape, or a reinterpretation of dtype).
  Tensor with_type(Type type) const;
  /// The elements whose index lies within `shape` on every axis; no extent of it is larger than the tensor's.
  Tensor leading(const Shape& shape) const;
  std::span<const std::byte> bytes() const;
  std::span<std::byte> mutable_bytes();

  /// Elements in row-major order. `boolean` is read as uint8_t, f16 and bf16 as uint16_t bits; otherwise T
  /// must match dtype.
  template <class T>
  std::span<const T> data() const {
    check_access(sizeof(T));
    return {reinterpret_cast<const T*>(bytes().data()), static_cast<size_t>(type_.elements())};
  }
  template <class T>
  std::span<T> mutable_data() {
    check_access(sizeof(T));
    return {reinterpret_cast<T*>(mutable_bytes().data()), static_cast<size_t>(type_.elements())};
  }

  /// Element `i` (row-major) as a double; any dtype.
  double at(int64_t i) const;
  /// Writes element `i`, converting as C does (integers saturate).
  void set(int64_t i, double value);

 private:
  void check_access(size_t element_size) const;
  Type type_;
  std::shared_ptr<std::vector<std::byte>> bytes_;
};

float f16_to_f32(uint16_t bits);
uint16_t f32_to_f16(float value);  ///< round to nearest even
float bf16_to_f32(uint16_t bits);
uint16_t f32_to_bf16(float value);  ///< round to nearest even; a NaN becomes 0x7fc0 with its sign

}  // namespace halite::ir
