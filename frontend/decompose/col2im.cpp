// Blocks back into the picture that they were taken from, overlaps added: each place of the block makes a
// picture of its own, spread by the strides and shifted, and their sum is the result.
// https://onnx.ai/onnx/operators/onnx__Col2Im.html
#include "frontend/decompose/decompose.h"

namespace halite::frontend {
namespace {

/// Puts stride-1 zeros behind every element of an axis.
V spread(Builder& b, V x, int64_t axis, int64_t stride) {
  if (stride == 1) return x;
  Shape to = b.shape(x);
  to[axis] = extent_of({to[axis], stride}, 0, 2);
  const auto rank = static_cast<size_t>(b.rank(x) + 1);
  ir::Pad pad{ir::Pad::Mode::constant, Axes(rank, 0), Axes(rank, 0)};
  pad.after[axis + 1] = stride - 1;
  return b.reshape(b.op(pad, {b.unsqueeze(x, {axis + 1})}), to);
}

/// The next place of the block in row-major order.
void advance(Shape& place, const Shape& block) {
  for (size_t axis = place.size(); axis-- > 0;) {
    if (++place[axis] < block[axis]) return;
    place[axis] = 0;
  }
}

}  // namespace

Shape Col2Im::windows() const {
  Shape counts;
  for (size_t i = 0; i < image.size(); ++i) {
    const int64_t room = image[i] + pads[i] + pads[i + image.size()] - dilations[i] * (block[i] - 1) - 1;
    counts.push_back(room < 0 ? 0 : room / strides[i] + 1);
  }
  return counts;
}

V col2im(Builder& b, V x, const Col2Im& how) {
  const Shape from = b.shape(x), windows = how.windows();
  const auto axes = static_cast<int64_t>(how.image.size());
  const int64_t taps = extent_of(how.block, 0, axes);
  Shape split{from[0], from[1] / taps, taps};
  split.insert(split.end(), windows.begin(), windows.end());
  const V blocks = b.reshape(x, split);
  Shape place(how.image.size(), 0);
  std::optional<V> sum;
  for (int64_t tap = 0; tap < taps; ++tap, advance(place, how.block)) {
    V part = b.squeeze(b.slice(blocks, 2, tap, 1), {2});
    ir::Pad shift{ir::Pad::Mode::constant, Axes(how.image.size() + 2, 0), Axes(how.image.size() + 2, 0)};
    for (int64_t i = 0; i < axes; ++i) {
      part = spread(b, part, i + 2, how.strides[i]);
      shift.before[i + 2] = place[i] * how.dilations[i] - how.pads[i];
      shift.after[i + 2] = how.image[i] - shift.before[i + 2] - windows[i] * how.strides[i];
    }
    part = b.op(shift, {part});
    sum = sum ? b.add(*sum, part) : part;
  }
  return *sum;
}

}  // namespace halite::frontend
