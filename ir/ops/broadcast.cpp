// Broadcast: checks and reference.
#include "ir/ops/broadcast.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

Result<Types> infer(const Broadcast& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1, checks::Elements::moved)) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "shape", op.shape.size(), in[0])) return *failure;
  for (int i = 0; i < in[0].rank(); ++i)
    if (in[0].shape[i] != op.shape[i] && in[0].shape[i] != 1)
      return checks::invalid(op.kName, ": cannot repeat the shape ", in[0].shape, " to ", op.shape, "; axis ",
                             i, " has extent ", in[0].shape[i], " where 1 or ", op.shape[i], " was expected");
  return checks::output(op.kName, {in[0].dtype, op.shape, {}});
}

void reference(const Broadcast& op, std::span<const Tensor> in, std::span<Tensor> out) {
  with_word(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    walk<1>(op.shape, {broadcast_strides(in[0].type().shape, op.shape)}, {0},
            [&](int64_t i, const auto& at) { y[i] = x[at[0]]; });
  });
}

}  // namespace halite::ir
