// Deformable convolution: the taps of every window are sampled where its offsets say, then one matrix product
// weights them. https://arxiv.org/abs/1811.11168 https://onnx.ai/onnx/operators/onnx__DeformConv.html
#include "frontend/decompose/sample.h"

namespace halite::frontend {
namespace {

/// 0, step, 2*step, ... along one axis of a tensor of rank `rank`.
V steps(Builder& b, int64_t count, int64_t step, int64_t axis, int64_t rank, DType dtype) {
  Shape along(static_cast<size_t>(rank), 1);
  along[axis] = count;
  return b.mul(b.reshape(b.cast(b.iota(count), dtype), along), static_cast<double>(step));
}

}  // namespace

V deform_conv(Builder& b, const DeformConv& conv) {
  const Shape x = b.shape(conv.x), w = b.shape(conv.weights), offsets = b.shape(conv.offsets);
  const int64_t n = x[0], c = x[1], oh = offsets[2], ow = offsets[3];
  const int64_t og = conv.offset_groups, g = conv.groups, taps = w[2] * w[3], oc = w[0];
  const DType dtype = b.dtype(conv.x);
  // Groups of channels with offsets of their own are pictures of their own.
  const V moved = b.reshape(conv.offsets, {n * og, taps, 2, oh, ow});
  std::vector<V> places;
  for (const int64_t axis : {0, 1}) {
    const V tap = b.reshape(
        b.broadcast(steps(b, w[axis + 2], conv.dilation[axis], axis, 2, dtype), {w[2], w[3]}), {taps, 1, 1});
    const V window = steps(b, offsets[axis + 2], conv.stride[axis], axis + 1, 3, dtype);
    const V fixed = b.add(b.add(tap, window), static_cast<double>(-conv.pad[axis]));
    const V place = b.add(b.squeeze(b.slice(moved, 2, axis, 1), {2}), fixed);
    places.push_back(b.reshape(place, {n * og, taps * oh, ow}));
  }
  const V picture = b.reshape(conv.x, {n * og, c / og, x[2], x[3]});
  V found = sample(b, picture, b.iota(n * og), places, {});
  if (conv.mask) found = b.mul(found, b.reshape(*conv.mask, {n * og, taps * oh, ow, 1}));
  // A row for each output, of all channels of a group and all taps.
  found = b.transpose(b.reshape(found, {n, og, taps, oh * ow, c / og}), {0, 3, 1, 4, 2});
  found = b.transpose(b.reshape(found, {n, oh * ow, g, c / g * taps}), {0, 2, 1, 3});
  const V weights = b.reshape(conv.weights, {1, g, oc / g, c / g * taps});
  const V y = b.reshape(b.transpose(b.matmul(found, weights, {false, true}), {0, 1, 3, 2}), {n, oc, oh, ow});
  return conv.bias ? b.add(y, b.reshape(*conv.bias, {oc, 1, 1})) : y;
}

}  // namespace halite::frontend
