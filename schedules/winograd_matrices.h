// The matrices of Winograd's F(m, 3): m outputs of a filter of 3 taps by m + 2 products,
//   y = A^T ((G g) * (B^T d)),
// made by Cook and Toom's method: polynomials are multiplied by their values at m + 1 points and infinity
// (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016). The points are 0 and pairs p, -p
// of 1, 2, 1/2, whose powers are exact in floating point. Rows of B^T that belong to a pair differ in the
// signs of their odd columns, columns of A^T in those of their odd rows: what a pair shares is computed once.
//
// f16 has no range to spare: rows of B^T are scaled by powers of two, G by their inverses, such that
// transformed inputs are hardly larger than inputs, and the points of tiles of 4 are 3/4 and 3/2, which are
// off by 6 in 1000 of a layer's root mean square where 1 and 2 are by 11.
#pragma once

#include <Halide.h>

#include <vector>

namespace halite::schedules {

struct WinogradMatrices {
  explicit WinogradMatrices(int m, bool halves = false);

  int m, alpha;                             ///< outputs; products: m + 2
  std::vector<std::vector<double>> input;   ///< B^T [alpha][alpha]
  std::vector<std::vector<double>> filter;  ///< G [alpha][3]
  std::vector<std::vector<double>> output;  ///< A^T [m][alpha]

  /// Rows of B^T times the alpha inputs, as alpha expressions.
  std::vector<Halide::Expr> transform_input(const std::vector<Halide::Expr>&) const;
  /// A^T times the alpha products, as m expressions.
  std::vector<Halide::Expr> transform_output(const std::vector<Halide::Expr>&) const;
  /// Additions, multiplications and multiply-adds of the one, and of the other.
  int input_operations() const;
  int output_operations() const;

 private:
  void scale_rows();
};

}  // namespace halite::schedules
