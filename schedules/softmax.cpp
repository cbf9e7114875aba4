// Softmax and its logarithm along one axis.
#include "schedules/math.h"
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;

Func algorithm(const ir::Softmax& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  const int axis = flip(static_cast<int>(op.axis), rank);
  const RDom r(0, extent(anchor.inputs[0], axis), "r");
  std::vector<Expr> here(vars.begin(), vars.end()), at = here, stored = here;
  at[axis] = r;
  stored.erase(stored.begin() + axis);
  std::vector<Halide::Var> others(vars);
  others.erase(others.begin() + axis);
  Func largest("largest"), total("total"), f("softmax");
  largest(others) = Halide::Float(32).min();
  largest(others) = Halide::max(largest(others), inputs[0](at));
  total(others) = 0.0f;
  total(others) += math::exp(inputs[0](at) - largest(stored));
  const Expr shifted = inputs[0](here) - largest(stored);
  f(vars) = op.log ? shifted - math::log(total(stored)) : math::exp(shifted) / total(stored);
  stages.parts = {largest, total};
  return f;
}

void schedule(const ir::Softmax&, const Anchor&, Stages& stages) {
  for (auto& part : stages.parts) {
    if (stages.output.dimensions() < 1) continue;
    part.compute_at(stages.output, stages.output.args()[0]);
  }
}

}  // namespace halite::schedules
