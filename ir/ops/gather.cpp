// Gather: checks and reference.
#include "ir/ops/gather.h"

#include <algorithm>

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {

Result<Types> infer(const Gather& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 2, 2, checks::Elements::moved)) return *failure;
  const DType index = in[1].dtype;
  if (index != DType::i8 && index != DType::u8 && index != DType::i32 && index != DType::i64)
    return checks::invalid(op.kName, ": the indices are ", in[1], "; expected i8, u8, i32 or i64");
  if (auto failure = checks::axis(op.kName, op.axis, in[0])) return *failure;
  const Shape &x = in[0].shape, &indices = in[1].shape;
  if (x[op.axis] == 0 && in[1].elements() != 0)
    return checks::invalid(op.kName, ": axis ", op.axis, " of the input of shape ", x,
                           " is empty; expected at least one slice to pick from");
  Shape shape(x.begin(), x.begin() + op.axis);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), x.begin() + op.axis + 1, x.end());
  return checks::output(op.kName, {in[0].dtype, std::move(shape), {}});
}

void reference(const Gather& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const AxisView from(in[0].type().shape, op.axis);
  const int64_t count = in[1].type().elements();
  std::vector<int64_t> source;
  with_number(in[1].type().dtype, [&]<class I>(I) {
    for (const I given : in[1].data<I>()) {
      const auto index = static_cast<int64_t>(given);
      source.push_back(std::clamp<int64_t>(index < 0 ? index + from.extent : index, 0, from.extent - 1));
    }
  });
  with_word(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    for (int64_t o = 0; o < from.outer; ++o)
      for (int64_t k = 0; k < count; ++k)
        for (int64_t n = 0; n < from.inner; ++n)
          y[(o * count + k) * from.inner + n] = x[from.at(o, source[k], n)];
  });
}

}  // namespace halite::ir
