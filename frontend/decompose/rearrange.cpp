// Operators that only move elements, as reshapes and one transpose (or broadcast) between them.
// https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
#include "frontend/decompose/decompose.h"

namespace halite::frontend {

V depth_to_space(Builder& b, V x, int64_t block, bool depth_first) {
  const Shape s = b.shape(x);  // n, c, h, w
  const int64_t c = s[1] / (block * block);
  const V split = depth_first ? b.reshape(x, {s[0], block, block, c, s[2], s[3]})
                              : b.reshape(x, {s[0], c, block, block, s[2], s[3]});
  // to n, c, h, block, w, block
  const V mixed = b.transpose(
      split, depth_first ? std::vector<int64_t>{0, 3, 4, 1, 5, 2} : std::vector<int64_t>{0, 1, 4, 2, 5, 3});
  return b.reshape(mixed, {s[0], c, s[2] * block, s[3] * block});
}

V space_to_depth(Builder& b, V x, int64_t block) {
  const Shape s = b.shape(x);
  const int64_t h = s[2] / block, w = s[3] / block;
  const V split = b.reshape(x, {s[0], s[1], h, block, w, block});
  return b.reshape(b.transpose(split, {0, 3, 5, 1, 2, 4}), {s[0], s[1] * block * block, h, w});
}

V tile(Builder& b, V x, const std::vector<int64_t>& repeats) {
  // [a, b] -> [1, a, 1, b] -> [r, a, s, b] -> [r*a, s*b]; axes that are not repeated stay one.
  Shape apart, repeated, joined;
  for (size_t i = 0; i < repeats.size(); ++i) {
    const int64_t extent = b.shape(x)[i];
    if (repeats[i] != 1) {
      apart.push_back(1);
      repeated.push_back(repeats[i]);
    }
    apart.push_back(extent);
    repeated.push_back(extent);
    joined.push_back(extent_of({extent, repeats[i]}, 0, 2));
  }
  return b.reshape(b.broadcast(b.reshape(x, apart), repeated), joined);
}

}  // namespace halite::frontend
