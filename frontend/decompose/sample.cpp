// See sample.h. Pictures are channel last here, so that a place is a row and each neighbour one gather.
// https://onnx.ai/onnx/operators/onnx__GridSample.html https://arxiv.org/abs/1703.06870 (RoiAlign)
#include "frontend/decompose/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace halite::frontend {
namespace {

using Mode = Sampling::Mode;
using Padding = Sampling::Padding;

class Sampler {
 public:
  Sampler(Builder& b, V x, V picture, std::vector<V> places, const Sampling& how)
      : b_(b), how_(how), dtype_(b.dtype(x)), places_(std::move(places)) {
    const Shape s = b.shape(x);
    extents_.assign(s.begin() + 2, s.end());
    rank_ = static_cast<int64_t>(extents_.size()) + 1;
    std::vector<int64_t> perm(s.size());
    std::iota(perm.begin(), perm.end(), 0);
    perm.erase(perm.begin() + 1);
    perm.push_back(1);
    rows_ = b.reshape(b.transpose(x, perm), {s[0] * extent_of(s, 2, b.rank(x)), s[1]});
    Shape along(static_cast<size_t>(rank_), 1);
    along[0] = b.type(picture).elements();
    picture_ = b.reshape(b.cast(picture, DType::i32), along);
  }

  V sample() {
    for (size_t axis = 0; axis < places_.size() && how_.mode != Mode::cubic; ++axis)
      places_[axis] = bounded(places_[axis], axis);
    return neighbours({});
  }

 private:
  V clamped(V v, size_t axis) {
    return b_.binary(Fn::min, b_.binary(Fn::max, v, 0.0), static_cast<double>(extents_[axis] - 1));
  }

  /// Folded back at the outer centres or edges until it lies inside.
  V reflected(V v, size_t axis) {
    const double low = how_.align_corners ? 0 : -0.5;
    const double span = static_cast<double>(extents_[axis] - 1) - 2 * low;
    if (span <= 0) return b_.mul(v, 0.0);
    const V t = b_.binary(Fn::fmod, b_.unary(Fn::abs, b_.add(v, -low)), 2 * span);
    const V folded = b_.binary(Fn::min, t, b_.sub(b_.scalar(2 * span, dtype_), t));
    return b_.add(folded, low);
  }

  V bounded(V v, size_t axis) {
    if (how_.padding == Padding::zeros) return v;
    return clamped(how_.padding == Padding::reflection ? reflected(v, axis) : v, axis);
  }

  V is_inside(V v, size_t axis) {
    return b_.binary(Fn::logical_and, b_.binary(Fn::greater_equal, v, 0.0),
                     b_.binary(Fn::less_equal, v, static_cast<double>(extents_[axis] - 1)));
  }

  /// The pixels at whole places of all axes, [m,out...,c].
  V fetch(const std::vector<V>& whole) {
    V at = picture_;
    std::optional<V> inside;
    for (size_t axis = 0; axis < whole.size(); ++axis) {
      // Neighbours of places that are bounded already lie outside only where their weight is 0.
      const V v = how_.mode == Mode::cubic ? bounded(whole[axis], axis) : whole[axis];
      at = b_.add(b_.mul(at, static_cast<double>(extents_[axis])), b_.cast(clamped(v, axis), DType::i32));
      if (how_.padding != Padding::zeros) continue;
      const V here = is_inside(v, axis);
      inside = inside ? b_.binary(Fn::logical_and, *inside, here) : here;
    }
    const V found = b_.op(ir::Gather{0}, {rows_, at});
    return inside ? b_.select(b_.unsqueeze(*inside, {rank_}), found, b_.scalar(0, dtype_)) : found;
  }

  V weighted(V v, V weight) { return b_.mul(v, b_.unsqueeze(weight, {rank_})); }
  V complement(V v) { return b_.sub(b_.scalar(1, dtype_), v); }

