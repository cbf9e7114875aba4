// Softmax: checks and reference.
#include "ir/ops/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"

namespace halite::ir {

Result<Types> infer(const Softmax& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1)) return *failure;
  if (auto failure = checks::dtype(op.kName, "the input", in[0], checks::Admit::f32)) return *failure;
  if (auto failure = checks::not_quantized(op.kName, in)) return *failure;
  if (auto failure = checks::axis(op.kName, op.axis, in[0])) return *failure;
  return checks::output(op.kName, in[0]);
}

// Computed in double and rounded once.
void reference(const Softmax& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto x = in[0].data<float>();
  const auto y = out[0].mutable_data<float>();
  const AxisView view(in[0].type().shape, op.axis);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t n = 0; n < view.inner; ++n) {
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (int64_t i = 0; i < view.extent; ++i) largest = std::max(largest, double{x[view.at(o, i, n)]});
      for (int64_t i = 0; i < view.extent; ++i) sum += std::exp(x[view.at(o, i, n)] - largest);
      for (int64_t i = 0; i < view.extent; ++i) {
        const double shifted = x[view.at(o, i, n)] - largest;
        y[view.at(o, i, n)] = static_cast<float>(op.log ? shifted - std::log(sum) : std::exp(shifted) / sum);
      }
    }
}

}  // namespace halite::ir
