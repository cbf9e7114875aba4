// Cast: checks and reference.
#include "ir/ops/cast.h"

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

}  // namespace

Result<Types> infer(const Cast& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1)) return *failure;
  return checks::output(op.kName, {op.to, in[0].shape, {}});
}

void reference(const Cast& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const bool from_boolean = in[0].type().dtype == DType::boolean, to_boolean = op.to == DType::boolean;
  with_number(in[0].type().dtype, [&]<class From>(From) {
    with_number(op.to, [&]<class To>(To) {
      const auto x = in[0].data<From>();
      const auto y = out[0].mutable_data<To>();
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = from_boolean || to_boolean ? converted<To>(uint8_t{x[i] != From{}}) : converted<To>(x[i]);
    });
  });
}

}  // namespace halite::ir
