// Transpose. Where the innermost axis stays innermost it is a copy of rows, and the pointwise schedule does.
// Otherwise the input runs along another axis `k` of the output: tiles of both axes are read along k and
// written along the innermost axis, so that every cache line is used up while it is at hand, and the shuffle
// happens in registers. A few channels that become innermost (images) are read as planes instead, and written
// between each other.
#include <algorithm>

#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

constexpr int kTile = 8;  ///< 8 rows of 8 words fit the registers of every vector machine
constexpr int kFewChannels = 4;

/// Vectors along axis k of the output, one for each element of its innermost axis.
void interleave_planes(const Anchor& anchor, Stages& stages, int k, int width) {
  Func output = stages.output;
  const auto vars = output.args();
  const Var block("block"), i("i");
  output.split(vars[k], block, i, width, tail(anchor)).bound(vars[0], 0, extent(anchor.output, 0));
  std::vector<Halide::VarOrRVar> loops{i, vars[0], block};
  std::vector<Loop> order{{block, (extent(anchor.output, k) + width - 1) / width}};
  for (int d = 1; d < anchor.output.rank(); d++) {
    if (d == k) continue;
    loops.push_back(vars[d]);
    order.push_back({vars[d], extent(anchor.output, d)});
  }
  output.reorder(loops).vectorize(i).unroll(vars[0]);
  parallelise(output, order, width * extent(anchor.output, 0), anchor.facts);
}

}  // namespace

Func algorithm(const ir::Transpose& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  std::vector<Expr> index(rank);
  for (int i = 0; i < rank; i++) index[flip(static_cast<int>(op.perm[i]), rank)] = vars[flip(i, rank)];
  Func f("transpose");
  f(vars) = inputs[0](index);
  return f;
}

void schedule(const ir::Transpose& op, const Anchor& anchor, Stages& stages) {
  const int rank = anchor.output.rank();
  int k = 0;
  for (int i = 0; i < rank; i++) {
    if (flip(static_cast<int>(op.perm[i]), rank) == 0) k = flip(i, rank);
  }
  const int natural = lanes(anchor.facts, anchor.output.dtype);
  if (rank < 2 || k == 0 || natural == 1 || anchor.output.elements() == 0)
    return schedule_pointwise(anchor, stages);
  const int along = extent(anchor.output, 0), across = extent(anchor.output, k);
  if (const int width = fitting_tile(anchor, natural, across); along <= kFewChannels && width == natural)
    return interleave_planes(anchor, stages, k, width);
  Func output = stages.output;
  const auto vars = output.args();
  const int inner = fitting_tile(anchor, kTile, along), outer = fitting_tile(anchor, kTile, across);
  if (inner * outer < 4) return schedule_pointwise(anchor, stages);
  const Var column("column"), row("row"), i("i"), j("j");
  output.split(vars[0], column, i, inner, tail(anchor)).split(vars[k], row, j, outer, tail(anchor));
  std::vector<Halide::VarOrRVar> loops{i, j, column, row};
  std::vector<Loop> order{{column, (along + inner - 1) / inner}, {row, (across + outer - 1) / outer}};
  for (int d = 1; d < rank; d++) {
    if (d == k) continue;
    loops.push_back(vars[d]);
    order.push_back({vars[d], extent(anchor.output, d)});
  }
  output.reorder(loops);
  if (inner > 1) output.vectorize(i);
  output.unroll(j);
  Func tile = stages.inputs[0].in(stages.anchor);
  tile.compute_at(output, column).store_in(Halide::MemoryType::Stack);
  const auto in = tile.args();
  if (outer > 1) tile.vectorize(in[0], outer, Halide::TailStrategy::RoundUp);
  // The axis of the input that the output's innermost one comes from.
  tile.unroll(in[flip(static_cast<int>(op.perm[rank - 1]), rank)]);
  parallelise(output, order, inner * outer, anchor.facts);
}

}  // namespace halite::schedules
