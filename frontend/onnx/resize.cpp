// Upsample (7, 9) and Resize (10, 11, 13, 18, 19): all of them end in the IR's Resize.
// https://onnx.ai/onnx/operators/onnx__Resize.html
#include <algorithm>
#include <array>
#include <cmath>

#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

using ir::Resize;

template <class Enum, size_t n>
Enum choose(const std::string& text, const char* attribute,
            const std::array<std::pair<const char*, Enum>, n>& choices) {
  std::string known;
  for (const auto& [name, value] : choices) {
    if (text == name) return value;
    known += known.empty() ? name : std::string(", ") + name;
  }
  reject_unsupported(std::string(attribute) + " is '" + text + "'; supported are " + known, attribute);
}

Resize::Mode read_mode(const OnnxCall& call) {
  return choose<Resize::Mode, 4>(call.text("mode", "nearest"), "mode",
                                 {{{"nearest", Resize::Mode::nearest},
                                   {"linear", Resize::Mode::linear},
                                   {"bilinear", Resize::Mode::linear},
                                   {"cubic", Resize::Mode::cubic}}});
}

Resize::Coordinates read_coordinates(const OnnxCall& call) {
  using C = Resize::Coordinates;
  return choose<C, 7>(call.text("coordinate_transformation_mode", "half_pixel"),
                      "coordinate_transformation_mode",
                      {{{"half_pixel", C::half_pixel},
                        {"half_pixel_symmetric", C::half_pixel_symmetric},
                        {"pytorch_half_pixel", C::pytorch_half_pixel},
                        {"align_corners", C::align_corners},
                        {"asymmetric", C::asymmetric},
                        {"tf_half_pixel_for_nn", C::tf_half_pixel_for_nn},
                        {"tf_crop_and_resize", C::tf_crop_and_resize}}});
}

Resize::Nearest read_nearest(const OnnxCall& call) {
  using N = Resize::Nearest;
  return choose<N, 4>(call.text("nearest_mode", "round_prefer_floor"), "nearest_mode",
                      {{{"round_prefer_floor", N::round_prefer_floor},
                        {"round_prefer_ceil", N::round_prefer_ceil},
                        {"floor", N::floor},
                        {"ceil", N::ceil}}});
}

/// Extents from scales. The product is rounded as f32, as every other implementation does.
void set_scales(const OnnxCall& call, Resize& resize, const std::vector<double>& scales, const Axes& axes) {
  const Shape& s = call.shape(0);
  if (scales.size() != axes.size())
    reject_invalid("scales has " + std::to_string(scales.size()) + " numbers, but " +
                       std::to_string(axes.size()) + " are needed",
                   "scales");
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i];
    if (!(scales[i] > 0) || scales[i] > 1e6)
      reject_invalid("scales has the number " + std::to_string(scales[i]), "scales");
    double part = 1;
    if (!resize.roi.empty()) part = resize.roi[axis + s.size()] - resize.roi[axis];
    const float extent =
        static_cast<float>(s[axis]) * static_cast<float>(part) * static_cast<float>(scales[i]);
    if (!(extent >= 0 && extent <= 2e9f))
      reject_invalid("scales make an axis of " + std::to_string(extent), "scales");
    resize.scales[axis] = scales[i];
    resize.sizes[axis] = static_cast<int64_t>(std::floor(extent));
  }
}

void set_sizes(const OnnxCall& call, Resize& resize, std::vector<int64_t> sizes, const Axes& axes) {
  const Shape& s = call.shape(0);
  if (sizes.size() != axes.size())
    reject_invalid("sizes has " + std::to_string(sizes.size()) + " numbers, but " +
                       std::to_string(axes.size()) + " are needed",
                   "sizes");
  std::vector<double> scales;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > INT32_MAX || s[axes[i]] == 0)
      reject_invalid("sizes has the number " + std::to_string(sizes[i]) + " for an axis of " +
                         std::to_string(s[axes[i]]),
                     "sizes");
    scales.push_back(static_cast<double>(sizes[i]) / static_cast<double>(s[axes[i]]));
  }
  const std::string policy = call.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "not_larger" || policy == "not_smaller") {
    const auto [least, most] = std::minmax_element(scales.begin(), scales.end());
    const double scale = policy == "not_larger" ? *least : *most;
    for (size_t i = 0; i < axes.size(); ++i) {
      sizes[i] = static_cast<int64_t>(std::floor(scale * static_cast<double>(s[axes[i]]) + 0.5));
      scales[i] = scale;
    }
  } else if (policy != "stretch") {
    reject_invalid("keep_aspect_ratio_policy is '" + policy + "'", "keep_aspect_ratio_policy");
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    resize.sizes[axes[i]] = sizes[i];
    resize.scales[axes[i]] = scales[i];
  }
}

/// Changes no axis yet.
Resize unchanged(const OnnxCall& call) {
  Resize resize;
  resize.sizes = call.shape(0);
  resize.scales.assign(resize.sizes.size(), 1);
  return resize;
}

