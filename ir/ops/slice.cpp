// Slice: checks and reference.
#include "ir/ops/slice.h"

#include <algorithm>
#include <cstdlib>

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {
namespace {

checks::Failure check_axis(const Slice& op, int axis, const Shape& x) {
  constexpr auto name = Slice::kName;
  const int64_t extent = x[axis], start = op.start[axis], step = op.step[axis], size = op.sizes[axis];
  if (size < 0 || size > extent)
    return checks::invalid(name, ": takes ", size, " elements of axis ", axis, " of the shape ", x);
  if (step == 0)
    return checks::invalid(name, ": the step on axis ", axis, " is 0; expected any other number");
  // Also where nothing is stepped over: products of step and stride then stay in range everywhere.
  if (step < -std::max<int64_t>(extent, 1) || step > std::max<int64_t>(extent, 1))
    return checks::invalid(name, ": the step ", step, " on axis ", axis, " is larger than the shape ", x,
                           "; expected 1 where at most one element is taken");
  if (size == 0) return {};
  const bool inside = start >= 0 && start < extent;
  const int64_t room = !inside ? 0 : step > 0 ? extent - 1 - start : start;
  if (!inside || size - 1 > room / std::abs(step))
    return checks::invalid(name, ": ", size, " elements from ", start, " in steps of ", step, " leave axis ",
                           axis, " of the shape ", x);
  return {};
}

}  // namespace

Result<Types> infer(const Slice& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1, checks::Elements::moved)) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "start", op.start.size(), in[0])) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "step", op.step.size(), in[0])) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "sizes", op.sizes.size(), in[0])) return *failure;
  for (int i = 0; i < in[0].rank(); ++i)
    if (auto failure = check_axis(op, i, in[0].shape)) return *failure;
  return checks::output(op.kName, {in[0].dtype, op.sizes, {}});
}

void reference(const Slice& op, std::span<const Tensor> in, std::span<Tensor> out) {
  Strides strides = contiguous_strides(in[0].type().shape);
  int64_t first = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    if (op.sizes[i] == 0) return;
    first += op.start[i] * strides[i];
    strides[i] *= op.step[i];
  }
  with_word(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    walk<1>(op.sizes, {strides}, {first}, [&](int64_t i, const auto& at) { y[i] = x[at[0]]; });
  });
}

}  // namespace halite::ir
