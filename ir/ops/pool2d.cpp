// Pool2d: checks and reference. A window without a pixel of x (possible with dilation) gives the lowest
// number as maximum and 0 as average.
#include "ir/ops/pool2d.h"

#include <algorithm>

#include "ir/ops/checks.h"
#include "ir/ops/numbers.h"

namespace halite::ir {
namespace {

checks::Failure check_axis(const Pool2d& op, int i, int64_t extent) {
  constexpr auto name = Pool2d::kName;
  const int64_t before = op.pad[i], after = op.pad[i + 2];
  if (auto failure = checks::range(name, "an extent of the input [n,h,w,c]", extent, 1, kMaxWindow))
    return failure;
  if (auto failure = checks::range(name, "an extent of the kernel", op.kernel[i], 1, kMaxWindow))
    return failure;
  if (auto failure = checks::range(name, "a stride", op.stride[i], 1, kMaxWindow)) return failure;
  if (auto failure = checks::range(name, "a dilation", op.dilation[i], 1, kMaxWindow)) return failure;
  if (auto failure = checks::range(name, "a pad", before, 0, kMaxWindow)) return failure;
  if (auto failure = checks::range(name, "a pad", after, 0, kMaxWindow)) return failure;
  if (auto failure = checks::range(name, "excess", op.excess[i], 0, after)) return failure;
  const int64_t padded = extent + before + after, window = op.dilation[i] * (op.kernel[i] - 1) + 1;
  if (window > padded)
    return checks::invalid(name, ": the dilated kernel spans ", window, " pixels, but the padded input only ",
                           padded, " on spatial axis ", i);
  const int64_t last = (padded - window) / op.stride[i] * op.stride[i] - before;
  if (before >= window || last >= extent)
    return checks::invalid(name, ": pads of ", before, " and ", after, " on spatial axis ", i,
                           " hold a whole window of ", window, " pixels; expected smaller pads");
  return {};
}

/// One window on one axis: the taps from `begin` to `end` lie inside x; `counted` is how many an average that
/// counts padding counts.
struct Window {
  std::vector<int64_t> inside;
  int64_t counted = 0;
};

Window window(const Pool2d& op, int i, int64_t position, int64_t extent) {
  Window result;
  for (int64_t k = 0; k < op.kernel[i]; ++k) {
    const int64_t at = position * op.stride[i] + k * op.dilation[i] - op.pad[i];
    if (at >= 0 && at < extent) result.inside.push_back(at);
    if (at < extent + op.pad[i + 2] - op.excess[i]) ++result.counted;
  }
  return result;
}

template <class T>
T pooled(const Pool2d& op, std::span<const T> x, const Shape& xs, int64_t n, const Window& rows,
         const Window& columns, int64_t c) {
  const bool average = op.kind == Pool2d::Kind::average;
  Wide<T> value = average ? Wide<T>{0} : lowest<T>();
  for (int64_t iy : rows.inside)
    for (int64_t ix : columns.inside) {
      const Wide<T> pixel = x[((n * xs[1] + iy) * xs[2] + ix) * xs[3] + c];
      value = average ? value + pixel : max_of(value, pixel);
    }
  if (!average) return static_cast<T>(value);
  const int64_t inside = static_cast<int64_t>(rows.inside.size() * columns.inside.size());
  const int64_t counted = op.count_include_pad ? rows.counted * columns.counted : inside;
  const auto divisor = static_cast<Wide<T>>(std::max<int64_t>(counted, 1));
  if constexpr (!kIsReal<T>) value += value < 0 ? -(divisor / 2) : divisor / 2;
  return static_cast<T>(value / divisor);
}

}  // namespace

Result<Types> infer(const Pool2d& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1)) return *failure;
  if (auto failure = checks::dtype(op.kName, "the input", in[0], checks::Admit::number)) return *failure;
  if (auto failure = checks::rank(op.kName, "the input", in[0], 4)) return *failure;
  Type result{in[0].dtype, in[0].shape, {}};
  for (int i : {0, 1}) {
    const int64_t extent = in[0].shape[1 + i];
    if (auto failure = check_axis(op, i, extent)) return *failure;
    result.shape[1 + i] =
        (extent + op.pad[i] + op.pad[i + 2] - op.dilation[i] * (op.kernel[i] - 1) - 1) / op.stride[i] + 1;
  }
  return checks::output(op.kName, std::move(result));
}

// Averages are made in double and rounded once.
void reference(const Pool2d& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const Shape &xs = in[0].type().shape, &ys = out[0].type().shape;
  std::vector<Window> columns;
  for (int64_t ox = 0; ox < ys[2]; ++ox) columns.push_back(window(op, 1, ox, xs[2]));
  with_number(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    int64_t at = 0;
    for (int64_t n = 0; n < ys[0]; ++n)
      for (int64_t oy = 0; oy < ys[1]; ++oy) {
        const Window rows = window(op, 0, oy, xs[1]);
        for (const Window& column : columns)
          for (int64_t c = 0; c < ys[3]; ++c) y[at++] = pooled<T>(op, x, xs, n, rows, column, c);
      }
  });
}

}  // namespace halite::ir
