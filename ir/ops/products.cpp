// The checks that conv2d and matmul share.
#include "ir/ops/products.h"

namespace halite::ir::checks {
namespace {

Failure factor(std::string_view op, std::string_view what, const Type& t, int64_t zero) {
  if (t.dtype == DType::i8)
    return range(op, "the zero point of " + std::string(what), zero, INT8_MIN, INT8_MAX);
  if (t.dtype == DType::u8) return range(op, "the zero point of " + std::string(what), zero, 0, UINT8_MAX);
  if (t.dtype == DType::i16)
    return range(op, "the zero point of " + std::string(what), zero, INT16_MIN, INT16_MAX);
  return not_supported(op, ": ", what, " is ", t, "; only f32, f16, bf16, i8, u8 and i16 are supported here");
}

}  // namespace

Failure product_operands(std::string_view op, std::span<const Type> in, int64_t zero0, int64_t zero1) {
  if (is_float(in[0].dtype) && in[0].dtype != DType::f64) {
    const bool widens = in[0].dtype == DType::bf16;
    for (size_t i = 0; i < in.size(); ++i) {
      const DType expected = widens && i == 2 ? DType::f32 : in[0].dtype;
      if (in[i].dtype != expected)
        return invalid(op, ": multiplies ", in[0], " and has an input ", in[i], "; expected ",
                       to_string(expected));
    }
    if (zero0 != 0 || zero1 != 0) return invalid(op, ": has a zero point, which reals do not take");
    return {};
  }
  if (auto failure = factor(op, "the input", in[0], zero0)) return failure;
  if (auto failure = factor(op, "the weights", in[1], zero1)) return failure;
  if (in.size() == 3 && in[2].dtype != DType::i32 && in[2].dtype != DType::i64)
    return invalid(op, ": the bias is ", in[2], "; expected i32 or i64");
  return {};
}

}  // namespace halite::ir::checks
