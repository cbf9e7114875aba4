// The place of a kernel in its input, as convolutions and poolings of all formats state it, with two spatial
// axes (y, x).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace halite::frontend {

using Pair = std::array<int64_t, 2>;  ///< y, x

struct Window {
  Pair input{1, 1};
  Pair kernel{1, 1};
  Pair stride{1, 1};
  Pair dilation{1, 1};
  std::array<int64_t, 4> pad{0, 0, 0, 0};  ///< top, left, bottom, right
  Pair excess{0, 0};                       ///< of pad: there only because the model rounds the output up

  /// Pixels that a kernel spans with its dilation.
  int64_t span(int axis) const { return dilation[axis] * (kernel[axis] - 1) + 1; }

  /// Pads the axis so that the output has one pixel for each stride of the input; what is odd goes to the end
  /// or to the beginning.
  void pad_same(int axis, bool more_at_end = true) {
    const int64_t out = (input[axis] + stride[axis] - 1) / stride[axis];
    const int64_t total = std::max<int64_t>(0, (out - 1) * stride[axis] + span(axis) - input[axis]);
    const int64_t less = total / 2;
    pad[axis] = more_at_end ? less : total - less;
    pad[axis + 2] = total - pad[axis];
  }
};

}  // namespace halite::frontend
