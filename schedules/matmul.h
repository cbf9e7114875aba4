// What the matrix products of reals and of integers share: where the matrices of a batch lie. And what a
// product of reals needs inside a larger kernel (attention.cpp): its plan and its loops.
#pragma once

#include <Halide.h>

#include <vector>

#include "ir/op.h"
#include "schedules/halves.h"
#include "schedules/register_tile.h"

namespace halite::schedules {

/// Coordinates, innermost first, of the batch axes of an operand [..,rows,columns] for the output element
/// `args`: right-aligned to the output's, 0 where the operand is broadcast.
inline std::vector<Halide::Expr> batch_of(const ir::Type& type, const std::vector<Halide::Var>& args) {
  std::vector<Halide::Expr> at;
  for (int d = 2; d < type.rank(); ++d)
    at.push_back(type.shape[type.rank() - 1 - d] == 1 ? Halide::Expr(0) : Halide::Expr(args[d]));
  return at;
}

inline std::vector<Halide::Expr> join(std::vector<Halide::Expr> first,
                                      const std::vector<Halide::Expr>& rest) {
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

struct ProductPlan {
  int64_t m, n, k, batches;
  bool packed;             ///< b has the packed layout: made at compile time or, in scratch, at run time
  bool weights_outermost;  ///< tiles of columns are the outer loop: b does not fit in a cache
  ir::Type packed_type;
  Space space;
  Tile tile;
  Sums sums;
  int64_t effort;  ///< in multiply-accumulates of a tile in registers
};
ProductPlan plan_product(const ir::MatMul&, const Anchor&);

/// Loops over tiles of columns n and rows m of `out`, with the sums `acc` of a tile in registers. Loops
/// around these two keep their order.
struct ProductAxes {
  Halide::Var n, m;
};
struct ProductLoops {
  Halide::Var columns{"nt"}, rows{"mt"};
};
enum class Outer : uint8_t { rows, columns };
ProductLoops tile_product(Halide::Func out, Halide::Func acc, const ProductPlan&, const ProductAxes&, Outer);
/// The sums of a tile in registers, one product after the other.
void hold_in_registers(Halide::Func acc, const ProductPlan&);

}  // namespace halite::schedules
