// Index of the extreme element along one axis.
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;

Func algorithm(const ir::ArgReduce& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  const int axis = flip(static_cast<int>(op.axis), rank);
  const int n = extent(anchor.inputs[0], axis);
  const RDom r(0, n, "r");
  std::vector<Expr> first(vars.begin(), vars.end()), at = first;
  const bool last_wins = op.select_last;
  first[axis] = 0;
  at[axis] = r;
  Func best("best");
  best(vars) = Halide::Tuple(inputs[0](first), Expr(0));
  const Expr x = inputs[0](at), leader = best(vars)[0];
  const bool is_max = op.kind == ir::ArgReduce::Kind::max;
  const Expr wins = is_max ? (last_wins ? x >= leader : x > leader) : (last_wins ? x <= leader : x < leader);
  best(vars) = Halide::Tuple(Halide::select(wins, x, leader), Halide::select(wins, Expr(r), best(vars)[1]));
  Func f("arg_reduce");
  f(vars) = Halide::cast<int64_t>(best(vars)[1]);
  stages.parts.push_back(best);
  return f;
}

void schedule(const ir::ArgReduce&, const Anchor&, Stages& stages) {
  if (stages.output.dimensions() == 0) return;
  stages.parts[0].compute_at(stages.output, stages.output.args()[0]);
}

}  // namespace halite::schedules
