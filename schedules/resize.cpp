// Resize. An axis's source coordinates are an arithmetic progression x(i) = x(0) + i * step, computed in
// fixed point: exact enough to be equal to the reference's choice of the nearest element at every i (checked
// here, at compile time), cheap enough for inner loops (doubling is i >> 1), and free of tables.
#include <cmath>
#include <functional>
#include <optional>

#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Internal::make_const;
using Coordinates = ir::Resize::Coordinates;

/// One axis: extents, and x(i) in real numbers, written as the reference computes it so that ties fall alike.
struct Axis {
  int in = 1, out = 1;
  double before = 0, factor = 1, divisor = 1, after = 0;
  double at(int i) const { return (i + before) * factor / divisor + after; }
  double step() const { return factor / divisor; }
};

Axis axis_of(const ir::Resize& op, int64_t in, size_t i) {
  const double n = static_cast<double>(in), m = static_cast<double>(op.sizes[i]), s = op.scales[i];
  Axis axis{.in = static_cast<int>(in), .out = static_cast<int>(op.sizes[i])};
  const auto set = [&](double before, double factor, double divisor, double after) {
    axis.before = before, axis.factor = factor, axis.divisor = divisor, axis.after = after;
  };
  switch (op.coordinates) {
    case Coordinates::half_pixel:
      set(0.5, 1, s, -0.5);
      break;
    case Coordinates::half_pixel_symmetric:
      set(0.5, 1, s, n / 2 * (1 - m / (s * n)) - 0.5);
      break;
    case Coordinates::pytorch_half_pixel:
      m > 1 ? set(0.5, 1, s, -0.5) : set(0, 0, 1, 0);
      break;
    case Coordinates::align_corners:
      m > 1 && s* n > 1 ? set(0, n - 1, s * n - 1, 0) : set(0, 0, 1, 0);
      break;
    case Coordinates::asymmetric:
      set(0, 1, s, 0);
      break;
    case Coordinates::tf_half_pixel_for_nn:
      set(0.5, 1, s, 0);
      break;
    case Coordinates::tf_crop_and_resize: {
      const double from = op.roi[i], to = op.roi[op.sizes.size() + i];
      m > 1 ? set(0, (to - from) * (n - 1), m - 1, from * (n - 1))
            : set(0, 0, 1, 0.5 * (from + to) * (n - 1));
      break;
    }
  }
  return axis;
}

/// floor((a * i + b) / 2^k), in 32 or 64 bits.
struct FixedPoint {
  int64_t a = 0, b = 0;
  int k = 0;
  bool wide() const { return k > 16; }
  Halide::Type type() const { return wide() ? Halide::Int(64) : Halide::Int(32); }
  Expr value(const Expr& i) const {
    return Halide::cast(type(), i) * make_const(type(), a) + make_const(type(), b);
  }
  Expr floor(const Expr& i) const { return Halide::cast<int>(value(i) >> make_const(type(), k)); }
  /// What floor leaves over, in [0, 1).
  Expr fraction(const Expr& i) const {
    const Expr rest = value(i) & make_const(type(), (int64_t{1} << k) - 1);
    return Halide::cast<float>(rest) * static_cast<float>(std::ldexp(1.0, -k));
  }
};

/// A progression whose floor is `wanted(i)` at every i; the shortest numbers that do, if there are any.
std::optional<FixedPoint> fit(int count, double step, const std::function<int64_t(int)>& wanted) {
  for (int k = 0; k <= 32; k = k == 12 ? 32 : k + 1) {
    const int64_t one = int64_t{1} << k, a = std::llround(step * static_cast<double>(one));
    if (k <= 12 && std::abs(static_cast<double>(a)) * count > (1 << 30)) continue;
    int64_t low = INT64_MIN, high = INT64_MAX;
    for (int i = 0; i < count; i++) {
      low = std::max(low, wanted(i) * one - a * i);
      high = std::min(high, (wanted(i) + 1) * one - a * i - 1);
    }
    const bool fits = k > 12 || (std::abs(static_cast<double>(low)) < (1 << 30) &&
                                 std::abs(static_cast<double>(high)) < (1 << 30));
    if (low <= high && fits) return FixedPoint{a, low + (high - low) / 2, k};
  }
  return {};
}

/// x(i) itself: in 32 bits where that is exact.
FixedPoint coordinates(const Axis& axis) {
  for (int k : {0, 1, 2, 3, 4, 5, 6, 7, 8, 32}) {
    const double one = std::ldexp(1.0, k), a = axis.step() * one, b = axis.at(0) * one;
    const bool exact =
        a == std::round(a) && b == std::round(b) && (std::abs(a) * axis.out + std::abs(b)) < (1 << 30);
    if (exact || k == 32) return {std::llround(a), std::llround(b), k};
  }
  return {};
}

