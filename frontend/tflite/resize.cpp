// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR on pictures [n,h,w,c].
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

using ir::Resize;

std::vector<V> resize(TfliteCall& call, Resize::Mode mode, bool align_corners, bool half_pixel) {
  const auto size = call.known_integers(1, "size");
  const Shape s = call.shape(0);
  if (s.size() != 4 || size.size() != 2)
    reject_invalid("its input is " + ir::to_string(call.type(0)) + " and its size has " +
                   std::to_string(size.size()) + " numbers; rank 4 and two numbers are needed");
  for (int i = 0; i < 2; ++i)
    if (size[i] < 1 || size[i] > 1 << 24 || s[i + 1] < 1)
      reject_invalid(
          "it makes a picture of " + ir::to_string(size) + " of one of " + ir::to_string(call.type(0)),
          "size");
  const bool nearest = mode == Resize::Mode::nearest;
  if (align_corners && half_pixel)
    reject_unsupported("align_corners together with half_pixel_centers is not supported", "align_corners");
  if (!nearest && call.computes_quantized())
    return {quantized::resize_bilinear(call.b, call.quantized(0), size[0], size[1],
                                       {align_corners, half_pixel}, call.output())};
  Resize op;
  op.mode = mode;
  op.coordinates = align_corners ? Resize::Coordinates::align_corners
                   : !half_pixel ? Resize::Coordinates::asymmetric
                   : nearest     ? Resize::Coordinates::tf_half_pixel_for_nn
                                 : Resize::Coordinates::half_pixel;
  op.nearest = align_corners ? Resize::Nearest::round_prefer_ceil : Resize::Nearest::floor;
  op.sizes = {s[0], size[0], size[1], s[3]};
  for (size_t i = 0; i < 4; ++i)
    op.scales.push_back(static_cast<double>(op.sizes[i]) / static_cast<double>(s[i]));
  if (s[0] == 0 || s[3] == 0) op.scales[0] = op.scales[3] = 1;
  return {op.sizes == s ? call.in(0) : call.b.op(op, {call.in(0)})};
}

}  // namespace

std::vector<V> import_tflite_resize_bilinear(TfliteCall& call) {
  const auto& options = call.options<tflite::ResizeBilinearOptions>();
  return resize(call, Resize::Mode::linear, options.align_corners(), options.half_pixel_centers());
}

std::vector<V> import_tflite_resize_nearest(TfliteCall& call) {
  const auto& options = call.options<tflite::ResizeNearestNeighborOptions>();
  return resize(call, Resize::Mode::nearest, options.align_corners(), options.half_pixel_centers());
}

}  // namespace halite::frontend
