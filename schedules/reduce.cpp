// Reductions along axes that stay with extent 1.
#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;

bool is_reduced(const ir::Reduce& op, int d, int rank) {
  return std::find(op.axes.begin(), op.axes.end(), flip(d, rank)) != op.axes.end();
}

Expr neutral(ir::Reduce::Kind kind, Halide::Type type) {
  using Kind = ir::Reduce::Kind;
  switch (kind) {
    case Kind::sum:
    case Kind::mean: return Halide::Internal::make_zero(type);
    case Kind::prod: return Halide::Internal::make_one(type);
    case Kind::max: return type.is_float() ? Halide::Internal::make_const(type, -INFINITY) : type.min();
    case Kind::min: return type.is_float() ? Halide::Internal::make_const(type, INFINITY) : type.max();
  }
  return {};
}

}  // namespace

Func algorithm(const ir::Reduce& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  using Kind = ir::Reduce::Kind;
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  const Halide::Type type = halide_type(anchor.output.dtype);
  // f16 is accumulated in f32.
  const Halide::Type sum_type = type.is_float() && type.bits() == 16 ? Halide::Float(32) : type;
  Halide::Region box;
  double count = 1;
  for (int d = 0; d < rank; d++) {
    if (!is_reduced(op, d, rank)) continue;
    box.emplace_back(0, extent(anchor.inputs[0], d));
    count *= extent(anchor.inputs[0], d);
  }
  Func f("reduce"), total("total");
  std::vector<Expr> index(vars.begin(), vars.end());
  if (box.empty()) {
    f(vars) = inputs[0](index);
    return f;
  }
  const RDom r(box, "r");
  for (int d = 0, next = 0; d < rank; d++) {
    if (is_reduced(op, d, rank)) index[d] = r[next++];
  }
  const Expr x = Halide::cast(sum_type, inputs[0](index));
  total(vars) = neutral(op.kind, sum_type);
  switch (op.kind) {
    case Kind::sum:
    case Kind::mean: total(vars) += x; break;
    case Kind::prod: total(vars) *= x; break;
    case Kind::max: total(vars) = Halide::max(total(vars), x); break;
    case Kind::min: total(vars) = Halide::min(total(vars), x); break;
  }
  Expr value = total(vars);
  if (op.kind == Kind::mean) value = value / Halide::Internal::make_const(sum_type, count);
  f(vars) = Halide::cast(type, value);
  stages.parts.push_back(total);
  return f;
}

void schedule(const ir::Reduce&, const Anchor& anchor, Stages& stages) {
  if (stages.output.dimensions() == 0) {
    if (!stages.parts.empty()) stages.parts[0].compute_root();
    return;
  }
  if (!stages.parts.empty()) stages.parts[0].compute_at(stages.output, stages.output.args()[0]);
}

}  // namespace halite::schedules