int64_t nearest_index(ir::Resize::Nearest mode, double x) {
  switch (mode) {
    case ir::Resize::Nearest::round_prefer_floor:
      return static_cast<int64_t>(std::ceil(x - 0.5));
    case ir::Resize::Nearest::round_prefer_ceil:
      return static_cast<int64_t>(std::floor(x + 0.5));
    case ir::Resize::Nearest::floor:
      return static_cast<int64_t>(std::floor(x));
    case ir::Resize::Nearest::ceil:
      return static_cast<int64_t>(std::ceil(x));
  }
  return 0;
}

/// The nearest source index as a progression. Where rounding makes ties fall unevenly, they are all moved one
/// way.
FixedPoint nearest(const ir::Resize& op, const Axis& axis) {
  for (double nudge : {0.0, 1e-7, -1e-7}) {
    const auto wanted = [&](int o) { return nearest_index(op.nearest, axis.at(o) + nudge); };
    if (const auto found = fit(axis.out, axis.step(), wanted)) return *found;
  }
  HALITE_CHECK(false, "an axis of a resize is an arithmetic progression");
  return {};
}

/// One source element along an axis and its weight; an undefined weight is 1.
struct Tap {
  Expr index, weight;
};

Expr cubic_weight(double coefficient, const Expr& distance) {
  const float a = static_cast<float>(coefficient);
  const Expr d = distance;
  const Expr near = ((a + 2) * d - (a + 3)) * d * d + 1;
  const Expr far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return Halide::select(d <= 1.0f, near, far);
}

std::vector<Tap> taps(const ir::Resize& op, const Axis& axis, const Expr& i) {
  const auto inside = [&](const Expr& index) { return Halide::clamp(index, 0, axis.in - 1); };
  if (op.mode == ir::Resize::Mode::nearest) {
    return {{inside(nearest(op, axis).floor(i)), Expr()}};
  }
  const FixedPoint x = coordinates(axis);
  const Expr low = x.floor(i), part = x.fraction(i);
  if (op.mode == ir::Resize::Mode::linear) {
    return {{inside(low), 1.0f - part}, {inside(low + 1), part}};
  }
  std::vector<Tap> four;
  Expr sum = 0.0f;
  for (int t = -1; t <= 2; t++) {
    const Expr index = low + t, distance = t <= 0 ? part - t : t - part;
    Expr weight = cubic_weight(op.cubic_coefficient, distance);
    if (op.exclude_outside) weight = Halide::select(index >= 0 && index < axis.in, weight, 0.0f);
    sum += weight;
    four.push_back({inside(index), weight});
  }
  if (op.exclude_outside) {
    // Where all taps are outside, the edge is what remains.
    for (auto& tap : four) tap.weight = tap.weight / Halide::select(sum == 0.0f, 1.0f, sum);
    four[0].weight = Halide::select(sum == 0.0f, 1.0f, four[0].weight);
  }
  return four;
}

}  // namespace

Func algorithm(const ir::Resize& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  const Halide::Type type = halide_type(anchor.output.dtype);
  std::vector<Expr> index(vars.begin(), vars.end());
  std::vector<std::pair<int, std::vector<Tap>>> resized;
  Expr extrapolated = Halide::Internal::const_false();
  for (int d = rank - 1; d >= 0; d--) {
    const size_t i = static_cast<size_t>(flip(d, rank));
    const bool crop = op.coordinates == Coordinates::tf_crop_and_resize;
    const int64_t in = anchor.inputs[0].shape[i];
    if (op.scales[i] == 1 && op.sizes[i] == in && !crop) continue;
    const Axis axis = axis_of(op, in, i);
    resized.emplace_back(d, taps(op, axis, vars[d]));
    if (!crop) continue;
    // Which i lie outside is known here: a progression leaves a range at its ends only.
    int first = 0, last = axis.out - 1;
    const auto outside = [&](int o) { return axis.at(o) < 0 || axis.at(o) > axis.in - 1; };
    while (first <= last && outside(first)) first++;
    while (last >= first && outside(last)) last--;
    if (first > 0 || last < axis.out - 1) extrapolated = extrapolated || vars[d] < first || vars[d] > last;
  }
  const std::function<Expr(size_t)> blend = [&](size_t axis) -> Expr {
    if (axis == resized.size()) {
      const Expr x = inputs[0](index);
      return op.mode == ir::Resize::Mode::nearest || type.bits() == 64 ? x : Halide::cast<float>(x);
    }
    Expr sum;
    for (const auto& tap : resized[axis].second) {
      index[resized[axis].first] = tap.index;
      const Expr x = blend(axis + 1);
      const Expr term = tap.weight.defined() ? x * Halide::cast(x.type(), tap.weight) : x;
      sum = sum.defined() ? sum + term : term;
    }
    return sum;
  };
  Expr value = blend(0);
  if (value.type() != type)
    value = type.is_float() ? Halide::cast(type, value) : Halide::saturating_cast(type, Halide::round(value));
  if (op.coordinates == Coordinates::tf_crop_and_resize) {
    value = Halide::select(extrapolated, make_const(type, op.extrapolation_value), value);
  }
  Func f("resize");
  f(vars) = value;
  return f;
}

}  // namespace halite::schedules
