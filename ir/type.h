// What a tensor is: element type, shape and (for integers) quantization. Shapes are static: every extent is a
// known, non-negative number. A rank-0 shape is a scalar with one element.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halite::ir {

/// bf16 is the upper half of an f32: casts, operators that move elements and products (conv2d, matmul) take
/// it.
enum class DType : uint8_t { f32, f16, f64, i8, u8, i16, u16, i32, u32, i64, u64, boolean, bf16 };
constexpr int kDTypeCount = static_cast<int>(DType::bf16) + 1;

/// Bytes of one element; a boolean takes one byte, 0 or 1.
int64_t size_of(DType);
/// "f32", "i8", "bool", ...
std::string_view to_string(DType);
std::optional<DType> parse_dtype(std::string_view);
bool is_float(DType);
bool is_signed(DType);

using Shape = std::vector<int64_t>;

/// Number of elements; nullopt where an extent is negative or the count passes 2^60 (so bytes() never
/// overflows).
std::optional<int64_t> element_count(const Shape&);
/// "[1,28,28,8]"
std::string to_string(const Shape&);
/// Row-major strides in elements, outermost first.
std::vector<int64_t> contiguous_strides(const Shape&);
/// NumPy broadcasting of two shapes; nullopt where extents clash.
std::optional<Shape> broadcast(const Shape&, const Shape&);

/// Affine quantization: real = scale[c] * (q - zero_point[c]); one entry, or one per slice of `axis`.
struct Quantization {
  std::vector<float> scale;
  std::vector<int64_t> zero_point;
  int axis = -1;  ///< -1: per tensor
  bool operator==(const Quantization&) const = default;
};

struct Type {
  DType dtype = DType::f32;
  Shape shape;
  /// What the user is told of a public tensor. Operators state their scales and zero points themselves and
  /// never look here, so types are equal without it.
  std::optional<Quantization> quantization;
  bool operator==(const Type& other) const { return dtype == other.dtype && shape == other.shape; }

  int rank() const { return static_cast<int>(shape.size()); }
  int64_t elements() const;  ///< CHECKs that the count is representable
  int64_t bytes() const { return elements() * size_of(dtype); }
};

using Types = std::vector<Type>;

/// "f32[1,28,28,8]"
std::string to_string(const Type&);

}  // namespace halite::ir
