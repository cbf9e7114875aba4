// Resize: checks and reference. An axis at a time, as interpolation is separable: for each output position
// the source positions (taps) and their coefficients. Positions outside x read the edge. Where a scale times
// the extent is not a whole number, align_corners and half_pixel_symmetric use that product as the length of
// the output, as ONNX's own conformance data does.
#include "ir/ops/resize.h"

#include <algorithm>
#include <cmath>

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"
#include "ir/ops/resize_coordinates.h"

namespace halite::ir {
namespace {

using Coordinates = Resize::Coordinates;
using Mode = Resize::Mode;

constexpr double kMaxScale = 1 << 24;

struct Tap {
  int64_t index;
  double coefficient;
};
/// What makes one output position of an axis; no taps: outside the region of interest.
using Taps = std::vector<Tap>;

double rounded(Resize::Nearest nearest, double x) {
  switch (nearest) {
    case Resize::Nearest::round_prefer_floor:
      return std::ceil(x - 0.5);
    case Resize::Nearest::round_prefer_ceil:
      return std::floor(x + 0.5);
    case Resize::Nearest::floor:
      return std::floor(x);
    case Resize::Nearest::ceil:
      return std::ceil(x);
  }
  return x;
}

/// Taps around x before those outside the axis are dealt with; Keys' cubic convolution with parameter A.
Taps neighbours(const Resize& op, double x) {
  if (op.mode == Mode::nearest) return {{static_cast<int64_t>(rounded(op.nearest, x)), 1}};
  const auto left = static_cast<int64_t>(std::floor(x));
  const double t = x - std::floor(x), u = 1 - t, A = op.cubic_coefficient;
  if (op.mode == Mode::linear) return {{left, u}, {left + 1, t}};
  const auto near = [A](double d) { return ((A + 2) * d - (A + 3)) * d * d + 1; };
  const auto far = [A](double d) { return ((A * d - 5 * A) * d + 8 * A) * d - 4 * A; };
  return {{left - 1, far(1 + t)}, {left, near(t)}, {left + 1, near(u)}, {left + 2, far(1 + u)}};
}

Taps taps(const Resize& op, size_t a, int64_t i, int64_t extent) {
  const bool cropped = op.coordinates == Coordinates::tf_crop_and_resize;
  if (!cropped && op.scales[a] == 1 && op.sizes[a] == extent) return {{i, 1}};
  double x = source_coordinate(op, a, i, extent);
  if (cropped && (x < 0 || x > static_cast<double>(extent - 1))) return {};
  // Far outside, only the edge counts; the clamp keeps the conversions to integers in range.
  x = std::clamp(x, -8.0, static_cast<double>(extent) + 8);
  Taps result = neighbours(op, x);
  double sum = 0;
  for (Tap& tap : result) {
    if (op.exclude_outside && op.mode != Mode::nearest && (tap.index < 0 || tap.index >= extent))
      tap.coefficient = 0;
    sum += tap.coefficient;
    tap.index = std::clamp<int64_t>(tap.index, 0, extent - 1);
  }
  // If all taps are outside, the edge is what remains.
  if (sum == 0) return {{result[0].index, 1}};
  if (op.exclude_outside)
    for (Tap& tap : result) tap.coefficient /= sum;
  return result;
}

/// Nothing is computed, so any dtype goes.
void nearest(const Resize& op, const std::vector<std::vector<Taps>>& table, const Tensor& in, Tensor& out) {
  const Strides strides = contiguous_strides(in.type().shape);
  Tensor fill = Tensor::zeros({in.type().dtype, {}, {}});
  fill.set(0, op.extrapolation_value);
  with_word(in.type().dtype, [&]<class T>(T) {
    const auto x = in.data<T>();
    const auto y = out.mutable_data<T>();
    walk_indices(op.sizes, [&](int64_t i, const std::vector<int64_t>& index) {
      int64_t at = 0;
      bool outside = false;
      for (size_t a = 0; a < index.size(); ++a) {
        const Taps& t = table[a][index[a]];
        outside = outside || t.empty();
        if (!t.empty()) at += t[0].index * strides[a];
      }
      y[i] = outside ? fill.data<T>()[0] : x[at];
    });
  });
}

/// Resamples one axis of row-major values.
std::vector<double> resampled(const Resize& op, const std::vector<Taps>& positions,
                              const std::vector<double>& x, const AxisView& from) {
  const auto size = static_cast<int64_t>(positions.size());
  std::vector<double> y(from.outer * size * from.inner);
  for (int64_t o = 0; o < from.outer; ++o)
    for (int64_t i = 0; i < size; ++i)
      for (int64_t n = 0; n < from.inner; ++n) {
        double sum = positions[i].empty() ? op.extrapolation_value : 0;
        for (const Tap& tap : positions[i]) sum += tap.coefficient * x[from.at(o, tap.index, n)];
        y[(o * size + i) * from.inner + n] = sum;
      }
  return y;
}

/// Innermost axis first; values outside the region of interest stay constant under the axes that follow.
void interpolated(const Resize& op, const std::vector<std::vector<Taps>>& table, const Tensor& in,
                  Tensor& out) {
  Shape shape = in.type().shape;
  with_number(in.type().dtype, [&]<class T>(T) {
    const auto x = in.data<T>();
    std::vector<double> values(x.begin(), x.end());
    for (size_t a = shape.size(); a-- > 0;) {
      values = resampled(op, table[a], values, AxisView(shape, static_cast<int64_t>(a)));
      shape[a] = op.sizes[a];
    }
    const auto y = out.mutable_data<T>();
    for (size_t i = 0; i < y.size(); ++i) y[i] = saturated<T>(values[i]);
  });
}

checks::Failure check_roi(const Resize& op, const Type& x) {
  const bool cropped = op.coordinates == Coordinates::tf_crop_and_resize;
  if (op.roi.size() != (cropped ? 2 * x.shape.size() : 0))
    return checks::invalid(op.kName, ": roi has ", op.roi.size(),
                           " entries; expected the start and end of each axis of ", x.shape,
                           " for tf_crop_and_resize, else none");
  for (double bound : op.roi)
    if (!(std::abs(bound) <= kMaxScale))
      return checks::invalid(op.kName, ": roi holds ", bound, "; expected fractions of the input's extents");
  return {};
}

checks::Failure check_axis(const Resize& op, int axis, int64_t extent) {
  if (!(op.scales[axis] >= 1 / kMaxScale && op.scales[axis] <= kMaxScale))
    return checks::invalid(op.kName, ": the scale of axis ", axis, " is ", op.scales[axis],
                           "; expected a positive number, at most ", kMaxScale);
  if (op.sizes[axis] > 0 && extent == 0)
    return checks::invalid(op.kName, ": axis ", axis, " is empty and cannot become ", op.sizes[axis],
                           " long");
  return {};
}

}  // namespace

double source_coordinate(const Resize& op, size_t a, int64_t i, int64_t extent) {
  const double scale = op.scales[a], x = static_cast<double>(i), last = static_cast<double>(extent - 1);
  const double length = scale * static_cast<double>(extent);
  const int64_t size = op.sizes[a];
  switch (op.coordinates) {
    case Coordinates::half_pixel:
      return (x + 0.5) / scale - 0.5;
    case Coordinates::half_pixel_symmetric: {
      const double adjustment = static_cast<double>(size) / length;
      return static_cast<double>(extent) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5;
    }
    case Coordinates::pytorch_half_pixel:
      return size > 1 ? (x + 0.5) / scale - 0.5 : 0;
    case Coordinates::align_corners:
      return size > 1 && length > 1 ? x * last / (length - 1) : 0;
    case Coordinates::asymmetric:
      return x / scale;
    case Coordinates::tf_half_pixel_for_nn:
      return (x + 0.5) / scale;
    case Coordinates::tf_crop_and_resize: {
      const double start = op.roi[a], end = op.roi[op.sizes.size() + a];
      if (size > 1) return start * last + x * (end - start) * last / static_cast<double>(size - 1);
      return 0.5 * (start + end) * last;
    }
  }
  return 0;
}

Result<Types> infer(const Resize& op, std::span<const Type> in) {
  using checks::Admit;
  if (auto failure = checks::inputs(op.kName, in, 1, 1)) return *failure;
  const Admit admit = op.mode == Mode::nearest ? Admit::any : Admit::real;
  if (auto failure = checks::dtype(op.kName, "the input", in[0], admit)) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "sizes", op.sizes.size(), in[0])) return *failure;
  if (auto failure = checks::one_per_axis(op.kName, "scales", op.scales.size(), in[0])) return *failure;
  if (auto failure = check_roi(op, in[0])) return *failure;
  for (int i = 0; i < in[0].rank(); ++i)
    if (auto failure = check_axis(op, i, in[0].shape[i])) return *failure;
  if (!std::isfinite(op.cubic_coefficient) || !std::isfinite(op.extrapolation_value))
    return checks::invalid(op.kName, ": cubic_coefficient or extrapolation_value is not a finite number");
  return checks::output(op.kName, {in[0].dtype, op.sizes, {}});
}

void reference(const Resize& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const Shape& xs = in[0].type().shape;
  std::vector<std::vector<Taps>> table(xs.size());
  for (size_t a = 0; a < xs.size(); ++a)
    for (int64_t i = 0; i < op.sizes[a]; ++i) table[a].push_back(taps(op, a, i, xs[a]));
  if (op.mode == Mode::nearest)
    nearest(op, table, in[0], out[0]);
  else
    interpolated(op, table, in[0], out[0]);
}

}  // namespace halite::ir
