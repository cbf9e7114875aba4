// Transpose.
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Expr;
using Halide::Func;

Func algorithm(const ir::Transpose& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  std::vector<Expr> index(rank);
  for (int i = 0; i < rank; i++) index[flip(static_cast<int>(op.perm[i]), rank)] = vars[flip(i, rank)];
  Func f("transpose");
  f(vars) = inputs[0](index);
  return f;
}

void schedule(const ir::Transpose&, const Anchor& anchor, Stages& stages) { schedule_pointwise(anchor, stages); }

}  // namespace halite::schedules
