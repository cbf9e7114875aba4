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

}  // namespace halite::frontend
