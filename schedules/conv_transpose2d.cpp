// conv_transpose2d as ordinary convolutions, one for each phase of the output. Funcs are indexed by c, x, y,
// b.
//
// An output column ox meets the taps kx with (ox + pad.left - kx*dilation.x) divisible by stride.x. With q =
// ox + pad.left, phase px = q % stride and column qx = q / stride, these are the taps of one residue, and tap
// number j reads input column (q - kx*dilation)/stride. "phases": weights are packed as [phase y][phase
// x][oc/tile][jy][jx][ic][tile], zeros where a phase has fewer taps than others. Taps of a phase step by
// stride/gcd(stride, dilation); each step moves dilation/gcd columns in the input.
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "ir/base/check.h"
#include "schedules/operators.h"
#include "schedules/register_tile.h"

namespace halite::schedules {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

/// One axis: which taps a phase has and which input they read.
struct Axis {
  int64_t stride, dilation, kernel, pad, in, out;
  int64_t step() const { return stride / std::gcd(stride, dilation); }    ///< between taps of a phase
  int64_t move() const { return dilation / std::gcd(stride, dilation); }  ///< in the input, per tap
  int64_t taps() const { return ceil_div(kernel, step()); }               ///< of the phase that has most
  /// The first tap of a phase; nothing where the phase has none.
  std::optional<int64_t> first(int64_t phase) const {
    for (int64_t k = 0; k < std::min(step(), kernel); ++k)
      if ((phase - k * dilation) % stride == 0) return k;
    return std::nullopt;
  }
  /// Input column that tap 0 of a phase reads for q/stride == 0.
  int64_t shift(int64_t phase) const {
    return first(phase) ? (phase - *first(phase) * dilation) / stride : 0;
  }
};

struct Plan {
  int64_t n, ic, oc, icg, ocg;
  Axis x, y;
  Space space;
  Tile tile;
  ir::Type packed;
  int64_t macs;
};

Plan make_plan(const ir::ConvTranspose2d& op, const Anchor& a) {
  const auto &in = a.inputs[0].shape, &w = a.inputs[1].shape, &out = a.output.shape;
  Plan p{};
  p.n = in[0], p.ic = in[3], p.oc = w[0], p.icg = w[3], p.ocg = p.oc / op.groups;
  p.y = {op.stride[0], op.dilation[0], w[1], op.pad[0], in[1], out[1]};
  p.x = {op.stride[1], op.dilation[1], w[2], op.pad[1], in[2], out[2]};
  p.space = {.channels = p.ocg,
             .x = ceil_div(p.x.out, p.x.stride),
             .y = 1,
             .steps = p.x.taps() * p.y.taps() * p.icg,
             .repeats = p.n * op.groups * p.y.out * p.x.stride,
             .rest = op.groups == 1 ? Rest::padded : Rest::none,
             .once = a.in_place,
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  const int64_t width = p.tile.channels();
  p.packed = {ir::DType::f32,
              {p.y.stride, p.x.stride, ceil_div(p.oc, width), p.y.taps(), p.x.taps(), p.icg, width},
              {}};
  p.macs = p.n * p.y.out * p.x.out * p.oc * p.y.taps() * p.x.taps() * p.icg;
  return p;
}

/// The input columns that all phases together read, first and last. All phases have as many columns, so those
/// of the last stride are read although some of them are not in the output.
std::pair<int64_t, int64_t> columns_read(const Axis& axis) {
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (int64_t o = 0; o < round_up(axis.out, axis.stride); ++o) {
    const int64_t q = o + axis.pad, phase = ((q % axis.stride) + axis.stride) % axis.stride;
    const int64_t at = (q - phase) / axis.stride + axis.shift(phase);
    low = std::min(low, at - (axis.taps() - 1) * axis.move());
    high = std::max(high, at);
  }
  return {low, high};
}

/// values[phase], as a chain of selects; a constant where all are equal.
Expr choose(const std::vector<int64_t>& values, const Expr& phase) {
  Expr result = e(values[0]);
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] != values[0]) result = select(phase == static_cast<int>(i), e(values[i]), result);
  return result;
}

Expr shift_of(const Axis& axis, const Expr& phase) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < axis.stride; ++i) values.push_back(axis.shift(i));
  return choose(values, phase);
}

/// First tap by phase; beyond the kernel where a phase has none.
Expr first_of(const Axis& axis, const Expr& phase) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < axis.stride; ++i) values.push_back(axis.first(i).value_or(axis.kernel));
  return choose(values, phase);
}

ir::Tensor pack_weights(const ir::Tensor& weights, const Plan& p) {
  auto packed = ir::Tensor::zeros(p.packed);
  const auto from = weights.data<float>();
  auto to = packed.mutable_data<float>();
  const int64_t width = p.tile.channels(), tiles = ceil_div(p.oc, width);
  for (int64_t py = 0; py < p.y.stride; ++py)
    for (int64_t px = 0; px < p.x.stride; ++px)
      for (int64_t o = 0; o < p.oc; ++o)
        for (int64_t jy = 0; jy < p.y.taps(); ++jy)
          for (int64_t jx = 0; jx < p.x.taps(); ++jx) {
            const int64_t ky = p.y.first(py).value_or(p.y.kernel) + jy * p.y.step();
            const int64_t kx = p.x.first(px).value_or(p.x.kernel) + jx * p.x.step();
            if (ky >= p.y.kernel || kx >= p.x.kernel) continue;
            const int64_t phase = py * p.x.stride + px, tap = jy * p.x.taps() + jx;
            const int64_t row = (phase * tiles + o / width) * p.y.taps() * p.x.taps() + tap;
            for (int64_t k = 0; k < p.icg; ++k)
              to[(row * p.icg + k) * width + o % width] =
                  from[((o * p.y.kernel + ky) * p.x.kernel + kx) * p.icg + k];
          }
  return packed;
}