  /// Of the neighbours of a place t behind one: itself and the next; or, cubic, from one before to two behind
  /// by Keys' kernel with a = -0.75.
  std::vector<V> weights(V t) {
    const V rest = complement(t);
    if (how_.mode == Mode::linear) return {rest, t};
    constexpr double a = -0.75;
    const auto near = [&](V d) {  // ((a+2) d - (a+3)) d^2 + 1
      return b_.add(b_.mul(b_.add(b_.mul(d, a + 2), -(a + 3)), b_.square(d)), 1.0);
    };
    const auto far = [&](V d) {  // ((a d - 5a) d + 8a) d - 4a
      return b_.add(b_.mul(b_.add(b_.mul(b_.add(b_.mul(d, a), -5 * a), d), 8 * a), d), -4 * a);
    };
    return {far(b_.add(t, 1.0)), near(t), near(rest), far(b_.add(rest, 1.0))};
  }

  /// What lies around the places in the axes behind those of `whole`, which is settled.
  V neighbours(std::vector<V> whole) {
    const size_t axis = whole.size();
    if (axis == places_.size()) return fetch(whole);
    whole.emplace_back();
    if (how_.mode == Mode::nearest) {
      whole[axis] = b_.unary(Fn::round, places_[axis]);
      return neighbours(whole);
    }
    const V base = b_.unary(Fn::floor, places_[axis]);
    const auto factors = weights(b_.sub(places_[axis], base));
    const double first = how_.mode == Mode::cubic ? -1 : 0;
    std::optional<V> sum;
    for (size_t i = 0; i < factors.size(); ++i) {
      const double step = first + static_cast<double>(i);
      whole[axis] = step == 0 ? base : b_.add(base, step);
      const V part = weighted(neighbours(whole), factors[i]);
      sum = sum ? b_.binary(how_.combine, *sum, part) : part;
    }
    return *sum;
  }

  Builder& b_;
  const Sampling& how_;
  DType dtype_;
  V rows_, picture_;
  std::vector<V> places_;
  Shape extents_;
  int64_t rank_ = 0;  ///< of a place, with the axis of pictures
};

/// The middles of `parts` equal parts of each of `bins` bins, in bins.
V middles(Builder& b, int64_t bins, int64_t parts, DType dtype) {
  const V i = b.cast(b.iota(extent_of({bins, parts}, 0, 2)), dtype);
  return b.mul(b.add(i, 0.5), 1 / static_cast<double>(parts));
}

}  // namespace

V sample(Builder& b, V x, V picture, std::vector<V> places, const Sampling& how) {
  return Sampler(b, x, picture, std::move(places), how).sample();
}

V grid_sample(Builder& b, V x, V grid, const Sampling& how) {
  const Shape s = b.shape(x);
  const auto axes = static_cast<int64_t>(s.size()) - 2;
  grid = b.cast(grid, b.dtype(x));
  std::vector<V> places;
  for (int64_t axis = 0; axis < axes; ++axis) {
    const V g = b.squeeze(b.slice(grid, axes + 1, axes - 1 - axis, 1), {axes + 1});
    const auto n = static_cast<double>(s[axis + 2]);
    places.push_back(how.align_corners ? b.mul(b.add(g, 1.0), (n - 1) / 2)
                                       : b.add(b.mul(b.add(g, 1.0), n / 2), -0.5));
  }
  std::vector<int64_t> perm(s.size());
  std::iota(perm.begin(), perm.end(), 0);
  std::rotate(perm.begin() + 1, perm.end() - 1, perm.end());
  return b.transpose(sample(b, x, b.iota(s[0]), std::move(places), how), perm);
}

