// Softmax: checks and reference.
#include "ir/ops/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"

namespace halite::ir {

namespace {

checks::Failure check_table(const Softmax& op, const Type& x, const Type& table) {
  if (x.dtype != DType::i8 && x.dtype != DType::u8)
    return checks::invalid(op.kName, ": has a table, but the input is ", x, "; expected i8 or u8");
  if (table.dtype != DType::f32 || table.shape != Shape{256})
    return checks::invalid(op.kName, ": the table is ", table, "; expected f32[256]");
  if (op.log) return checks::not_supported(op.kName, ": the logarithm is not supported with a table");
  if (!(op.scale > 0))
    return checks::invalid(op.kName, ": scale is ", op.scale, "; expected a positive number");
  return {};
}

/// One row along the axis: at(i) is where element i lies.
template <class T, class At>
void softmax_of_table(std::span<const T> x, std::span<const float> table, float scale, int64_t extent, At at,
                      std::span<float> y) {
  int largest = std::numeric_limits<T>::min();
  for (int64_t i = 0; i < extent; ++i) largest = std::max(largest, int{x[at(i)]});
  float sum = 0;
  for (int64_t i = 0; i < extent; ++i) sum += table[255 + x[at(i)] - largest];
  const float inverse = 1.0f / (sum * scale);
  for (int64_t i = 0; i < extent; ++i) y[at(i)] = table[255 + x[at(i)] - largest] * inverse;
}

/// Computed in double and rounded once.
template <class At>
void softmax_of_reals(std::span<const float> x, bool log, int64_t extent, At at, std::span<float> y) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t i = 0; i < extent; ++i) largest = std::max(largest, double{x[at(i)]});
  for (int64_t i = 0; i < extent; ++i) sum += std::exp(x[at(i)] - largest);
  for (int64_t i = 0; i < extent; ++i) {
    const double shifted = x[at(i)] - largest;
    y[at(i)] = static_cast<float>(log ? shifted - std::log(sum) : std::exp(shifted) / sum);
  }
}

}  // namespace

Result<Types> infer(const Softmax& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 2)) return *failure;
  if (in.size() == 2) {
    if (auto failure = check_table(op, in[0], in[1])) return *failure;
  } else if (auto failure = checks::dtype(op.kName, "the input", in[0], checks::Admit::f32)) {
    return *failure;
  }
  if (auto failure = checks::axis(op.kName, op.axis, in[0])) return *failure;
  return checks::output(op.kName, {DType::f32, in[0].shape, {}});
}

void reference(const Softmax& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto y = out[0].mutable_data<float>();
  const AxisView view(in[0].type().shape, op.axis);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t n = 0; n < view.inner; ++n) {
      const auto at = [&](int64_t i) { return static_cast<size_t>(view.at(o, i, n)); };
      if (in.size() == 1)
        softmax_of_reals(in[0].data<float>(), op.log, view.extent, at, y);
      else if (in[0].type().dtype == DType::i8)
        softmax_of_table(in[0].data<int8_t>(), in[1].data<float>(), float(op.scale), view.extent, at, y);
      else
        softmax_of_table(in[0].data<uint8_t>(), in[1].data<float>(), float(op.scale), view.extent, at, y);
    }
}

}  // namespace halite::ir
