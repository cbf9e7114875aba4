// ArgReduce: checks and reference.
#include "ir/ops/arg_reduce.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

Result<Types> infer(const ArgReduce& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1)) return *failure;
  if (auto failure = checks::dtype(op.kName, "the input", in[0], checks::Admit::number)) return *failure;
  if (auto failure = checks::axis(op.kName, op.axis, in[0])) return *failure;
  Shape shape = in[0].shape;
  if (shape[op.axis] == 0)
    return checks::invalid(op.kName, ": axis ", op.axis, " of the input of shape ", shape,
                           " is empty; expected at least one element to choose from");
  shape[op.axis] = 1;
  return checks::output(op.kName, {DType::i64, std::move(shape), {}});
}

void reference(const ArgReduce& op, std::span<const Tensor> in, std::span<Tensor> out) {
  with_number(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<int64_t>();
    const AxisView view(in[0].type().shape, op.axis);
    const auto wins = [&](T a, T b) {
      if (op.select_last && a == b) return true;
      return op.kind == ArgReduce::Kind::max ? a > b : a < b;
    };
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t n = 0; n < view.inner; ++n) {
        int64_t best = 0;
        for (int64_t i = 1; i < view.extent; ++i)
          if (wins(x[view.at(o, i, n)], x[view.at(o, best, n)])) best = i;
        y[o * view.inner + n] = best;
      }
  });
}

}  // namespace halite::ir
