// Index of the extreme element along one axis. Vectors run across independent results (along the innermost
// axis that is kept and long enough), each lane with its own leader and index; a lone row is searched by
// scalar code.
#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

Func algorithm(const ir::ArgReduce& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  const int axis = flip(static_cast<int>(op.axis), rank);
  const RDom r(1, std::max(0, extent(anchor.inputs[0], axis) - 1), "r");
  const std::vector<Expr> here(vars.begin(), vars.end());
  std::vector<Expr> first = here, at = here;
  first[axis] = 0;
  at[axis] = r;
  Func best("best");
  best(vars) = Halide::Tuple(inputs[0](first), Expr(0));
  const Expr x = inputs[0](at), leader = Halide::FuncRef(best(vars))[0],
             index = Halide::FuncRef(best(vars))[1];
  const bool is_max = op.kind == ir::ArgReduce::Kind::max;
  const Expr wins =
      is_max ? (op.select_last ? x >= leader : x > leader) : (op.select_last ? x <= leader : x < leader);
  best(vars) = Halide::Tuple(Halide::select(wins, x, leader), Halide::select(wins, Expr(r), index));
  Func f("arg_reduce");
  f(vars) = Halide::cast<int64_t>(Halide::FuncRef(best(vars))[1]);
  stages.parts.push_back(best);
  return f;
}

void schedule(const ir::ArgReduce&, const Anchor& anchor, Stages& stages) {
  Func output = stages.output, best = stages.parts[0];
  const int rank = output.dimensions();
  std::vector<Loop> order;
  int vector_axis = 0;
  for (int d = 0; d < rank; d++) order.push_back({output.args()[d], extent(anchor.output, d)});
  while (vector_axis + 1 < rank && order[vector_axis].extent == 1) vector_axis++;
  std::swap(order[0], order[vector_axis]);
  const int width = fitting_lanes(std::max(1, anchor.facts.vector_bits / 32), order[0].extent);
  const Var chunk("chunk"), lane("lane");
  if (width > 1) {
    const Var along = order[0].var;
    output.split(along, chunk, lane, width, tail(anchor)).vectorize(lane);
    order[0] = {chunk, (order[0].extent + width - 1) / width};
    std::vector<Halide::VarOrRVar> loops{lane};
    for (const auto& loop : order) loops.push_back(loop.var);
    output.reorder(loops);
    best.compute_at(output, chunk).store_in(Halide::MemoryType::Stack);
    const Var d = best.args()[vector_axis];
    best.vectorize(d, width, Halide::TailStrategy::RoundUp);
    best.update(0).vectorize(d, width, Halide::TailStrategy::RoundUp);
  } else {
    best.compute_at(output, output.args()[0]).store_in(Halide::MemoryType::Stack);
  }
  parallelise(
      output, order,
      static_cast<double>(anchor.inputs[0].elements() / std::max<int64_t>(1, anchor.output.elements())),
      anchor.facts);
}

}  // namespace halite::schedules
