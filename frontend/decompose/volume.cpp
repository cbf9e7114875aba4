// See volume.h.
#include "frontend/decompose/volume.h"

#include "frontend/decompose/movement.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxDepth = 256;  ///< of a kernel: its planes become nodes

/// [n,d,h,w,c] and back.
V last(Builder& b, V x) { return b.transpose(x, {0, 2, 3, 4, 1}); }
V first(Builder& b, V x) { return b.transpose(x, {0, 4, 1, 2, 3}); }

V pad_depth(Builder& b, V x, int64_t before, int64_t after) {
  if (before == 0 && after == 0) return x;
  return b.op(ir::Pad{ir::Pad::Mode::constant, {0, before, 0, 0, 0}, {0, after, 0, 0, 0}, 0}, {x});
}

int64_t planes_of(const Window& depth) {
  const int64_t room = depth.input[0] + depth.pad[0] + depth.pad[2] - depth.span(0);
  if (room < 0 || depth.kernel[0] < 1) reject_invalid("its kernel does not fit the depth of the input");
  if (depth.kernel[0] > kMaxDepth)
    reject_unsupported("its kernel has a depth of " + std::to_string(depth.kernel[0]) + "; at most " +
                       std::to_string(kMaxDepth) + " are supported");
  return room / depth.stride[0] + 1;
}

}  // namespace

V conv3d(Builder& b, V x, V weights, std::optional<V> bias, const Window& depth, const Window& plane,
         int64_t groups) {
  const int64_t planes = planes_of(depth), kd = depth.kernel[0];
  const V padded = pad_depth(b, last(b, x), depth.pad[0], depth.pad[2]);
  const Shape s = b.shape(padded), k = b.shape(weights);
  if (k[1] * groups != s[4])
    reject_invalid("its weights " + ir::to_string(b.type(weights)) + " do not fit the input's " +
                   std::to_string(s[4]) + " channels");
  std::vector<V> seen;  // [n, planes, h, w, groups, 1, c/groups]
  for (int64_t z = 0; z < kd; ++z) {
    ir::Slice slice = whole(s);
    slice.start[1] = z * depth.dilation[0];
    slice.step[1] = planes == 1 ? 1 : depth.stride[0];
    slice.sizes[1] = planes;
    seen.push_back(b.reshape(b.op(slice, {padded}), {s[0], planes, s[2], s[3], groups, 1, k[1]}));
  }
  const V pictures =
      b.reshape(b.concat(seen, 5), {extent_of({s[0], planes}, 0, 2), s[2], s[3], groups * kd * k[1]});
  const V kernel = b.reshape(b.transpose(weights, {0, 3, 4, 2, 1}), {k[0], k[3], k[4], kd * k[1]});
  std::vector<V> inputs{pictures, kernel};
  if (bias) inputs.push_back(*bias);
  const V y = b.op(ir::Conv2d{plane.stride, plane.dilation, plane.pad, groups}, inputs);
  const Shape out = b.shape(y);
  return first(b, b.reshape(y, {s[0], planes, out[1], out[2], out[3]}));
}

V transposed_weights(Builder& b, V weights, int64_t groups) {
  const Shape s = b.shape(weights);
  const V split = b.reshape(weights, {groups, s[0] / groups, s[1], s[2], s[3]});
  return b.reshape(b.transpose(split, {0, 2, 3, 4, 1}),
                   {extent_of({groups, s[1]}, 0, 2), s[2], s[3], s[0] / groups});
}

V conv_transpose3d(Builder& b, V x, V weights, std::optional<V> bias, const Window& depth,
                   const Window& plane, std::array<int64_t, 3> output_pad, int64_t groups) {
  if (depth.kernel[0] > kMaxDepth)
    reject_unsupported("its kernel has a depth of " + std::to_string(depth.kernel[0]) + "; at most " +
                       std::to_string(kMaxDepth) + " are supported");
  const V rows = last(b, x);
  const Shape s = b.shape(rows);
  const V pictures = b.reshape(rows, {extent_of(s, 0, 2), s[2], s[3], s[4]});
  const int64_t stride = depth.stride[0], step = depth.dilation[0];
  const ir::ConvTranspose2d conv{
      plane.stride, plane.dilation, plane.pad, {output_pad[1], output_pad[2]}, groups};
  std::optional<V> sum;
  for (int64_t z = 0; z < depth.kernel[0]; ++z) {
    const V kernel = transposed_weights(b, b.squeeze(b.slice(weights, 2, z, 1), {2}), groups);
    V y = b.op(conv, {pictures, kernel});
    const Shape out = b.shape(y);
    // Zeros between the planes, but not behind the last.
    y = b.reshape(y, {s[0], s[1], out[1], out[2], out[3]});
    if (stride > 1 && s[1] > 1) {
      y = b.reshape(y, {extent_of(s, 0, 2), 1, out[1], out[2], out[3]});
      y = b.reshape(pad_depth(b, y, 0, stride - 1), {s[0], s[1] * stride, out[1], out[2], out[3]});
      y = pad_depth(b, y, 0, 1 - stride);
    }
    y = pad_depth(b, y, z * step, (depth.kernel[0] - 1 - z) * step + output_pad[0]);
    sum = sum ? b.add(*sum, y) : y;
  }
  const V y = pad_depth(b, *sum, -depth.pad[0], -depth.pad[2]);
  return first(b, bias ? b.add(y, *bias) : y);
}

V pool3d(Builder& b, V x, ir::Pool2d::Kind kind, bool count_include_pad, const Window& depth,
         const Window& plane) {
  const V rows = last(b, x);
  const Shape s = b.shape(rows);
  const ir::Pool2d over_plane{kind,      plane.kernel, plane.stride,     plane.dilation,
                              plane.pad, plane.excess, count_include_pad};
  const ir::Pool2d over_depth{kind,      depth.kernel, depth.stride,     depth.dilation,
                              depth.pad, depth.excess, count_include_pad};
  V y = b.op(over_plane, {b.reshape(rows, {extent_of(s, 0, 2), s[2], s[3], s[4]})});
  const Shape out = b.shape(y);
  y = b.op(over_depth, {b.reshape(y, {s[0], s[1], extent_of(out, 1, 3), s[4]})});
  return first(b, b.reshape(y, {s[0], b.shape(y)[1], out[1], out[2], s[4]}));
}

}  // namespace halite::frontend
