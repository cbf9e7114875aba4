#include "ir/type.h"

#include <algorithm>
#include <array>

#include "ir/base/check.h"

namespace halite::ir {
namespace {

struct DTypeFacts {
  std::string_view name;
  int64_t size;
  bool is_float, is_signed;
};

// In the order of DType.
constexpr std::array<DTypeFacts, kDTypeCount> kDTypes{{
    {"f32", 4, true, true},
    {"f16", 2, true, true},
    {"f64", 8, true, true},
    {"i8", 1, false, true},
    {"u8", 1, false, false},
    {"i16", 2, false, true},
    {"u16", 2, false, false},
    {"i32", 4, false, true},
    {"u32", 4, false, false},
    {"i64", 8, false, true},
    {"u64", 8, false, false},
    {"bool", 1, false, false},
    {"bf16", 2, true, true},
}};

const DTypeFacts& facts(DType t) { return kDTypes[static_cast<size_t>(t)]; }

// No tensor of this many elements overflows an int64 when its bytes are counted, whatever its element type.
constexpr int64_t kMaxElements = int64_t{1} << 60;

}  // namespace

int64_t size_of(DType t) { return facts(t).size; }
std::string_view to_string(DType t) { return facts(t).name; }
bool is_float(DType t) { return facts(t).is_float; }
bool is_signed(DType t) { return facts(t).is_signed; }

std::optional<DType> parse_dtype(std::string_view text) {
  for (size_t i = 0; i < kDTypes.size(); ++i)
    if (kDTypes[i].name == text) return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<int64_t> element_count(const Shape& shape) {
  // An extent of 0 counts as 1 in the check, so that the strides of an empty tensor are representable too.
  int64_t bound = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0) return std::nullopt;
    empty |= extent == 0;
    if (__builtin_mul_overflow(bound, std::max<int64_t>(extent, 1), &bound) || bound > kMaxElements)
      return std::nullopt;
  }
  return empty ? 0 : bound;
}

std::string to_string(const Shape& shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) s += (i ? "," : "") + std::to_string(shape[i]);
  return s + "]";
}

std::vector<int64_t> contiguous_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    // Counted from the last axis; a missing leading axis has extent 1.
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

int64_t Type::elements() const {
  const auto count = element_count(shape);
  HALITE_CHECK(count, "shape " + to_string(shape) + " has too many elements or a negative extent");
  return *count;
}

std::string to_string(const Type& t) { return std::string(to_string(t.dtype)) + to_string(t.shape); }

}  // namespace halite::ir
