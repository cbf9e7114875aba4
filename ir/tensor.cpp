#include "ir/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace halite::ir {
namespace {

// Calls f with a null pointer to the C++ type that stores a DType. f16 and bf16 are handled by its callers.
template <class F>
auto with_storage(DType t, F f) {
  switch (t) {
    case DType::f32:
      return f(static_cast<float*>(nullptr));
    case DType::f64:
      return f(static_cast<double*>(nullptr));
    case DType::i8:
      return f(static_cast<int8_t*>(nullptr));
    case DType::boolean:
    case DType::u8:
      return f(static_cast<uint8_t*>(nullptr));
    case DType::i16:
      return f(static_cast<int16_t*>(nullptr));
    case DType::f16:
    case DType::bf16:
    case DType::u16:
      return f(static_cast<uint16_t*>(nullptr));
    case DType::i32:
      return f(static_cast<int32_t*>(nullptr));
    case DType::u32:
      return f(static_cast<uint32_t*>(nullptr));
    case DType::i64:
      return f(static_cast<int64_t*>(nullptr));
    case DType::u64:
      return f(static_cast<uint64_t*>(nullptr));
  }
  HALITE_CHECK(false, "unknown dtype");
  return f(static_cast<float*>(nullptr));
}

template <class T>
T saturate(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    if (std::isnan(value)) return 0;
    // The upper limit as a double may round up to one past the range, hence >=.
    if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    return static_cast<T>(value);
  }
}

}  // namespace

Tensor::Tensor(Type type, std::vector<std::byte> bytes)
    : type_(std::move(type)), bytes_(std::make_shared<std::vector<std::byte>>(std::move(bytes))) {
  HALITE_CHECK(static_cast<int64_t>(bytes_->size()) == type_.bytes(), "bytes do not fit " + to_string(type_));
}

Tensor Tensor::zeros(Type type) {
  const int64_t bytes = type.bytes();
  return Tensor(std::move(type), std::vector<std::byte>(static_cast<size_t>(bytes)));
}

Tensor Tensor::with_type(Type type) const {
  HALITE_CHECK(bytes_ && type.bytes() == static_cast<int64_t>(bytes_->size()),
               to_string(type_) + " as " + to_string(type));
  Tensor t = *this;
  t.type_ = std::move(type);
  return t;
}

Tensor Tensor::leading(const Shape& shape) const {
  if (shape == type_.shape) return *this;
  Type type = type_;
  type.shape = shape;
  bool within = shape.size() == type_.shape.size();
  for (size_t d = 0; within && d < shape.size(); ++d) within = shape[d] >= 0 && shape[d] <= type_.shape[d];
  HALITE_CHECK(within, "the first " + to_string(type) + " of " + to_string(type_));
  Tensor result = zeros(type);
  if (result.bytes().empty()) return result;
  const auto strides = contiguous_strides(type_.shape);
  const auto size = static_cast<int64_t>(size_of(type.dtype));
  const int64_t row = shape.back() * size;
  std::vector<int64_t> index(shape.size(), 0);  // of the row; the last axis is copied at once
  for (auto to = result.mutable_bytes().begin(); to != result.mutable_bytes().end(); to += row) {
    int64_t from = 0;
    for (size_t d = 0; d < index.size(); ++d) from += index[d] * strides[d] * size;
    std::copy_n(bytes().begin() + from, row, to);
    for (size_t d = index.size() - 1; d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
  }
  return result;
}

std::span<const std::byte> Tensor::bytes() const {
  HALITE_CHECK(bytes_, "tensor without a value");
  return *bytes_;
}

std::span<std::byte> Tensor::mutable_bytes() {
  HALITE_CHECK(bytes_ && bytes_.use_count() == 1, "a tensor that is written must have one holder");
  return *bytes_;
}

void Tensor::check_access(size_t element_size) const {
  HALITE_CHECK(element_size == static_cast<size_t>(size_of(type_.dtype)), "access to " + to_string(type_));
}

double Tensor::at(int64_t i) const {
  HALITE_CHECK(i >= 0 && i < type_.elements(), "index out of range");
  if (type_.dtype == DType::f16) return f16_to_f32(data<uint16_t>()[i]);
  if (type_.dtype == DType::bf16) return bf16_to_f32(data<uint16_t>()[i]);
  return with_storage(type_.dtype, [&](auto* p) {
    return static_cast<double>(data<std::remove_pointer_t<decltype(p)>>()[i]);
  });
}

void Tensor::set(int64_t i, double value) {
  HALITE_CHECK(i >= 0 && i < type_.elements(), "index out of range");
  if (type_.dtype == DType::f16) {
    mutable_data<uint16_t>()[i] = f32_to_f16(static_cast<float>(value));
  } else if (type_.dtype == DType::bf16) {
    mutable_data<uint16_t>()[i] = f32_to_bf16(static_cast<float>(value));
  } else if (type_.dtype == DType::boolean) {
    mutable_data<uint8_t>()[i] = value != 0;
  } else {
    with_storage(type_.dtype, [&](auto* p) {
      using T = std::remove_pointer_t<decltype(p)>;
      mutable_data<T>()[i] = saturate<T>(value);
    });
  }
}

float f16_to_f32(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in f32
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -magnitude : magnitude;
  }
  const uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide_exponent << 23 | fraction << 13);
}

uint16_t f32_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (magnitude >= 65520.0f) return sign | 0x7c00;  // rounds past the largest finite value, 65504
  if (magnitude < 0x1p-14f) {                       // subnormal: count units of 2^-24, ties to even
    return sign | static_cast<uint16_t>(std::nearbyint(std::ldexp(magnitude, 24)));
  }
  // Round the 13 dropped bits to nearest even; a carry moves into the exponent, as it should.
  const uint32_t rounded = (bits & 0x7fffffff) + 0xfff + (bits >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded >> 13) - (112 << 10));
}

float bf16_to_f32(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t f32_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 & 0x8000) | 0x7fc0;
  // The 16 dropped bits to nearest even; a carry moves into the exponent, past the largest value to infinity.
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace halite::ir