V roi_align(Builder& b, V x, V regions, V picture, const RoiAlign& how) {
  const Shape s = b.shape(x);
  const DType dtype = b.dtype(x);
  const int64_t count = b.shape(regions)[0];
  const V corners = b.add(b.mul(regions, how.scale), how.half_pixel ? -0.5 : 0);
  std::vector<V> places;
  std::optional<V> inside;
  for (const int64_t axis : {0, 1}) {  // y, x
    const int64_t bins = axis == 0 ? how.height : how.width;
    const V start = b.slice(corners, 1, 1 - axis, 1);
    V extent = b.sub(b.slice(corners, 1, 3 - axis, 1), start);
    if (!how.half_pixel) extent = b.binary(Fn::max, extent, 1.0);
    const V bin = b.mul(extent, 1 / static_cast<double>(bins));
    const V middle = b.reshape(middles(b, bins, how.samples, dtype), {1, bins * how.samples});
    const V place = b.unsqueeze(b.add(start, b.mul(bin, middle)), {2 - axis});
    // What lies more than a pixel outside counts as 0, what is nearer as the edge.
    const V here = b.binary(Fn::logical_and, b.binary(Fn::greater_equal, place, -1.0),
                            b.binary(Fn::less_equal, place, static_cast<double>(s[axis + 2])));
    inside = inside ? b.binary(Fn::logical_and, *inside, here) : here;
    places.push_back(place);
  }
  const Fn combine = how.max ? Fn::max : Fn::add;
  V y = sample(b, x, picture, places, {Mode::linear, Padding::border, false, combine});
  y = b.select(b.unsqueeze(*inside, {3}), y, b.scalar(0, dtype));
  y = b.reshape(y, {count, how.height, how.samples, how.width, how.samples, s[1]});
  y = how.max ? b.reduce(ir::Reduce::Kind::max, y, {2, 4}, false) : b.mean(y, {2, 4}, false);
  return b.transpose(y, {0, 3, 1, 2});
}

V max_roi_pool(Builder& b, V x, V regions, const std::array<int64_t, 2>& bins, double scale) {
  const Shape s = b.shape(x);
  const int64_t r = b.shape(regions)[0];
  const DType dtype = b.dtype(x);
  const V picture = b.cast(b.reshape(b.slice(regions, 1, 0, 1), {r}), DType::i32);
  // [r,c,h,w], then an axis after the other becomes bins: the largest of what each covers.
  V y = b.op(ir::Gather{0}, {x, picture});
  for (const int64_t axis : {0, 1}) {
    const auto corner = [&](int64_t i) {
      return b.unary(Fn::round_away, b.mul(b.slice(regions, 1, i, 1), scale));
    };
    const V start = corner(2 - axis);
    const V extent = b.binary(Fn::max, b.add(b.sub(corner(4 - axis), start), 1.0), 1.0);
    // Divided, not multiplied by an inverse: a whole quotient must be whole.
    const V bin = b.div(extent, b.scalar(static_cast<double>(bins[axis]), dtype));
    const V i = b.reshape(b.cast(b.iota(bins[axis]), dtype), {1, bins[axis]});
    const V first = b.add(b.unary(Fn::floor, b.mul(bin, i)), start);
    const V last = b.add(b.unary(Fn::ceil, b.mul(bin, b.add(i, 1.0))), start);
    const V pixel = b.reshape(b.cast(b.iota(s[axis + 2]), dtype), {1, 1, s[axis + 2]});
    V inside = b.binary(Fn::logical_and, b.binary(Fn::greater_equal, pixel, b.unsqueeze(first, {2})),
                        b.binary(Fn::less, pixel, b.unsqueeze(last, {2})));
    // [r,bins,pixels] to meet y with an axis of bins before the one of pixels.
    Shape along{r, 1, 1, 1, 1};
    along[axis + 2] = bins[axis], along[axis + 3] = s[axis + 2];
    inside = b.reshape(inside, along);
    const V kept = b.select(inside, b.unsqueeze(y, {axis + 2}), b.scalar(-INFINITY, dtype));
    y = b.reduce(ir::Reduce::Kind::max, kept, {axis + 3}, false);
  }
  return b.select(b.binary(Fn::equal, y, b.scalar(-INFINITY, dtype)), b.scalar(0, dtype), y);
}

}  // namespace halite::frontend
