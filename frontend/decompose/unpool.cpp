// See unpool.h. https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
#include "frontend/decompose/unpool.h"

#include <limits>

#include "frontend/decompose/indexing.h"
#include "frontend/decompose/movement.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxWindow = 256;  ///< pixels: each becomes a slice

/// 0, 1, ... count-1 along one of four axes.
V along(Builder& b, int64_t count, size_t axis) {
  Shape shape(4, 1);
  shape[axis] = count;
  return b.reshape(b.iota(count), shape);
}

}  // namespace

V max_pool_places(Builder& b, V x, const ir::Pool2d& pool, int64_t oh, int64_t ow, bool by_columns) {
  const Shape s = b.shape(x);
  const int64_t kh = pool.kernel[0], kw = pool.kernel[1];
  if (kh > kMaxWindow / kw)
    reject_unsupported("places of maxima need windows of at most 256 pixels", "Indices");
  ir::Pad pad{ir::Pad::Mode::constant, {0, 0, pool.pad[0], pool.pad[1]}, {0, 0, pool.pad[2], pool.pad[3]}};
  pad.value = ir::is_float(b.dtype(x))  ? -std::numeric_limits<double>::infinity()
              : b.dtype(x) == DType::i8 ? -128
                                        : 0;
  const V padded = b.op(pad, {x});
  std::vector<V> pixels;
  for (int64_t y = 0; y < kh; ++y)
    for (int64_t k = 0; k < kw; ++k) {
      ir::Slice slice = whole(b.shape(padded));
      slice.start[2] = y * pool.dilation[0], slice.start[3] = k * pool.dilation[1];
      slice.step[2] = oh == 1 ? 1 : pool.stride[0], slice.step[3] = ow == 1 ? 1 : pool.stride[1];
      slice.sizes[2] = oh, slice.sizes[3] = ow;
      pixels.push_back(b.unsqueeze(b.op(slice, {padded}), {4}));
    }
  const V window = b.concat(pixels, 4);
  const V best = b.squeeze(b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 4, false}, {window}), {4});
  const V width = b.scalar(static_cast<double>(kw), DType::i64);
  const V down = b.div(best, width), right = b.sub(best, b.mul(down, width));
  const auto pixel = [&](V in_window, int64_t count, size_t axis) {
    const V first = b.add(b.mul(along(b, count, axis + 2), static_cast<double>(pool.stride[axis])),
                          -static_cast<double>(pool.pad[axis]));
    return b.add(b.mul(in_window, static_cast<double>(pool.dilation[axis])), first);
  };
  const V row = pixel(down, oh, 0), column = pixel(right, ow, 1);
  const V in_picture = by_columns ? b.add(b.mul(column, static_cast<double>(s[2])), row)
                                  : b.add(b.mul(row, static_cast<double>(s[3])), column);
  const V plane = b.add(b.mul(along(b, s[0], 0), static_cast<double>(s[1])), along(b, s[1], 1));
  return b.add(in_picture, b.mul(plane, static_cast<double>(s[2] * s[3])));
}

V max_unpool(Builder& b, V x, V places, int64_t oh, int64_t ow) {
  const Shape s = b.shape(x);
  const int64_t planes = extent_of(s, 0, 2), pixels = extent_of(s, 2, 4), area = extent_of({oh, ow}, 0, 2);
  const V first = b.reshape(b.mul(b.iota(planes), static_cast<double>(area)), {planes, 1});
  const V local = b.sub(b.reshape(places, {planes, pixels}), first);
  const V empty = b.broadcast(b.scalar(0, b.dtype(x)), {planes, area});
  const V y = scatter_elements(b, empty, local, b.reshape(x, {planes, pixels}), 1, Scatter::replace);
  return b.reshape(y, {s[0], s[1], oh, ow});
}

}  // namespace halite::frontend
