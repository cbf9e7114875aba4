// Transpose: checks and reference.
#include "ir/ops/transpose.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

Result<Types> infer(const Transpose& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1, checks::Elements::moved)) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "perm", op.perm.size(), in[0])) return *failure;
  Type result{in[0].dtype, in[0].shape, {}};
  std::vector<bool> taken(op.perm.size(), false);
  for (size_t i = 0; i < op.perm.size(); ++i) {
    const int64_t from = op.perm[i];
    if (from < 0 || from >= in[0].rank() || taken[from])
      return checks::invalid(op.kName, ": perm is ", op.perm, "; expected each of 0 to ", in[0].rank() - 1,
                             " once");
    taken[from] = true;
    result.shape[i] = in[0].shape[from];
  }
  return checks::output(op.kName, std::move(result));
}

void reference(const Transpose& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const Strides from = contiguous_strides(in[0].type().shape);
  Strides strides;
  for (int64_t axis : op.perm) strides.push_back(from[axis]);
  with_word(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    walk<1>(out[0].type().shape, {strides}, {0}, [&](int64_t i, const auto& at) { y[i] = x[at[0]]; });
  });
}

}  // namespace halite::ir
