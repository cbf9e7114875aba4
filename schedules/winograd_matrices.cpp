// See winograd_matrices.h.
#include "schedules/winograd_matrices.h"

#include <algorithm>
#include <cmath>

#include "ir/base/check.h"

namespace halite::schedules {
namespace {

using Halide::Expr;

constexpr int kTaps = 3;
using Points = std::vector<double>;

Points points_of(int m, bool halves) {
  if (m == 2) return {0, 1, -1};
  if (m == 4) return halves ? Points{0, 0.75, -0.75, 1.5, -1.5} : Points{0, 1, -1, 2, -2};
  return {0, 1, -1, 2, -2, 0.5, -0.5};
}

/// Coefficients of the product of (x - p) over all points but one, lowest power first.
std::vector<double> polynomial(const Points& points, size_t left_out) {
  std::vector<double> c{1};
  for (size_t i = 0; i < points.size(); ++i) {
    if (i == left_out) continue;
    c.push_back(0);
    for (size_t d = c.size() - 1; d > 0; --d) c[d] = c[d - 1] - points[i] * c[d];
    c[0] *= -points[i];
  }
  return c;
}

/// Sums in which a term may be missing.
Expr add(const Expr& a, const Expr& b) { return !a.defined() ? b : !b.defined() ? a : a + b; }
Expr subtract(const Expr& a, const Expr& b) { return !b.defined() ? a : !a.defined() ? -b : a - b; }

/// sum + factor * value.
Expr accumulate(const Expr& sum, double factor, const Expr& value) {
  if (factor == 0) return sum;
  if (factor == 1) return add(sum, value);
  if (factor == -1) return subtract(sum, value);
  return add(sum, Halide::Internal::make_const(value.type(), factor) * value);
}

/// row * values over the columns first, first + step, ...
Expr dot(const std::vector<double>& row, const std::vector<Expr>& values, int first, int step) {
  Expr sum;
  for (size_t c = first; c < row.size(); c += step) sum = accumulate(sum, row[c], values[c]);
  return sum;
}

int nonzeros(const std::vector<double>& row) {
  return static_cast<int>(std::count_if(row.begin(), row.end(), [](double c) { return c != 0; }));
}

}  // namespace

WinogradMatrices::WinogradMatrices(int outputs, bool halves) : m(outputs), alpha(outputs + kTaps - 1) {
  const Points points = points_of(m, halves);
  HALITE_CHECK(static_cast<int>(points.size()) == alpha - 1, "no points for such a tile of Winograd's");
  for (size_t i = 0; i < points.size(); ++i) {
    input.push_back(polynomial(points, i));
    input.back().resize(alpha, 0);
    double scale = 1;
    for (size_t j = 0; j < points.size(); ++j)
      if (j != i) scale *= points[i] - points[j];
    filter.push_back({1 / scale, points[i] / scale, points[i] * points[i] / scale});
  }
  input.push_back(polynomial(points, points.size()));
  filter.push_back({0, 0, 1});
  for (int r = 0; r < m; ++r) {
    std::vector<double> row;
    for (const double point : points) row.push_back(std::pow(point, r));
    row.push_back(r == m - 1 ? 1 : 0);
    output.push_back(row);
  }
  if (halves) scale_rows();
}

void WinogradMatrices::scale_rows() {
  for (int i = 0; i < alpha; ++i) {
    double gain = 0;
    for (const double c : input[i]) gain += std::fabs(c);
    const double scale = std::exp2(-std::round(std::log2(gain)));
    for (double& c : input[i]) c *= scale;
    for (double& c : filter[i]) c /= scale;
  }
}

std::vector<Expr> WinogradMatrices::transform_input(const std::vector<Expr>& d) const {
  std::vector<Expr> result(alpha);
  result[0] = dot(input[0], d, 0, 1);
  for (int i = 1; i + 1 < alpha; i += 2) {
    const Expr even = dot(input[i], d, 0, 2), odd = dot(input[i], d, 1, 2);
    result[i] = even + odd;
    result[i + 1] = even - odd;
  }
  result[alpha - 1] = dot(input[alpha - 1], d, 0, 1);
  return result;
}

std::vector<Expr> WinogradMatrices::transform_output(const std::vector<Expr>& products) const {
  std::vector<Expr> result(m);
  for (int r = 0; r < m; ++r) {
    Expr sum = accumulate({}, output[r][0], products[0]);
    for (int i = 1; i + 1 < alpha; i += 2) {
      const Expr pair = r % 2 == 0 ? products[i] + products[i + 1] : products[i] - products[i + 1];
      sum = accumulate(sum, output[r][i], pair);
    }
    result[r] = accumulate(sum, output[r][alpha - 1], products[alpha - 1]);
  }
  return result;
}

int WinogradMatrices::input_operations() const {
  int count = nonzeros(input[0]) + nonzeros(input[alpha - 1]) - 2;
  for (int i = 1; i + 1 < alpha; i += 2) count += nonzeros(input[i]);  // as many additions less two, plus two
  return count;
}

int WinogradMatrices::output_operations() const {
  int count = alpha - 2;  // sums and differences of pairs
  for (const auto& row : output) count += (nonzeros(row) + 1) / 2 - 1 + (row.front() != 0 && row.back() != 0);
  return count;
}

}  // namespace halite::schedules
