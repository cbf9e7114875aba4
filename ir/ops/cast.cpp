// Cast: checks and reference.
#include "ir/ops/cast.h"

#include <algorithm>

#include "ir/ops/checks.h"
#include "ir/ops/numbers.h"

namespace halite::ir {
namespace {

template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<To, Half>)
    return Half(static_cast<double>(value));
  else if constexpr (kIsReal<From> && !kIsReal<To>)
    return saturated<To>(value);
  else
    return static_cast<To>(value);
}

/// In f32 each element is what it was.
Tensor widened(const Tensor& x) {
  Tensor wide = Tensor::zeros({DType::f32, x.type().shape, {}});
  std::ranges::transform(x.data<uint16_t>(), wide.mutable_data<float>().begin(), bf16_to_f32);
  return wide;
}

void narrow(const Tensor& x, Tensor& y) {
  with_number(x.type().dtype, [&]<class From>(From) {
    std::ranges::transform(x.data<From>(), y.mutable_data<uint16_t>().begin(),
                           [](From value) { return f32_to_bf16(static_cast<float>(value)); });
  });
}

}  // namespace

Result<Types> infer(const Cast& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1, checks::Elements::moved)) return *failure;
  return checks::output(op.kName, {op.to, in[0].shape, {}});
}

void reference(const Cast& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const DType from = in[0].type().dtype;
  if (from == DType::bf16 && op.to == DType::bf16)
    return (void)std::ranges::copy(in[0].bytes(), out[0].mutable_bytes().begin());
  if (op.to == DType::bf16) return narrow(in[0], out[0]);
  if (from == DType::bf16) {
    const Tensor wide = widened(in[0]);
    return reference(op, std::span(&wide, 1), out);
  }
  const bool from_boolean = from == DType::boolean, to_boolean = op.to == DType::boolean;
  with_number(from, [&]<class From>(From) {
    with_number(op.to, [&]<class To>(To) {
      const auto x = in[0].data<From>();
      const auto y = out[0].mutable_data<To>();
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = from_boolean || to_boolean ? converted<To>(uint8_t{x[i] != From{}}) : converted<To>(x[i]);
    });
  });
}

}  // namespace halite::ir
