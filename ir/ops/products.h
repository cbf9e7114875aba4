// What conv2d and matmul share: sums of products of f32, of f16, of bf16 (in f32), or of integers with zero
// points.
#pragma once

#include "ir/ops/checks.h"
#include "ir/ops/numbers.h"
#include "ir/tensor.h"

namespace halite::ir {

/// What the reference sums in: double for f32 and f16 (rounded once: closer to the truth than any kernel),
/// unsigned 64 bits for integers (wraps by definition).
template <class Y>
using Sum = std::conditional_t<kIsReal<Y>, double, uint64_t>;

/// A factor: the element less its zero point.
template <class Y, class T>
Sum<Y> centred(T element, int64_t zero) {
  if constexpr (kIsReal<Y>)
    return double{element};
  else
    return static_cast<uint64_t>(static_cast<int64_t>(element) - zero);
}

/// Of the output of a product of in[0] and in[1] with optional bias in[2].
inline DType product_dtype(std::span<const Type> in) {
  if (in[0].dtype == DType::bf16) return DType::f32;
  if (is_float(in[0].dtype)) return in[0].dtype;
  if (in.size() == 3) return in[2].dtype;
  return in[0].dtype == DType::i16 ? DType::i64 : DType::i32;
}

/// Calls f(X{}, W{}, Y{}) with the element types of the factors and of their sum.
template <class F>
void with_product_types(std::span<const Tensor> in, F&& f) {
  if (in[0].type().dtype == DType::f32) return f(float{}, float{}, float{});
  if (in[0].type().dtype == DType::f16) return f(Half{}, Half{}, Half{});
  if (in[0].type().dtype == DType::bf16) return f(UpperHalf{}, UpperHalf{}, float{});
  std::vector<Type> types;
  for (const Tensor& t : in) types.push_back(t.type());
  const bool wide = product_dtype(types) == DType::i64;
  const auto with_factor = [](DType dtype, auto&& g) {
    if (dtype == DType::i8) return g(int8_t{});
    if (dtype == DType::u8) return g(uint8_t{});
    g(int16_t{});
  };
  with_factor(in[0].type().dtype, [&](auto x) {
    with_factor(in[1].type().dtype, [&](auto w) { wide ? f(x, w, int64_t{}) : f(x, w, int32_t{}); });
  });
}

namespace checks {

/// All f32 or all f16, or factors of bf16 and a bias of f32, without zero points; or factors of i8, u8 or i16
/// with zero points in their range and a bias of i32 or i64.
Failure product_operands(std::string_view op, std::span<const Type> in, int64_t zero0, int64_t zero1);

}  // namespace checks
}  // namespace halite::ir