std::vector<V> finish(OnnxCall& call, Resize resize) {
  const bool same = resize.sizes == call.shape(0) &&
                    std::all_of(resize.scales.begin(), resize.scales.end(), [](double k) { return k == 1; });
  if (same && resize.coordinates != Resize::Coordinates::tf_crop_and_resize) return {call.in(0)};
  return {call.b.op(std::move(resize), {call.in(0)})};
}

/// The matrices of kernel values are constants of the program.
constexpr int64_t kMaxKernelValues = 1 << 24;

std::vector<V> antialiased(OnnxCall& call, const Resize& resize) {
  const Shape s = call.shape(0);
  if (call.type(0).dtype != DType::f32)
    reject_unsupported("its input is " + ir::to_string(call.type(0)) + "; antialiasing takes f32",
                       "antialias");
  if (resize.coordinates == Resize::Coordinates::tf_crop_and_resize)
    reject_unsupported("antialiasing of a region of interest is not supported", "antialias");
  for (size_t axis = 0; axis < s.size(); ++axis) {
    if (s[axis] > 0 && resize.sizes[axis] <= kMaxKernelValues / s[axis] && 1 / resize.scales[axis] <= 1 << 16)
      continue;
    reject_unsupported("antialiasing takes axes of at most 4096 elements, not " + std::to_string(s[axis]) +
                           " to " + std::to_string(resize.sizes[axis]),
                       "antialias");
  }
  return {resize_antialiased(call.b, call.in(0), resize)};
}

/// Upsample and the first Resize: corners fixed, the nearest pixel to the left.
Resize legacy(const OnnxCall& call) {
  Resize resize = unchanged(call);
  resize.mode = read_mode(call);
  resize.coordinates = Resize::Coordinates::asymmetric;
  resize.nearest = Resize::Nearest::floor;
  return resize;
}

}  // namespace

std::vector<V> import_upsample(OnnxCall& call) {
  Resize resize = legacy(call);
  const auto all = axis_range(0, call.rank(0));
  if (call.version >= 9) {
    set_scales(call, resize, call.known_reals(1, "scales"), all);
  } else if (const auto scales = call.reals("scales")) {
    set_scales(call, resize, {scales->begin(), scales->end()}, all);
  } else {
    set_scales(call, resize, {1, 1, call.real("height_scale", 1), call.real("width_scale", 1)}, all);
  }
  return finish(call, resize);
}

std::vector<V> import_resize(OnnxCall& call) {
  if (call.version < 11) {
    Resize resize = legacy(call);
    set_scales(call, resize, call.known_reals(1, "scales"), axis_range(0, call.rank(0)));
    return finish(call, resize);
  }
  Resize resize = unchanged(call);
  resize.mode = read_mode(call);
  resize.coordinates = read_coordinates(call);
  resize.nearest = read_nearest(call);
  resize.cubic_coefficient = call.real("cubic_coeff_a", -0.75);
  resize.exclude_outside = call.flag("exclude_outside", false);
  resize.extrapolation_value = call.real("extrapolation_value", 0);
  Axes axes = axis_range(0, call.rank(0));
  if (const auto stated = call.integers("axes"); stated && !stated->empty()) {
    normalize_axes(*stated, call.rank(0));  // each at most once
    axes = *stated;
    for (auto& axis : axes) axis = normalize_axis(axis, call.rank(0));
  }
  if (resize.coordinates == Resize::Coordinates::tf_crop_and_resize) {
    const auto roi = call.known_reals(1, "roi");
    if (roi.size() != 2 * axes.size())
      reject_invalid("roi has " + std::to_string(roi.size()) + " numbers, but " +
                         std::to_string(2 * axes.size()) + " are needed",
                     "roi");
    const auto rank = static_cast<size_t>(call.rank(0));
    resize.roi.assign(2 * rank, 0);
    std::fill(resize.roi.begin() + static_cast<long>(rank), resize.roi.end(), 1);
    for (size_t i = 0; i < axes.size(); ++i) {
      resize.roi[axes[i]] = roi[i];
      resize.roi[rank + axes[i]] = roi[i + axes.size()];
    }
  }
  // A left-out operand may also be an empty tensor.
  const auto given = [&](size_t i) { return call.has(i) && call.type(i).elements() > 0; };
  if (given(3)) {
    set_sizes(call, resize, call.known_integers(3, "sizes"), axes);
  } else if (given(2)) {
    call.ignore({"keep_aspect_ratio_policy"});
    set_scales(call, resize, call.known_reals(2, "scales"), axes);
  } else {
    reject_invalid("neither scales nor sizes are given", "scales");
  }
  const bool shrinks =
      std::any_of(resize.scales.begin(), resize.scales.end(), [](double k) { return k < 1; });
  if (call.flag("antialias", false) && shrinks && resize.mode != Resize::Mode::nearest)
    return antialiased(call, resize);
  return finish(call, resize);
}

}  // namespace halite::frontend
