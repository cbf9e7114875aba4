// Pooling, channel last.
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

Func algorithm(const ir::Pool2d& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  const auto v = axes(4);
  const Var c = v[0], x = v[1], y = v[2], b = v[3];
  const auto int_of = [](int64_t i) { return static_cast<int>(i); };
  const int w = extent(anchor.inputs[0], 1), h = extent(anchor.inputs[0], 2);
  const RDom r(0, int_of(op.kernel[1]), 0, int_of(op.kernel[0]), "r");
  const Expr ix = x * int_of(op.stride[1]) + r.x * int_of(op.dilation[1]) - int_of(op.pad[1]);
  const Expr iy = y * int_of(op.stride[0]) + r.y * int_of(op.dilation[0]) - int_of(op.pad[0]);
  const Expr inside = ix >= 0 && ix < w && iy >= 0 && iy < h;
  const Expr value = inputs[0](c, Halide::clamp(ix, 0, w - 1), Halide::clamp(iy, 0, h - 1), b);
  const Halide::Type type = value.type();
  const bool is_max = op.kind == ir::Pool2d::Kind::max;
  const Expr lowest = type.is_float() ? Halide::Internal::make_const(type, -INFINITY) : type.min();
  Func window("window"), f("pool2d");
  window(c, x, y, b) = is_max ? lowest : Halide::Internal::make_zero(type);
  if (is_max) {
    window(c, x, y, b) = Halide::max(window(c, x, y, b), Halide::select(inside, value, lowest));
    f(c, x, y, b) = window(c, x, y, b);
  } else {
    window(c, x, y, b) += Halide::select(inside, value, Halide::Internal::make_zero(type));
    Func count("count");
    const int right = w + int_of(op.pad[3] - op.excess[1]), bottom = h + int_of(op.pad[2] - op.excess[0]);
    const Expr counted = op.count_include_pad ? ix < right && iy < bottom : inside;
    count(x, y) = 0;
    count(x, y) += Halide::cast<int>(counted);
    f(c, x, y, b) = window(c, x, y, b) / Halide::cast(type, count(x, y));
    stages.parts.push_back(count);
  }
  stages.parts.push_back(window);
  return f;
}

void schedule(const ir::Pool2d&, const Anchor&, Stages& stages) {
  for (auto& part : stages.parts) part.compute_at(stages.output, stages.output.args()[0]);
}

}  // namespace halite::schedules
