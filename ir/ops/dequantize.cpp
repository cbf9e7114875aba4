// Dequantize: checks and reference; the checks that quantize shares.
#include "ir/ops/dequantize.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

checks::Failure checks::affine(std::string_view op, const Type& x, const Type& scale,
                               std::span<const int64_t> zero_point, int64_t axis) {
  if (auto failure = dtype(op, "the scale", scale, Admit::f32)) return failure;
  int64_t slices = 1;
  if (scale.shape != Shape{1}) {
    if (auto failure = checks::axis(op, axis, x)) return failure;
    slices = x.shape[axis];
    if (scale.shape != Shape{slices})
      return invalid(op, ": the scale has the shape ", scale.shape, "; expected [1] or [", slices, "]");
  }
  if (zero_point.size() != 1 && static_cast<int64_t>(zero_point.size()) != slices)
    return invalid(op, ": has ", zero_point.size(), " zero points; expected 1 or ", slices);
  for (int64_t z : zero_point)
    if (auto failure = range(op, "a zero point", z, INT32_MIN, INT32_MAX)) return failure;
  return {};
}

Result<Types> infer(const Dequantize& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 2, 2)) return *failure;
  const DType from = in[0].dtype;
  if (is_float(from) || from == DType::boolean || size_of(from) > 4 || from == DType::u32)
    return checks::invalid(op.kName, ": the input is ", in[0], "; expected i8, u8, i16, u16 or i32");
  if (auto failure = checks::affine(op.kName, in[0], in[1], op.zero_point, op.axis)) return *failure;
  return checks::output(op.kName, {DType::f32, in[0].shape, {}});
}

void reference(const Dequantize& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto scale = in[1].data<float>();
  const auto y = out[0].mutable_data<float>();
  const bool one_scale = scale.size() == 1;
  const AxisView view(one_scale ? Shape{in[0].type().elements()} : in[0].type().shape,
                      one_scale ? 0 : op.axis);
  with_number(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    for (int64_t i = 0; i < static_cast<int64_t>(y.size()); ++i) {
      const auto c = static_cast<size_t>(one_scale ? 0 : i / view.inner % view.extent);
      const int64_t zero = op.zero_point[op.zero_point.size() == 1 ? 0 : c];
      y[i] = static_cast<float>(static_cast<int64_t>(x[i]) - zero) * scale[c];
    }
  });
}

}  // namespace halite::ir
