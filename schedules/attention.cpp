// Attention. Funcs are indexed by n, m, then the batch axes (heads) from the innermost outwards. For each
// block of rows m of the output the scores [rows, keys] are computed in register tiles, then their softmax,
// then its product with v, again in register tiles. Both blocks lie on the stack; k and v are read once a
// block.
#include "schedules/attention.h"

#include <algorithm>

#include "schedules/group.h"
#include "schedules/matmul.h"
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using namespace Halide;

constexpr int kScores = 0, kSoftmax = 1;  ///< places in `inner`

/// The anchor as if it had that many rows, in a task of its own: on one core, with storage of its own.
Anchor with_rows(const Anchor& a, int64_t rows, const targets::Facts& one_core, bool in_place) {
  Anchor block{.inputs = a.inputs,
               .constant = a.constant,
               .output = a.output,
               .facts = one_core,
               .optimize = a.optimize,
               .in_place = in_place};
  for (ir::Type* type : {&block.inputs[0], &block.output}) type->shape[type->shape.size() - 2] = rows;
  return block;
}

struct Plan {
  int64_t rows = 0;
  ProductPlan scores, values;
};

/// Rows of a block: as many as fit, or somewhat fewer where register tiles and blocks then cover the rows
/// better. In place no row may be computed twice.
Plan plan_blocks(const ir::MatMul& op, const Anchor& a, const Inner& scores, const targets::Facts& one_core) {
  const auto& shape = a.output.shape;
  const int64_t m = shape[shape.size() - 2];
  const int64_t most = attention_rows(a.facts, m, scores.anchor.output.shape.back());
  Plan best;
  double least = 0;
  for (int64_t rows = most; rows >= 1; --rows) {
    if (a.in_place ? m % rows != 0 : best.rows > 0 && rows < most / 2) continue;
    const Plan p{
        rows, plan_product(std::get<ir::MatMul>(scores.op), with_rows(scores.anchor, rows, one_core, false)),
        plan_product(op, with_rows(a, rows, one_core, a.in_place))};
    const double cycles =
        static_cast<double>(ceil_div(m, rows)) * (p.scores.tile.cycles + p.values.tile.cycles);
    if (best.rows == 0 || cycles < least) best = p, least = cycles;
  }
  HALITE_CHECK(best.rows > 0, "attention over more keys than a kernel's stack can hold");
  return best;
}

/// Keeps a block of rows of `func` on the stack.
void keep_block(Func func, Func out, const Var& block, int64_t rows) {
  func.compute_at(out, block).store_in(MemoryType::Stack);
  func.bound_extent(func.args()[1], static_cast<int>(rows));
}

}  // namespace

void schedule_attention(const ir::MatMul& op, const Anchor& a, Stages& stages, std::vector<Inner>& inner) {
  targets::Facts one_core = a.facts;
  one_core.cores = 1;
  const Plan p = plan_blocks(op, a, inner[kScores], one_core);
  Func out = stages.output, scores = inner[kScores].stages.output, softmax = inner[kSoftmax].stages.output;
  const auto args = out.args();
  const int rank = a.output.rank();
  for (int d = 0; d < rank; ++d) out.bound(args[d], 0, extent(a.output, d));

  // The schedule.
  Var block("block"), row("row");
  out.split(args[1], block, row, static_cast<int>(p.rows), TailStrategy::ShiftInwards);
  const ProductLoops loops = tile_product(out, stages.parts[0], p.values, {args[0], row}, Outer::columns);
  out.reorder({loops.rows, loops.columns, block});
  int outermost = rank - 1;
  while (outermost > 1 && extent(a.output, outermost) == 1) --outermost;
  if (worth_parallel(a.facts,
                     ceil_div(a.output.shape[rank - 2], p.rows) * (p.scores.effort + p.values.effort)))
    out.parallel(outermost > 1 ? args[outermost] : block);

  keep_block(scores, out, block, p.rows);
  const auto key = scores.args();
  scores.bound_extent(key[0], static_cast<int>(p.scores.n));
  tile_product(scores, inner[kScores].stages.parts[0], p.scores, {key[0], key[1]}, Outer::columns);

  keep_block(softmax, out, block, p.rows);
  schedule(std::get<ir::Softmax>(inner[kSoftmax].op),
           with_rows(inner[kSoftmax].anchor, p.rows, one_core, false), inner[kSoftmax].stages);
}

}  // namespace halite::schedules
