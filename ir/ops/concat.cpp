// Concat: checks and reference.
#include "ir/ops/concat.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

Result<Types> infer(const Concat& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, UINT32_MAX, checks::Elements::moved)) return *failure;
  if (auto failure = checks::axis(op.kName, op.axis, in[0])) return *failure;
  Type joined{in[0].dtype, in[0].shape, {}};
  for (size_t k = 1; k < in.size(); ++k) {
    if (in[k].dtype != joined.dtype)
      return checks::invalid(op.kName, ": input ", k, " is ", in[k], " and input 0 is ", in[0],
                             "; expected the same dtype");
    bool fits = in[k].rank() == joined.rank();
    for (int i = 0; fits && i < joined.rank(); ++i) fits = i == op.axis || in[k].shape[i] == joined.shape[i];
    if (!fits)
      return checks::invalid(op.kName, ": input ", k, " has the shape ", in[k].shape, " and input 0 ",
                             in[0].shape, "; expected equal extents on all axes but ", op.axis);
    joined.shape[op.axis] += in[k].shape[op.axis];
    // Checked in the loop, so that the sum cannot leave the range either.
    if (auto failure = checks::type(op.kName, "the output", joined)) return *failure;
  }
  return checks::output(op.kName, std::move(joined));
}

void reference(const Concat& op, std::span<const Tensor> in, std::span<Tensor> out) {
  with_word(in[0].type().dtype, [&]<class T>(T) {
    const auto y = out[0].mutable_data<T>();
    const AxisView to(out[0].type().shape, op.axis);
    int64_t start = 0;
    for (const Tensor& tensor : in) {
      const auto x = tensor.data<T>();
      const AxisView from(tensor.type().shape, op.axis);
      for (int64_t o = 0; o < from.outer; ++o)
        for (int64_t i = 0; i < from.extent; ++i)
          for (int64_t n = 0; n < from.inner; ++n) y[to.at(o, start + i, n)] = x[from.at(o, i, n)];
      start += from.extent;
    }
  });
}

}  // namespace halite::ir
