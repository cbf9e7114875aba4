// Resamples along axes: nearest, (multi)linear or cubic interpolation, with ONNX's coordinate
// transformations.
//   in: x, rank r   out: `sizes`
// scales[i] maps coordinates (it need not equal sizes[i]/shape[i]); an axis with scale 1 and equal size is
// untouched (but by tf_crop_and_resize). align_corners and half_pixel_symmetric take scale * extent as the
// output's length, fraction included, as ONNX's conformance data does. nearest takes any dtype, linear and
// cubic floats. For tf_crop_and_resize, roi holds the starts of all axes, then their ends, in [0,1]; empty
// otherwise. A coordinate outside then gives extrapolation_value.
// https://onnx.ai/onnx/operators/onnx__Resize.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Resize {
  static constexpr std::string_view kName = "resize";
  enum class Mode : uint8_t { nearest, linear, cubic };
  enum class Coordinates : uint8_t {
    half_pixel,
    half_pixel_symmetric,
    pytorch_half_pixel,
    align_corners,
    asymmetric,
    tf_half_pixel_for_nn,
    tf_crop_and_resize
  };
  enum class Nearest : uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };
  Mode mode = Mode::nearest;
  Coordinates coordinates = Coordinates::half_pixel;
  Nearest nearest = Nearest::round_prefer_floor;
  double cubic_coefficient = -0.75;
  bool exclude_outside = false;
  double extrapolation_value = 0;
  Shape sizes;                 ///< output extents, one per axis
  std::vector<double> scales;  ///< one per axis
  std::vector<double> roi;     ///< 2 * rank, or empty
  bool operator==(const Resize&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("mode", self.mode);
    visit("coordinates", self.coordinates);
    visit("nearest", self.nearest);
    visit("cubic_coefficient", self.cubic_coefficient);
    visit("exclude_outside", self.exclude_outside);
    visit("extrapolation_value", self.extrapolation_value);
    visit("sizes", self.sizes);
    visit("scales", self.scales);
    visit("roi", self.roi);
  }
};

Result<Types> infer(const Resize&, std::span<const Type> in);
void reference(const Resize&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
