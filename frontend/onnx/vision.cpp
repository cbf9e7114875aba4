// Operators on pictures that are neither convolution nor pooling.
// https://onnx.ai/onnx/operators/onnx__GridSample.html
#include "frontend/decompose/grid_sample.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {

/// Modes have other names from version 20 on.
std::vector<V> import_grid_sample(OnnxCall& call) {
  using How = GridSample;
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
  if (call.rank(0) == 5) reject_unsupported("its input has 3 spatial axes; 2 are supported");
  const Shape x = call.shape(0), grid = call.shape(1);
  if (x.size() != 4 || grid.size() != 4 || grid[3] != 2 || grid[0] != x[0] || x[2] < 1 || x[3] < 1)
    reject_invalid("its input is " + ir::to_string(call.type(0)) + " and its grid " +
                   ir::to_string(call.type(1)) + ", which do not fit");
  return {grid_sample(call.b, call.in(0), call.in(1), how)};
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
