// See movement.h.
#include "frontend/decompose/movement.h"

#include <algorithm>
#include <cmath>

namespace halite::frontend {

Shape resolve_shape(const Type& from, std::vector<int64_t> to, bool zero_copies) {
  const std::string asked = ir::to_string(to);
  int64_t known = 1;
  std::optional<size_t> free;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && zero_copies) {
      if (i >= from.shape.size())
        reject_invalid("shape " + asked + " copies an axis that the input lacks", "shape");
      to[i] = from.shape[i];
    }
    if (to[i] < -1 || (to[i] == -1 && free)) reject_invalid("shape " + asked + " is not a shape", "shape");
    if (to[i] == -1)
      free = i;
    else
      known = extent_of({known, to[i]}, 0, 2);
  }
  if (free && known != 0 && from.elements() % known == 0)
    to[*free] = from.elements() / known;
  else if (free)
    reject_invalid("the input " + ir::to_string(from) + " does not divide into shape " + asked, "shape");
  if (ir::element_count(to) != from.elements())
    reject_invalid("the input " + ir::to_string(from) + " cannot be reshaped to " + asked, "shape");
  return to;
}

void cut(ir::Slice& slice, int64_t axis, int64_t extent, int64_t start, int64_t end, int64_t step) {
  if (step == 0) reject_invalid("a step is 0", "steps");
  // Beyond the ends by one step there is nothing; INT64_MIN must not overflow below.
  step = std::clamp<int64_t>(step, -INT32_MAX, INT32_MAX);
  const int64_t last = step > 0 ? extent : extent - 1, first = step > 0 ? 0 : -1;
  const auto place = [&](int64_t at) { return std::clamp(at < 0 ? at + extent : at, first, last); };
  const int64_t from = place(start), to = place(end);
  const int64_t span = step > 0 ? to - from : from - to;
  const int64_t stride = step > 0 ? step : -step;
  slice.sizes[axis] = span > 0 ? (span + stride - 1) / stride : 0;
  slice.start[axis] = slice.sizes[axis] ? from : 0;
  // A step beyond the axis takes one element, which the operator writes with step 1.
  slice.step[axis] = slice.sizes[axis] > 1 || stride <= extent ? step : 1;
}

ir::Slice whole(const Shape& shape) {
  return {std::vector<int64_t>(shape.size(), 0), std::vector<int64_t>(shape.size(), 1), shape};
}

V range(Builder& b, V start, double limit, V delta) {
  const double first = b.constant(start)->at(0), step = b.constant(delta)->at(0);
  const double count = std::max(0.0, std::ceil((limit - first) / step));
  if (step == 0 || !(count <= INT32_MAX))
    reject_invalid("start, limit and delta make no finite range", "delta");
  const V index = b.cast(b.iota(static_cast<int64_t>(count)), b.dtype(start));
  return b.add(b.mul(index, delta), start);
}

V one_hot(Builder& b, V indices, int64_t depth, int64_t axis, V on, V off) {
  Shape along(static_cast<size_t>(b.rank(indices)) + 1, 1);
  along[axis] = depth;
  const V hit = b.binary(Fn::equal, b.unsqueeze(indices, {axis}), b.reshape(b.iota(depth), along));
  return b.select(hit, on, off);
}

V reverse(Builder& b, V x, const Axes& axes) {
  ir::Slice slice = whole(b.shape(x));
  for (const int64_t axis : axes) {
    if (slice.sizes[axis] < 2) continue;
    slice.start[axis] = slice.sizes[axis] - 1;
    slice.step[axis] = -1;
  }
  return axes.empty() ? x : b.op(std::move(slice), {x});
}

}  // namespace halite::frontend
