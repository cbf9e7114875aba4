// Reduce: checks and reference. Integers: sums and products wrap, a mean is the 64-bit sum divided, truncated
// toward zero (of nothing: 0).
#include "ir/ops/reduce.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {
namespace {

using Kind = Reduce::Kind;

template <class T>
Wide<T> neutral(Kind kind) {
  switch (kind) {
    case Kind::sum:
    case Kind::mean:
      return 0;
    case Kind::prod:
      return 1;
    case Kind::max:
      return lowest<T>();
    case Kind::min:
      return highest<T>();
  }
  return 0;
}

/// Integers are combined as unsigned, whose overflow is defined.
template <class W>
W combined(Kind kind, W a, W b) {
  using Bits = std::conditional_t<std::is_same_v<W, double>, double, uint64_t>;
  const auto p = static_cast<Bits>(a), q = static_cast<Bits>(b);
  switch (kind) {
    case Kind::sum:
    case Kind::mean:
      return static_cast<W>(p + q);
    case Kind::prod:
      return static_cast<W>(p * q);
    case Kind::max:
      return max_of(a, b);
    case Kind::min:
      return min_of(a, b);
  }
  return a;
}

}  // namespace

Result<Types> infer(const Reduce& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1)) return *failure;
  if (auto failure = checks::dtype(op.kName, "the input", in[0], checks::Admit::number)) return *failure;
  Type result = in[0];
  int64_t last = -1;
  for (int64_t axis : op.axes) {
    if (auto failure = checks::axis(op.kName, axis, in[0])) return *failure;
    if (axis <= last)
      return checks::invalid(op.kName, ": axis ", axis, " follows ", last,
                             " in axes; expected ascending axes");
    last = axis;
    result.shape[axis] = 1;
  }
  return checks::output(op.kName, std::move(result));
}

void reference(const Reduce& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const Shape &xs = in[0].type().shape, &ys = out[0].type().shape;
  int64_t count = 1;
  for (int64_t axis : op.axes) count *= xs[axis];
  with_number(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    std::vector<Wide<T>> sums(y.size(), neutral<T>(op.kind));
    walk<1>(xs, {broadcast_strides(ys, xs)}, {0},
            [&](int64_t i, const auto& at) { sums[at[0]] = combined<Wide<T>>(op.kind, sums[at[0]], x[i]); });
    for (size_t i = 0; i < y.size(); ++i) {
      if (op.kind == Kind::mean && (kIsReal<T> || count != 0)) sums[i] /= static_cast<Wide<T>>(count);
      y[i] = static_cast<T>(sums[i]);
    }
  });
}

}  // namespace halite::ir
