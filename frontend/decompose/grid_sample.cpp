// See grid_sample.h. Pictures are channel last here, so that a place is a row and each neighbour one gather.
// https://onnx.ai/onnx/operators/onnx__GridSample.html
#include "frontend/decompose/grid_sample.h"

namespace halite::frontend {
namespace {

using Mode = GridSample::Mode;
using Padding = GridSample::Padding;

class Sampler {
 public:
  Sampler(Builder& b, V x, V grid, const GridSample& how) : b_(b), how_(how), dtype_(b.dtype(x)) {
    const Shape s = b.shape(x);
    height_ = s[2], width_ = s[3];
    rows_ = b.reshape(b.transpose(x, {0, 2, 3, 1}), {extent_of({s[0], s[2], s[3]}, 0, 3), s[1]});
    picture_ = b.reshape(b.cast(b.iota(s[0]), DType::i32), {s[0], 1, 1});
    grid = b.cast(grid, dtype_);
    x_ = pixels(b.squeeze(b.slice(grid, 3, 0, 1), {3}), width_);
    y_ = pixels(b.squeeze(b.slice(grid, 3, 1, 1), {3}), height_);
  }

  V sample() {
    if (how_.mode == Mode::cubic) return cubic();
    const V x = bounded(x_, width_), y = bounded(y_, height_);
    if (how_.mode == Mode::nearest) return fetch(b_.unary(Fn::round, y), b_.unary(Fn::round, x));
    const V x0 = b_.unary(Fn::floor, x), y0 = b_.unary(Fn::floor, y);
    const V right = b_.sub(x, x0), below = b_.sub(y, y0);
    const V left = complement(right), above = complement(below);
    const V x1 = b_.add(x0, 1.0), y1 = b_.add(y0, 1.0);
    const V top = b_.add(weighted(fetch(y0, x0), left), weighted(fetch(y0, x1), right));
    const V bottom = b_.add(weighted(fetch(y1, x0), left), weighted(fetch(y1, x1), right));
    return b_.add(weighted(top, above), weighted(bottom, below));
  }

 private:
  /// From [-1, 1] to pixels, whose centres are 0, 1, ... extent-1.
  V pixels(V g, int64_t extent) {
    const auto n = static_cast<double>(extent);
    if (how_.align_corners) return b_.mul(b_.add(g, 1.0), (n - 1) / 2);
    return b_.add(b_.mul(b_.add(g, 1.0), n / 2), -0.5);
  }

  V clamped(V v, int64_t extent) {
    return b_.binary(Fn::min, b_.binary(Fn::max, v, 0.0), static_cast<double>(extent - 1));
  }

  /// Folded back at the outer centres or edges until it lies inside.
  V reflected(V v, int64_t extent) {
    const double low = how_.align_corners ? 0 : -0.5, span = static_cast<double>(extent - 1) - 2 * low;
    if (span <= 0) return b_.mul(v, 0.0);
    const V t = b_.binary(Fn::fmod, b_.unary(Fn::abs, b_.add(v, -low)), 2 * span);
    const V folded = b_.binary(Fn::min, t, b_.sub(b_.scalar(2 * span, dtype_), t));
    return b_.add(folded, low);
  }

  V bounded(V v, int64_t extent) {
    if (how_.padding == Padding::zeros) return v;
    return clamped(how_.padding == Padding::reflection ? reflected(v, extent) : v, extent);
  }

  V is_inside(V v, int64_t extent) {
    return b_.binary(Fn::logical_and, b_.binary(Fn::greater_equal, v, 0.0),
                     b_.binary(Fn::less_equal, v, static_cast<double>(extent - 1)));
  }

  /// The pixels at whole y, x [n,oh,ow], as [n,oh,ow,c].
  V fetch(V y, V x) {
    y = bounded(y, height_), x = bounded(x, width_);
    const auto whole = [&](V v, int64_t extent) { return b_.cast(clamped(v, extent), DType::i32); };
    const V row = b_.add(b_.mul(picture_, static_cast<double>(height_)), whole(y, height_));
    const V at = b_.add(b_.mul(row, static_cast<double>(width_)), whole(x, width_));
    const V found = b_.op(ir::Gather{0}, {rows_, at});
    if (how_.padding != Padding::zeros) return found;
    const V inside = b_.binary(Fn::logical_and, is_inside(y, height_), is_inside(x, width_));
    return b_.select(b_.unsqueeze(inside, {3}), found, b_.scalar(0, dtype_));
  }

  V weighted(V v, V weight) { return b_.mul(v, b_.unsqueeze(weight, {3})); }
  V complement(V v) { return b_.sub(b_.scalar(1, dtype_), v); }

  /// Of the four neighbours -1, 0, 1, 2 of a place t behind neighbour 0: Keys' kernel with a = -0.75.
  std::array<V, 4> cubic_weights(V t) {
    constexpr double a = -0.75;
    const auto near = [&](V d) {  // ((a+2) d - (a+3)) d^2 + 1
      return b_.add(b_.mul(b_.add(b_.mul(d, a + 2), -(a + 3)), b_.square(d)), 1.0);
    };
    const auto far = [&](V d) {  // ((a d - 5a) d + 8a) d - 4a
      return b_.add(b_.mul(b_.add(b_.mul(b_.add(b_.mul(d, a), -5 * a), d), 8 * a), d), -4 * a);
    };
    const V rest = complement(t);
    return {far(b_.add(t, 1.0)), near(t), near(rest), far(b_.add(rest, 1.0))};
  }

  V cubic() {
    const V x0 = b_.unary(Fn::floor, x_), y0 = b_.unary(Fn::floor, y_);
    const auto wx = cubic_weights(b_.sub(x_, x0)), wy = cubic_weights(b_.sub(y_, y0));
    std::optional<V> sum;
    for (size_t i = 0; i < 4; ++i) {
      std::optional<V> row;
      for (size_t k = 0; k < 4; ++k) {
        const V pixel = fetch(b_.add(y0, static_cast<double>(i) - 1), b_.add(x0, static_cast<double>(k) - 1));
        row = row ? b_.add(*row, weighted(pixel, wx[k])) : weighted(pixel, wx[k]);
      }
      sum = sum ? b_.add(*sum, weighted(*row, wy[i])) : weighted(*row, wy[i]);
    }
    return *sum;
  }

  Builder& b_;
  const GridSample& how_;
  DType dtype_;
  V rows_, picture_, x_, y_;
  int64_t height_ = 1, width_ = 1;
};

}  // namespace

V grid_sample(Builder& b, V x, V grid, const GridSample& how) {
  return b.transpose(Sampler(b, x, grid, how).sample(), {0, 3, 1, 2});
}

}  // namespace halite::frontend
