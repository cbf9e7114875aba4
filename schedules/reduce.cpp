// Reductions along axes that stay with extent 1. Either the innermost axis is kept, and vectors run across
// independent results, or it is reduced, and every lane of a vector reduces its share (lanes.h). Axes are
// merged before (collapse.h), so reduced and kept axes alternate. f16 is accumulated in f32, the mean of
// integers in 64 bits.
#include <algorithm>
#include <cmath>

#include "schedules/lanes.h"
#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;
using Kind = ir::Reduce::Kind;

constexpr int kTileVectors = 4;  ///< results side by side when vectors run across them

bool is_reduced(const ir::Reduce& op, int d, int rank) {
  return std::find(op.axes.begin(), op.axes.end(), flip(d, rank)) != op.axes.end();
}

Monoid monoid(Kind kind, Halide::Type type) {
  const double infinity = HUGE_VAL;
  switch (kind) {
    case Kind::sum:
    case Kind::mean:
      return {Halide::Internal::make_zero(type), [](Expr a, Expr b) { return a + b; }};
    case Kind::prod:
      return {Halide::Internal::make_one(type), [](Expr a, Expr b) { return a * b; }};
    case Kind::max:
      return {type.is_float() ? Halide::Internal::make_const(type, -infinity) : type.min(),
              [](Expr a, Expr b) { return Halide::max(a, b); }};
    case Kind::min:
      return {type.is_float() ? Halide::Internal::make_const(type, infinity) : type.max(),
              [](Expr a, Expr b) { return Halide::min(a, b); }};
  }
  return {};
}

Halide::Type accumulator(Kind kind, Halide::Type type) {
  if (type.is_float()) return type.bits() == 16 ? Halide::Float(32) : type;
  return kind == Kind::mean ? type.with_bits(64) : type;
}

Expr mean_of(const Expr& sum, int64_t count) {
  if (sum.type().is_float())
    return sum / Halide::Internal::make_const(sum.type(), static_cast<double>(count));
  if (count == 0) return sum;
  const Expr n = Halide::Internal::make_const(sum.type(), count);
  return sum.type().is_uint() ? sum / n : Halide::select(sum < 0, -(-sum / n), sum / n);
}

}  // namespace

Func algorithm(const ir::Reduce& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  const Halide::Type type = halide_type(anchor.output.dtype), sum_type = accumulator(op.kind, type);
  Func f("reduce");
  std::vector<Expr> index(vars.begin(), vars.end());
  if (op.axes.empty()) {
    f(vars) = inputs[0](index);
    return f;
  }
  std::vector<int> reduced;
  int64_t count = 1;
  for (int d = 0; d < rank; d++) {
    if (!is_reduced(op, d, rank)) continue;
    reduced.push_back(d);
    count *= extent(anchor.inputs[0], d);
  }
  // The first reduced axis is `i`; the others follow.
  Halide::Region others;
  for (size_t k = 1; k < reduced.size(); k++) others.emplace_back(0, extent(anchor.inputs[0], reduced[k]));
  const auto read = [&](Expr i, std::vector<Expr> rest) {
    std::vector<Expr> at = index;
    at[reduced[0]] = i;
    for (size_t k = 0; k < rest.size(); k++) at[reduced[k + 1]] = rest[k];
    return Halide::cast(sum_type, inputs[0](at));
  };
  const int width = reduced[0] == 0 ? lanes(anchor.facts, anchor.inputs[0].dtype) : 1;
  const int n = extent(anchor.inputs[0], reduced[0]);
  LaneReduction r = reduce_along_lanes("total", vars, monoid(op.kind, sum_type), n,
                                       sum_type.bits() > 32 ? 1 : width, others, read);
  const Expr total = r.total(index);
  f(vars) = Halide::cast(type, op.kind == Kind::mean ? mean_of(total, count) : total);
  stages.parts = {r.total};
  if (r.width > 1) stages.parts.push_back(r.partial);
  return f;
}

void schedule(const ir::Reduce& op, const Anchor& anchor, Stages& stages) {
  const int rank = stages.output.dimensions();
  if (stages.parts.empty() || rank == 0 || anchor.output.elements() == 0) {
    for (auto& part : stages.parts) part.compute_root().store_in(Halide::MemoryType::Stack);
    return schedule_pointwise(anchor, stages);
  }
  Func output = stages.output, total = stages.parts[0];
  const auto vars = output.args();
  std::vector<Loop> order;
  for (int d = 0; d < rank; d++) order.push_back({vars[d], extent(anchor.output, d)});
  const double work = static_cast<double>(anchor.inputs[0].elements()) /
                      static_cast<double>(std::max<int64_t>(1, anchor.output.elements()));
  const int natural = lanes(anchor.facts, anchor.inputs[0].dtype);
  if (is_reduced(op, 0, rank)) {
    LaneReduction r{.partial = stages.parts.size() > 1 ? stages.parts[1] : Func(),
                    .total = total,
                    .width = stages.parts.size() > 1 ? 2 : 1};
    schedule_lanes(r, output, vars[0], natural);
    return parallelise(output, order, work / natural, anchor.facts);
  }
  // Vectors across the kept innermost axis; a few of them share the loop over the reduced axes.
  const int width = fitting_tile(anchor, natural, order[0].extent);
  const int tile = width * fitting_tile(anchor, kTileVectors, order[0].extent / width);
  const Var chunk("chunk"), lane("lane"), vector("vector");
  if (tile > 1) {
    output.split(vars[0], chunk, vector, tile, tail(anchor))
        .split(vector, vector, lane, width)
        .vectorize(lane);
    if (anchor.optimize == Optimize::speed) output.unroll(vector);
    order[0] = {chunk, (order[0].extent + tile - 1) / tile};
  }
  total.compute_at(output, order[0].var).store_in(Halide::MemoryType::Stack);
  if (tile > 1) {
    const Var d = total.args()[0];
    total.split(d, vector, lane, width, Halide::TailStrategy::RoundUp).vectorize(lane).unroll(vector);
    Halide::Stage update = total.update(0);
    update.split(d, vector, lane, width, Halide::TailStrategy::RoundUp);
    std::vector<Halide::VarOrRVar> loops{lane, vector};
    for (const auto& rvar : total.rvars(0)) loops.push_back(rvar);
    for (int i = 1; i < rank; i++) loops.push_back(total.args()[i]);
    update.reorder(loops).vectorize(lane).unroll(vector);
  }
  parallelise(output, order, work * tile / width, anchor.facts);
}

}  // namespace halite::schedules
