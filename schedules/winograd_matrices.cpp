// See winograd_matrices.h.
#include "schedules/winograd_matrices.h"

#include <algorithm>
#include <cmath>

#include "ir/base/check.h"

namespace halite::schedules {
namespace {

using Halide::Expr;

constexpr int kTaps = 3;
constexpr double kPoints[] = {0, 1, -1, 2, -2, 0.5, -0.5};

/// Coefficients of the product of (x - p) over all points but one, lowest power first.
std::vector<double> polynomial(int points, int left_out) {
  std::vector<double> c{1};
  for (int i = 0; i < points; ++i) {
    if (i == left_out) continue;
    c.push_back(0);
    for (size_t d = c.size() - 1; d > 0; --d) c[d] = c[d - 1] - kPoints[i] * c[d];
    c[0] *= -kPoints[i];
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
  return add(sum, static_cast<float>(factor) * value);
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

WinogradMatrices::WinogradMatrices(int outputs) : m(outputs), alpha(outputs + kTaps - 1) {
  const int points = alpha - 1;
  HALITE_CHECK(points <= static_cast<int>(std::size(kPoints)), "Winograd's tile is too large");
  for (int i = 0; i < points; ++i) {
    input.push_back(polynomial(points, i));
    input.back().resize(alpha, 0);
    double scale = 1;
    for (int j = 0; j < points; ++j)
      if (j != i) scale *= kPoints[i] - kPoints[j];
    filter.push_back({1 / scale, kPoints[i] / scale, kPoints[i] * kPoints[i] / scale});
  }
  input.push_back(polynomial(points, points));
  filter.push_back({0, 0, 1});
  for (int r = 0; r < m; ++r) {
    std::vector<double> row;
    for (int i = 0; i < points; ++i) row.push_back(std::pow(kPoints[i], r));
    row.push_back(r == m - 1 ? 1 : 0);
    output.push_back(row);
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