constexpr int kAcc = 0, kInput = 1, kWeights = 2;

}  // namespace

std::vector<Strategy> strategies(const ir::ConvTranspose2d& op, const Anchor& a) {
  return {strategy_of("phases", make_plan(op, a).tile)};
}

std::vector<Packing> packing(const ir::ConvTranspose2d& op, const Anchor& a, const std::string&) {
  const Plan p = make_plan(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (a.constant[1]) {
    result[1].type = p.packed;
    result[1].apply = [p](const ir::Tensor& t) { return pack_weights(t, p); };
  }
  return result;
}

Func algorithm(const ir::ConvTranspose2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const Plan p = make_plan(op, a);
  const int width = p.tile.channels();
  Var c("c"), x("x"), y("y"), b("b"), phase("phase");

  // The input with zeros around it, from the first column and row that is read.
  const auto [left, right] = columns_read(p.x);
  const auto [top, bottom] = columns_read(p.y);
  Func input("padded");
  if (left < 0 || top < 0 || right >= p.x.in || bottom >= p.y.in) {
    Expr ix = x + e(left), iy = y + e(top);
    Expr inside = ix >= 0 && ix < e(p.x.in) && iy >= 0 && iy < e(p.y.in);
    input(c, x, y, b) =
        select(inside, in[0](c, clamp(ix, 0, e(p.x.in - 1)), clamp(iy, 0, e(p.y.in - 1)), b), 0.0f);
  } else {
    input(c, x, y, b) = in[0](c, x + e(left), y + e(top), b);
  }

  Func weights = in[1];
  if (!a.constant[1]) {
    weights = Func("packed");
    Var ci("ci"), k("k"), jx("jx"), jy("jy"), t("t"), px("px"), py("py");
    Expr kx = first_of(p.x, px) + jx * e(p.x.step()), ky = first_of(p.y, py) + jy * e(p.y.step());
    Expr value =
        in[1](k, min(kx, e(p.x.kernel - 1)), min(ky, e(p.y.kernel - 1)), min(t * width + ci, e(p.oc - 1)));
    weights(ci, k, jx, jy, t, px, py) = select(kx < e(p.x.kernel) && ky < e(p.y.kernel), value, 0.0f);
  }

  // The algorithm: x counts the columns of one phase.
  Func acc("acc");
  RDom r(0, e(p.icg), 0, e(p.x.taps()), 0, e(p.y.taps()), "r");
  Expr first = 0.0f;
  if (in.size() > 2) first = in[2](p.oc % width == 0 ? Expr(c) : min(c, e(p.oc - 1)));
  acc(c, x, phase, y, b) = first;
  Expr row = y + e(p.y.pad), phase_y = row % e(p.y.stride);
  Expr iy = row / e(p.y.stride) + shift_of(p.y, phase_y) - r.z * e(p.y.move()) - e(top);
  Expr ix = x + shift_of(p.x, phase) - r.y * e(p.x.move()) - e(left);
  Expr tile = c / width, from = r.x;
  if (op.groups > 1) from += tile / (e(p.ocg / width)) * e(p.icg);
  acc(c, x, phase, y, b) += weights(c % width, r.x, r.y, r.z, tile, phase, phase_y) * input(from, ix, iy, b);
  Func result("deconv");
  Expr column = x + e(p.x.pad);
  result(c, x, y, b) = acc(c, column / e(p.x.stride), column % e(p.x.stride), y, b);
  stages.parts = {acc, input, weights};
  return result;
}

void schedule(const ir::ConvTranspose2d& op, const Anchor& a, Stages& stages) {
  const Plan p = make_plan(op, a);
  Func out = stages.output, acc = stages.parts[kAcc], input = stages.parts[kInput];
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.x.out)).bound(y, 0, e(p.y.out)).bound(b, 0, e(p.n));

  // The schedule: for each row and phase, tiles of that phase's columns.
  Var column("column"), phase("phase");
  out.split(x, column, phase, e(p.x.stride), TailStrategy::GuardWithIf);
  const TileLoops l = split_output(out, c, column, y, p.tile, p.space);
  out.reorder(l.ci, l.cv, l.xi, l.yi, l.x, l.c, phase, l.y, b);
  if (worth_parallel(a.facts, p.macs)) out.parallel(l.y);
  acc.compute_at(out, l.x);
  const auto v = acc.args();
  schedule_accumulator(acc, v[0], v[1], v[3], p.tile, {acc.rvars()[0], acc.rvars()[1], acc.rvars()[2]});

  const auto [left, right] = columns_read(p.x);
  const auto [top, bottom] = columns_read(p.y);
  if (left < 0 || top < 0 || right >= p.x.in || bottom >= p.y.in) {
    input.compute_root();
    const ir::Type type{ir::DType::f32, {p.n, bottom - top + 1, right - left + 1, p.ic}, {}};
    const auto at = input.args();
    for (size_t d = 0; d < at.size(); ++d) input.bound(at[d], 0, e(type.shape[at.size() - 1 - d]));
    stages.scratch.push_back(input);
    stages.scratch_types.push_back(type);
  }
  if (!a.constant[1]) {
    Func weights = stages.parts[kWeights];
    weights.compute_root();
    const auto at = weights.args();
    for (size_t d = 0; d < at.size(); ++d) weights.bound(at[d], 0, e(p.packed.shape[at.size() - 1 - d]));
    stages.scratch.push_back(weights);
    stages.scratch_types.push_back(p.packed);
  }
}

}  // namespace halite::schedules
