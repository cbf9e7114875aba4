// Pad: checks and reference. Crops come before extensions, so reflect and wrap see the cropped axis only.
#include "ir/ops/pad.h"

#include <algorithm>
#include <cmath>

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"

namespace halite::ir {
namespace {

int64_t crop(int64_t amount) { return std::max<int64_t>(-amount, 0); }
int64_t floor_mod(int64_t a, int64_t b) { return (a % b + b) % b; }

/// Where an axis of extent n has the element for position i, which may lie outside; -1 if nowhere.
int64_t source(Pad::Mode mode, int64_t i, int64_t n) {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case Pad::Mode::constant:
      return -1;
    case Pad::Mode::edge:
      return i < 0 ? 0 : n - 1;
    case Pad::Mode::wrap:
      return floor_mod(i, n);
    case Pad::Mode::reflect: {
      if (n == 1) return 0;
      const int64_t phase = floor_mod(i, 2 * (n - 1));
      return phase < n ? phase : 2 * (n - 1) - phase;
    }
  }
  return -1;
}

}  // namespace

Result<Types> infer(const Pad& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1, checks::Elements::moved)) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "before", op.before.size(), in[0])) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "after", op.after.size(), in[0])) return *failure;
  Type result = in[0];
  for (int i = 0; i < in[0].rank(); ++i) {
    const int64_t before = op.before[i], after = op.after[i];
    for (int64_t amount : {before, after})
      if (auto failure = checks::range(op.kName, "an amount", amount, -kMaxTensorBytes, kMaxTensorBytes))
        return *failure;
    const int64_t kept = in[0].shape[i] - crop(before) - crop(after);
    if (kept < 0)
      return checks::invalid(op.kName, ": amounts ", before, " and ", after, " crop more than axis ", i,
                             " of the input of shape ", in[0].shape, " has");
    result.shape[i] = in[0].shape[i] + before + after;
    if (kept == 0 && result.shape[i] > 0 && op.mode != Pad::Mode::constant)
      return checks::invalid(op.kName, ": nothing is left of axis ", i, " of the input of shape ",
                             in[0].shape, " to extend by; expected mode constant there");
  }
  return checks::output(op.kName, std::move(result));
}

void reference(const Pad& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const Shape &xs = in[0].type().shape, &ys = out[0].type().shape;
  const Strides strides = contiguous_strides(xs);
  Tensor fill = Tensor::zeros({in[0].type().dtype, {}, {}});
  fill.set(0, op.value);
  // For each axis and output index: the offset in x, or -1.
  std::vector<std::vector<int64_t>> offsets(xs.size());
  for (size_t a = 0; a < xs.size(); ++a)
    for (int64_t i = 0; i < ys[a]; ++i) {
      const int64_t kept = xs[a] - crop(op.before[a]) - crop(op.after[a]);
      const int64_t from = source(op.mode, i - std::max<int64_t>(op.before[a], 0), kept);
      offsets[a].push_back(from < 0 ? -1 : (from + crop(op.before[a])) * strides[a]);
    }
  with_word(in[0].type().dtype, [&]<class T>(T) {
    const auto x = in[0].data<T>();
    const auto y = out[0].mutable_data<T>();
    const T value = fill.data<T>()[0];
    walk_indices(ys, [&](int64_t i, const std::vector<int64_t>& index) {
      int64_t at = 0;
      for (size_t a = 0; a < index.size() && at >= 0; ++a) {
        const int64_t offset = offsets[a][index[a]];
        at = offset < 0 ? -1 : at + offset;
      }
      y[i] = at < 0 ? value : x[at];
    });
  });
}

}  // namespace halite::ir
