// What the matrix products of reals and of integers share: where the matrices of a batch lie.
#pragma once

#include <Halide.h>

#include <vector>

#include "ir/type.h"

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

}  // namespace halite::schedules
