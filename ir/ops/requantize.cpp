// Requantize: checks and reference.
#include "ir/ops/requantize.h"

#include <algorithm>
#include <cmath>

#include "ir/ops/checks.h"
#include "ir/ops/numbers.h"

namespace halite::ir {
namespace {

using Rounding = Requantize::Rounding;

/// Shifts outside of 1..62 have no meaning; a model's tables are checked where they are made, this keeps the
/// arithmetic defined.
int64_t shift_of(const Tensor& shifts, int64_t c) {
  return std::clamp<int64_t>(shifts.data<int32_t>()[c], 1, 62);
}

int64_t rounded_once(int64_t x, int64_t multiplier, int64_t shift) {
  // Unsigned: the product wraps by definition.
  const uint64_t product = static_cast<uint64_t>(x) * static_cast<uint64_t>(multiplier);
  return static_cast<int64_t>(product + (uint64_t{1} << (shift - 1))) >> shift;
}

/// The upper half of 2ab, halves up.
int64_t doubling_high_multiply(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return (int64_t{a} * b + (int64_t{1} << 30)) >> 31;
}

int64_t rounding_shift(int64_t x, int64_t shift) {
  const int64_t mask = (int64_t{1} << shift) - 1, threshold = (mask >> 1) + (x < 0);
  return (x >> shift) + ((x & mask) > threshold);
}

int64_t rounded_twice(int64_t x, int32_t multiplier, int64_t shift) {
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << std::max<int64_t>(31 - shift, 0));
  return rounding_shift(doubling_high_multiply(shifted, multiplier), std::max<int64_t>(shift - 31, 0));
}

template <class T>
int64_t scaled(const Requantize& op, T x, std::span<const Tensor> in, int64_t c) {
  if (op.rounding == Rounding::real) {
    const float product = static_cast<float>(x) * in[1].data<float>()[in[1].type().elements() == 1 ? 0 : c];
    return saturated<int64_t>(std::nearbyint(double{product}));
  }
  const int32_t multiplier = in[1].data<int32_t>()[in[1].type().elements() == 1 ? 0 : c];
  const int64_t shift = shift_of(in[2], in[2].type().elements() == 1 ? 0 : c);
  return op.rounding == Rounding::single ? rounded_once(static_cast<int64_t>(x), multiplier, shift)
                                         : rounded_twice(static_cast<int64_t>(x), multiplier, shift);
}

bool is_integer(DType dtype) { return !is_float(dtype) && dtype != DType::boolean; }

checks::Failure check_table(std::string_view what, const Type& table, DType dtype, int64_t channels) {
  const auto name = Requantize::kName;
  if (table.dtype != dtype) return checks::invalid(name, ": the ", what, " is ", table, "; expected ", dtype);
  if (table.shape == Shape{1} || table.shape == Shape{channels}) return {};
  return checks::invalid(name, ": the ", what, " has the shape ", table.shape, "; expected [1] or [",
                         channels, "]");
}

}  // namespace

IntegerRange output_range(const Requantize& op) {
  IntegerRange range{};
  with_number(op.to, [&]<class T>(T) {
    if constexpr (!kIsReal<T>) {
      range.low = std::max(op.low, static_cast<int64_t>(std::numeric_limits<T>::min()));
      range.high = std::min(op.high, static_cast<int64_t>(std::numeric_limits<T>::max()));
    }
  });
  return range;
}

Result<Types> infer(const Requantize& op, std::span<const Type> in) {
  const size_t count = op.rounding == Rounding::real ? 2 : 3;
  if (auto failure = checks::inputs(op.kName, in, count, count)) return *failure;
  const bool wide = in[0].dtype == DType::i64;
  if (!is_integer(in[0].dtype) || in[0].dtype == DType::u64 || in[0].dtype == DType::u32)
    return checks::invalid(op.kName, ": the input is ", in[0], "; expected i8, u8, i16, u16, i32 or i64");
  if (wide && op.rounding == Rounding::twice)
    return checks::invalid(op.kName, ": the input is ", in[0], "; rounding twice takes at most 32 bits");
  if (!is_integer(op.to) || size_of(op.to) > 4 || op.to == DType::u32)
    return checks::invalid(op.kName, ": to is ", op.to, "; expected i8, u8, i16, u16 or i32");
  if (in[0].rank() < 1) return checks::invalid(op.kName, ": the input is a scalar; expected rank 1 or more");
  const int64_t channels = in[0].shape.back();
  const DType multiplier = op.rounding == Rounding::real ? DType::f32 : DType::i32;
  if (auto failure = check_table("multiplier", in[1], multiplier, channels)) return *failure;
  if (count == 3) {
    if (auto failure = check_table("shift", in[2], DType::i32, channels)) return *failure;
  }
  if (auto failure = checks::range(op.kName, "the zero point", op.zero_point, INT32_MIN, INT32_MAX))
    return *failure;
  const auto [low, high] = output_range(op);
  if (low > high)
    return checks::invalid(op.kName, ": nothing lies between low ", op.low, " and high ", op.high);
  return checks::output(op.kName, {op.to, in[0].shape, {}});
}

void reference(const Requantize& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto [low, high] = output_range(op);
  const int64_t channels = in[0].type().shape.back();
  with_number(in[0].type().dtype, [&]<class From>(From) {
    with_number(op.to, [&]<class To>(To) {
      if constexpr (!kIsReal<From> && !kIsReal<To>) {
        const auto x = in[0].data<From>();
        const auto y = out[0].mutable_data<To>();
        for (size_t i = 0; i < y.size(); ++i) {
          // Clamped on both sides of the zero point, so that the sum stays in range.
          const int64_t value = scaled(op, x[i], in, static_cast<int64_t>(i) % channels);
          const int64_t moved = std::clamp<int64_t>(value, INT64_MIN / 2, INT64_MAX / 2) + op.zero_point;
          y[i] = static_cast<To>(std::clamp(moved, low, high));
        }
      }
    });
  });
}

}  // namespace halite::ir
