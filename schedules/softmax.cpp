// Softmax and its logarithm along one axis, in one kernel: the largest element, the sum of exponentials, the
// quotients. Along the innermost axis, vectors run along a row (lanes.h) and a short row's exponentials are
// kept on the stack; longer rows compute them twice, which costs less than a round trip through memory. Along
// another axis, or where rows are shorter than a vector, vectors run across independent rows.
#include <algorithm>

#include "schedules/lanes.h"
#include "schedules/math.h"
#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

constexpr int64_t kRowBytes = 8192;  ///< longest row of exponentials that is kept
constexpr double kElementCycles = 4;

int64_t row_limit(const targets::Facts& facts) {
  const int64_t stack = facts.max_stack_bytes > 0 ? facts.max_stack_bytes : 64 << 10;
  return std::min(kRowBytes, stack / 4);
}

/// Whether vectors run along the axis itself.
bool runs_along(int axis, int n, int lanes) { return axis == 0 && n >= lanes && lanes > 1; }

/// With a table. Sums are made in the order of the axis, so vectors run across rows alone.
Func algorithm_of_table(const ir::Softmax& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  using Halide::cast;
  const int rank = anchor.output.rank(), axis = flip(static_cast<int>(op.axis), rank);
  const auto vars = axes(rank);
  std::vector<Var> others(vars);
  others.erase(others.begin() + axis);
  const std::vector<Expr> here(vars.begin(), vars.end()), row(others.begin(), others.end());
  const Halide::RDom r(0, extent(anchor.inputs[0], axis), "r");
  std::vector<Expr> along = here;
  along[axis] = r;
  const auto entry = [&](const Expr& x, const Expr& largest) {
    return inputs[1](Halide::clamp(255 + cast<int32_t>(x) - largest, 0, 255));
  };
  Func largest("largest"), total("total"), inverse("inverse"), f("softmax");
  largest(others) = cast<int32_t>(halide_type(anchor.inputs[0].dtype).min());
  largest(others) = Halide::max(largest(row), cast<int32_t>(inputs[0](along)));
  total(others) = 0.0f;
  total(others) = Halide::strict_float(total(row) + entry(inputs[0](along), largest(row)));
  inverse(others) = Halide::strict_float(1.0f / (total(row) * static_cast<float>(op.scale)));
  f(vars) = Halide::strict_float(entry(inputs[0](here), largest(row)) * inverse(row));
  stages.parts = {largest, total, inverse};
  return f;
}

}  // namespace

Func algorithm(const ir::Softmax& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  if (inputs.size() > 1) return algorithm_of_table(op, anchor, stages, inputs);
  const int rank = anchor.output.rank(), axis = flip(static_cast<int>(op.axis), rank);
  const int n = extent(anchor.inputs[0], axis), natural = lanes(anchor.facts, ir::DType::f32);
  const int width = runs_along(axis, n, natural) ? natural : 1;
  const auto vars = axes(rank);
  std::vector<Var> others(vars);
  others.erase(others.begin() + axis);
  const std::vector<Expr> here(vars.begin(), vars.end()), row(others.begin(), others.end());
  const auto at = [&](const Expr& i) {
    std::vector<Expr> index = here;
    index[axis] = i;
    return index;
  };
  const Monoid maximum{Halide::Float(32).min(), [](Expr a, Expr b) { return Halide::max(a, b); }};
  const Monoid sum{0.0f, [](Expr a, Expr b) { return a + b; }};
  auto largest = reduce_along_lanes("largest", others, maximum, n, width, {},
                                    [&](Expr i, std::vector<Expr>) { return inputs[0](at(i)); });
  Func power("power");
  power(vars) = math::exp(inputs[0](here) - largest.total(row));
  auto total = reduce_along_lanes("total", others, sum, n, width, {},
                                  [&](Expr i, std::vector<Expr>) { return power(at(i)); });
  Func scale("scale"), f("softmax");
  scale(others) = op.log ? math::log(total.total(row)) : 1.0f / total.total(row);
  f(vars) = op.log ? inputs[0](here) - largest.total(row) - scale(row) : power(here) * scale(row);
  stages.parts = {largest.total, total.total, scale, power};
  if (largest.width > 1) stages.parts.insert(stages.parts.end(), {largest.partial, total.partial});
  return f;
}

void schedule(const ir::Softmax& op, const Anchor& anchor, Stages& stages) {
  Func output = stages.output;
  auto& parts = stages.parts;
  const int rank = output.dimensions(), axis = flip(static_cast<int>(op.axis), rank);
  const int n = extent(anchor.output, axis), natural = lanes(anchor.facts, ir::DType::f32);
  if (anchor.output.elements() == 0) return;
  std::vector<Loop> order;
  for (int d = 0; d < rank; d++) order.push_back({output.args()[d], extent(anchor.output, d)});
  const Loop along = order[axis];
  const Var chunk("chunk"), lane("lane"), once("once");
  const auto stack = Halide::MemoryType::Stack;
  if (anchor.inputs.size() == 1 && runs_along(axis, n, natural)) {
    // An outermost loop of one iteration gives a lone row its place to compute at.
    Var in_row("in_row");
    output.split(along.var, once, in_row, n)
        .split(in_row, chunk, lane, natural, tail(anchor))
        .vectorize(lane);
    LaneReduction largest{parts[4], parts[0], natural * 2}, total{parts[5], parts[1], natural * 2};
    schedule_lanes(largest, output, once, natural);
    schedule_lanes(total, output, once, natural);
    parts[2].compute_at(output, once).store_in(stack);
    if (!op.log && int64_t{n} * 4 <= row_limit(anchor.facts) && anchor.optimize == Optimize::speed) {
      parts[3].compute_at(output, once).store_in(stack);
      parts[3].vectorize(parts[3].args()[0], natural, Halide::TailStrategy::ShiftInwards);
    }
    order[0] = {once, 1};
    return parallelise(output, order, kElementCycles * n / natural, anchor.facts);
  }
  // Across rows: along the innermost axis that is not reduced.
  order.erase(order.begin() + axis);
  int width = 1;
  if (!order.empty()) {
    width = fitting_lanes(natural, order[0].extent);
    output.split(order[0].var, chunk, lane, width, tail(anchor));
    if (width > 1) output.vectorize(lane);
    order[0] = {chunk, (order[0].extent + width - 1) / width};
  } else {
    output.split(along.var, once, along.var, n);
    order.push_back({once, 1});
  }
  std::vector<Halide::VarOrRVar> loops;
  if (chunk.name() == order[0].var.name()) loops.push_back(lane);
  loops.push_back(along.var);
  for (const auto& loop : order) loops.push_back(loop.var);
  output.reorder(loops);
  for (int i : {0, 1, 2}) {
    Func part = parts[i];
    part.compute_at(output, order[0].var).store_in(stack);
    if (width == 1) continue;
    const Var across = part.args()[0];
    part.vectorize(across, width, Halide::TailStrategy::RoundUp);
    for (int u = 0; u < part.num_update_definitions(); u++) {
      part.update(u)
          .reorder(across, part.rvars(u)[0])
          .vectorize(across, width, Halide::TailStrategy::RoundUp);
    }
  }
  parallelise(output, order, kElementCycles * n, anchor.facts);
}

}  // namespace halite::schedules
