// Operators on pictures that are neither convolution nor pooling.
// https://onnx.ai/onnx/operators/onnx__GridSample.html
#include <algorithm>

#include "frontend/decompose/decompose.h"
#include "frontend/decompose/sample.h"
#include "frontend/onnx/operators.h"
#include "frontend/onnx/window.h"

namespace halite::frontend {

/// Modes have other names from version 20 on.
std::vector<V> import_grid_sample(OnnxCall& call) {
  using How = Sampling;
  How how;
  const std::string mode = call.text("mode", "linear"), padding = call.text("padding_mode", "zeros");
  if (mode == "nearest")
    how.mode = How::Mode::nearest;
  else if (mode == "cubic" || mode == "bicubic")
    how.mode = How::Mode::cubic;
  else if (mode != "linear" && mode != "bilinear")
    reject_invalid("mode is '" + mode + "'; nearest, linear and cubic exist", "mode");
  if (padding == "border")
    how.padding = How::Padding::border;
  else if (padding == "reflection")
    how.padding = How::Padding::reflection;
  else if (padding != "zeros")
    reject_invalid("padding_mode is '" + padding + "'; zeros, border and reflection exist", "padding_mode");
  how.align_corners = call.flag("align_corners", false);
  const Shape x = call.shape(0), grid = call.shape(1);
  const bool fits = (x.size() == 4 || x.size() == 5) && grid.size() == x.size() && grid[0] == x[0] &&
                    grid.back() == static_cast<int64_t>(x.size()) - 2;
  if (!fits || std::ranges::any_of(x, [](int64_t extent) { return extent < 1; }))
    reject_invalid("its input is " + ir::to_string(call.type(0)) + " and its grid " +
                   ir::to_string(call.type(1)) + ", which do not fit");
  return {grid_sample(call.b, call.in(0), call.in(1), how)};
}

/// X, rois, batch_indices. Before version 16 regions were not measured from edges.
std::vector<V> import_roi_align(OnnxCall& call) {
  const std::string transform =
      call.text("coordinate_transformation_mode", call.version < 16 ? "output_half_pixel" : "half_pixel");
  if (transform != "half_pixel" && transform != "output_half_pixel")
    reject_invalid(
        "coordinate_transformation_mode is '" + transform + "'; half_pixel and output_half_pixel exist",
        "coordinate_transformation_mode");
  const std::string mode = call.text("mode", "avg");
  if (mode != "avg" && mode != "max") reject_invalid("mode is '" + mode + "'; avg and max exist", "mode");
  const auto size = [&](const char* name) {
    const int64_t value = call.integer(name, 1);
    if (value < 1 || value > 1 << 10)
      reject_invalid(std::string(name) + " is " + std::to_string(value), name);
    return value;
  };
  if (call.integer("sampling_ratio", 0) == 0)
    reject_unsupported("as many samples as a region's size asks for are not supported; state how many",
                       "sampling_ratio");
  const RoiAlign how{size("output_height"),         size("output_width"),      size("sampling_ratio"),
                     call.real("spatial_scale", 1), transform == "half_pixel", mode == "max"};
  const Shape x = call.shape(0), regions = call.shape(1);
  const bool empty = std::ranges::any_of(x, [](int64_t extent) { return extent < 1; });
  if (x.size() != 4 || empty || regions.size() != 2 || regions[1] != 4 || call.shape(2) != Shape{regions[0]})
    reject_invalid("its input " + ir::to_string(call.type(0)) + ", regions " + ir::to_string(call.type(1)) +
                   " and their pictures " + ir::to_string(call.type(2)) + " do not fit");
  return {roi_align(call.b, call.in(0), call.in(1), call.in(2), how)};
}

/// X, rois [r, 5].
std::vector<V> import_max_roi_pool(OnnxCall& call) {
  const auto shape = call.integers("pooled_shape").value_or(Axes{});
  const bool known =
      shape.size() == 2 && std::ranges::all_of(shape, [](int64_t n) { return n >= 1 && n <= 1 << 10; });
  if (!known) reject_invalid("pooled_shape is " + ir::to_string(shape), "pooled_shape");
  const Shape x = call.shape(0), regions = call.shape(1);
  const bool empty = std::ranges::any_of(x, [](int64_t extent) { return extent < 1; });
  if (x.size() != 4 || empty || regions.size() != 2 || regions[1] != 5 || call.type(0).dtype != DType::f32)
    reject_invalid("its input " + ir::to_string(call.type(0)) + " and regions " +
                   ir::to_string(call.type(1)) + " do not fit; f32 and [regions, 5] are needed");
  return {max_roi_pool(call.b, call.in(0), call.in(1), {shape[0], shape[1]}, call.real("spatial_scale", 1))};
}

/// X, W, offset, B, mask.
std::vector<V> import_deform_conv(OnnxCall& call) {
  if (call.rank(0) != 4 || call.rank(1) != 4 || call.rank(2) != 4)
    reject_unsupported("its input is " + ir::to_string(call.type(0)) + "; only 2 spatial axes are supported");
  const Shape x = call.shape(0), w = call.shape(1), offset = call.shape(2);
  if (const auto kernel = call.integers("kernel_shape"); kernel && *kernel != Shape{w[2], w[3]})
    reject_invalid("kernel_shape does not agree with the weights " + ir::to_string(call.type(1)),
                   "kernel_shape");
  const Window window = read_plain_window(call, {w[2], w[3]});
  DeformConv conv{call.in(0), call.in(1), call.in(2), call.maybe(3), call.maybe(4)};
  conv.groups = call.integer("group", 1), conv.offset_groups = call.integer("offset_group", 1);
  conv.stride = window.stride, conv.dilation = window.dilation, conv.pad = {window.pad[0], window.pad[1]};
  const int64_t taps = extent_of(w, 2, 4);
  bool fits = conv.groups > 0 && conv.offset_groups > 0 && x[1] > 0 && x[1] == w[1] * conv.groups &&
              w[0] % conv.groups == 0 && x[1] % conv.offset_groups == 0 && taps > 0 && x[2] > 0 && x[3] > 0;
  Shape needed{x[0], conv.offset_groups * taps, 0, 0};
  for (const int axis : {0, 1})
    needed[axis + 2] =
        (x[axis + 2] + window.pad[axis] + window.pad[axis + 2] - window.span(axis)) / window.stride[axis] + 1;
  fits = fits && (!conv.mask || call.shape(4) == needed) && (!conv.bias || call.shape(3) == Shape{w[0]});
  needed[1] *= 2;
  if (!fits || offset != needed)
    reject_invalid("its input " + ir::to_string(call.type(0)) + ", weights " + ir::to_string(call.type(1)) +
                   " and offsets " + ir::to_string(call.type(2)) + " do not fit; offsets " +
                   ir::to_string(needed) + " are needed");
  return {deform_conv(call.b, conv)};
}

/// Columns [n, c*block, windows], the picture's shape, the block's.
std::vector<V> import_col2im(OnnxCall& call) {
  const Shape image = call.known_integers(1, "image_shape"), block = call.known_integers(2, "block_shape");
  const size_t axes = image.size();
  const auto check = [](const Shape& extents, const char* name) {
    for (const int64_t extent : extents)
      if (extent < 1 || extent > 1 << 24)
        reject_invalid(std::string(name) + " is " + ir::to_string(extents), name);
  };
  check(image, "image_shape"), check(block, "block_shape");
  if (block.size() != axes || axes < 1 || call.rank(0) != 3)
    reject_invalid("image_shape " + ir::to_string(image) + ", block_shape " + ir::to_string(block) +
                   " and the input " + ir::to_string(call.type(0)) + " do not fit");
  const int64_t taps = extent_of(block, 0, static_cast<int64_t>(axes));
  if (taps > 1024) reject_unsupported("blocks of more than 1024 pixels are not supported", "block_shape");
  const Col2Im how{image, block, read_list(call, "strides", axes, 1, 1),
                   read_list(call, "dilations", axes, 1, 1), read_list(call, "pads", 2 * axes, 0, 0)};
  const Shape windows = how.windows(), x = call.shape(0);
  const bool none = std::ranges::any_of(windows, [](int64_t count) { return count < 1; });
  if (none || x[1] % taps != 0 || x[2] != extent_of(windows, 0, static_cast<int64_t>(axes)))
    reject_invalid("its input " + ir::to_string(call.type(0)) + " does not hold blocks of " +
                   std::to_string(taps) + " pixels in windows " + ir::to_string(windows));
  return {col2im(call.b, call.in(0), how)};
}

/// theta [n, d, d+1] of d spatial axes, size [n, c, spatial...]: where each pixel of the output lies in
/// the input, [n, spatial..., d], x first.
std::vector<V> import_affine_grid(OnnxCall& call) {
  Builder& b = call.b;
  const Shape size = call.known_integers(1, "size"), theta = call.shape(0);
  const auto axes = static_cast<int64_t>(size.size()) - 2;
  if (axes < 2 || axes > 3 || theta != Shape{size[0], axes, axes + 1})
    reject_invalid(
        "theta is " + ir::to_string(call.type(0)) + ", which does not fit the size " + ir::to_string(size),
        "size");
  const bool align = call.flag("align_corners", false);
  const Shape pixels(size.begin() + 2, size.end());
  const int64_t count = extent_of(pixels, 0, axes);
  std::vector<V> base;  // x, y, (z,) 1, each [count, 1]
  for (int64_t axis = axes - 1; axis >= 0; --axis) {
    const auto n = static_cast<double>(pixels[axis]);
    if (pixels[axis] < 1) reject_invalid("size is " + ir::to_string(size), "size");
    Shape along(static_cast<size_t>(axes), 1);
    along[axis] = pixels[axis];
    const V i = b.cast(b.reshape(b.iota(pixels[axis]), along), call.type(0).dtype);
    const double step = align ? (n > 1 ? 2 / (n - 1) : 0) : 2 / n;
    const V place = b.add(b.mul(i, step), align ? (n > 1 ? -1 : 0) : 1 / n - 1);
    base.push_back(b.reshape(b.broadcast(place, pixels), {count, 1}));
  }
  base.push_back(b.broadcast(b.scalar(1, call.type(0).dtype), {count, 1}));
  const V grid = b.matmul(b.concat(base, 1), b.transpose(call.in(0), {0, 2, 1}));
  Shape to = pixels;
  to.insert(to.begin(), size[0]);
  to.push_back(axes);
  return {b.reshape(grid, to)};
}

}  // namespace halite::frontend
