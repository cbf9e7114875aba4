// Quantize: checks and reference.
#include "ir/ops/quantize.h"

#include <cmath>

#include "ir/ops/checks.h"
#include "ir/ops/dequantize.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

Result<Types> infer(const Quantize& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 2, 2)) return *failure;
  if (auto failure = checks::dtype(op.kName, "the input", in[0], checks::Admit::f32)) return *failure;
  if (is_float(op.to) || op.to == DType::boolean || size_of(op.to) > 4 || op.to == DType::u32)
    return checks::invalid(op.kName, ": to is ", op.to, "; expected i8, u8, i16, u16 or i32");
  if (auto failure = checks::affine(op.kName, in[0], in[1], op.zero_point, op.axis)) return *failure;
  return checks::output(op.kName, {op.to, in[0].shape, {}});
}

void reference(const Quantize& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto x = in[0].data<float>(), scale = in[1].data<float>();
  const bool one_scale = scale.size() == 1;
  const AxisView view(one_scale ? Shape{in[0].type().elements()} : in[0].type().shape,
                      one_scale ? 0 : op.axis);
  with_number(op.to, [&]<class T>(T) {
    const auto y = out[0].mutable_data<T>();
    for (int64_t i = 0; i < static_cast<int64_t>(x.size()); ++i) {
      const auto c = static_cast<size_t>(one_scale ? 0 : i / view.inner % view.extent);
      const float quotient = x[i] / scale[c];
      const double rounded =
          op.ties == Quantize::Ties::even ? std::nearbyint(quotient) : std::round(quotient);
      y[i] = saturated<T>((std::isnan(rounded) ? 0 : rounded) +
                          static_cast<double>(op.zero_point[op.zero_point.size() == 1 ? 0 : c]));
    }
  });
}

}  // namespace halite::ir
