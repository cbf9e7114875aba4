// Rows lie along axis 0. What is computed from whole rows (centred elements, squares) is inlined wherever it
// is read: the row itself is in the first cache, and a few operations cost less than a place for their
// results.
#include "schedules/rows.h"

#include "schedules/lanes.h"
#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Func;
using Halide::Var;

void schedule_rows(const Anchor& anchor, const ir::Type& output, Stages& stages,
                   const std::vector<std::vector<Func>>& reductions, const std::vector<Func>& per_row) {
  if (output.elements() == 0) return;
  Func out = stages.output;
  std::vector<Loop> order;
  for (int d = 0; d < output.rank(); d++) order.push_back({out.args()[d], extent(output, d)});
  const int natural = lanes(anchor.facts, output.dtype), n = extent(output, 0);
  const int width = fitting_lanes(natural, n);

  // The schedule.
  const Var row("row"), in_row("in_row"), chunk("chunk"), lane("lane");
  // An outermost loop of one iteration gives a lone row its place to compute at.
  out.split(order[0].var, row, in_row, n);
  if (width > 1) out.split(in_row, chunk, lane, width, tail(anchor)).vectorize(lane);
  for (const auto& parts : reductions) {
    LaneReduction r{.partial = parts.size() > 1 ? parts[1] : Func(),
                    .total = parts[0],
                    .width = parts.size() > 1 ? natural : 1};
    schedule_lanes(r, out, row, natural);
  }
  for (Func value : per_row) value.compute_at(out, row).store_in(Halide::MemoryType::Stack);
  order[0] = {row, 1};
  const auto passes = static_cast<double>(reductions.size() + 1);
  parallelise(out, order, passes * n / natural, anchor.facts);
}

}  // namespace halite::schedules
