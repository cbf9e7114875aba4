// Resizing with an interpolation kernel that is stretched where the result is smaller, so that every element
// counts: along each axis a product with a matrix of kernel values.
// https://onnx.ai/onnx/operators/onnx__Resize.html
#include <algorithm>
#include <cmath>

#include "frontend/decompose/decompose.h"
#include "ir/ops/resize_coordinates.h"

namespace halite::frontend {
namespace {

/// The kernel at distance d, which is 0 from 1 (linear) or 2 (cubic, Keys' with parameter a) on.
double kernel(const ir::Resize& how, double d) {
  const double a = how.cubic_coefficient;
  if (how.mode == ir::Resize::Mode::linear) return std::max(0.0, 1 - d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/// [out, in]: what each element of an axis counts in each of the results. Elements outside are those at the
/// edges, or nothing.
Tensor weights(const ir::Resize& how, size_t axis, int64_t in) {
  const int64_t out = how.sizes[axis];
  const double scale = std::min(how.scales[axis], 1.0);
  const double reach = (how.mode == ir::Resize::Mode::linear ? 1 : 2) / scale;
  Tensor matrix = Tensor::zeros({DType::f32, {out, in}, {}});
  std::vector<double> row(static_cast<size_t>(in));
  for (int64_t i = 0; i < out; ++i) {
    const double x = ir::source_coordinate(how, axis, i, in);
    std::fill(row.begin(), row.end(), 0);
    double sum = 0;
    for (auto k = static_cast<int64_t>(std::ceil(x - reach)); static_cast<double>(k) <= x + reach; ++k) {
      if (how.exclude_outside && (k < 0 || k >= in)) continue;
      const double weight = kernel(how, std::fabs(static_cast<double>(k) - x) * scale);
      row[std::clamp<int64_t>(k, 0, in - 1)] += weight;
      sum += weight;
    }
    for (int64_t k = 0; k < in; ++k) matrix.set(i * in + k, row[k] / sum);
  }
  return matrix;
}

}  // namespace

V resize_antialiased(Builder& b, V x, const ir::Resize& how) {
  const Shape from = b.shape(x);
  for (int64_t axis = 0; axis < b.rank(x); ++axis) {
    if (how.scales[axis] == 1 && how.sizes[axis] == from[axis]) continue;
    std::vector<int64_t> last(from.size());
    for (size_t i = 0; i < last.size(); ++i) last[i] = static_cast<int64_t>(i);
    std::swap(last[axis], last.back());  // its own inverse
    const V matrix = b.constant(weights(how, static_cast<size_t>(axis), from[axis]));
    x = b.transpose(b.matmul(b.transpose(x, last), matrix, {false, true}), last);
  }
  return x;
}

}  // namespace halite::frontend
