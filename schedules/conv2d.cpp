// conv2d. Funcs are indexed by c, x, y, b: output channel, output column and row, image of the batch.
//
// "direct" (1x1: "pointwise"; groups: "grouped"): a register tile of pixels times output channels, weights
// packed as [oc/tile][kh][kw][ic][tile], so that the innermost loop reads them as one stream. Channels are
// padded to the tile with zero weights; only those that exist are stored. Tiles divide the channels of a
// group. "rows" (depthwise): vectors of channels, weights packed as [kh][kw][c]. Padding costs no branch in
// an inner loop (see Padding). "winograd2", "winograd4", "winograd6": winograd.cpp; "panels": panels.cpp;
// "strassen": strassen.cpp. The cheapest by its estimate is taken (conv2d_plan.cpp).
#include <algorithm>

#include "schedules/conv2d_integer.h"
#include "schedules/conv2d_plan.h"
#include "schedules/operators.h"
#include "schedules/panels.h"
#include "schedules/strassen.h"
#include "schedules/types.h"
#include "schedules/winograd.h"

namespace halite::schedules {
namespace {

using namespace Halide;
using direct::Padding;
using direct::Plan;

/// stages.parts, in this order; the last two only where the plan says so.
constexpr int kAcc = 0, kInput = 1, kWeights = 2, kTaps = 3, kRun = 4;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

/// The input with its zeros around it. Indexed by c + x * channels, y, b.
Func padded_input(const ir::Conv2d& op, const Plan& p, const Func& in) {
  Func input("padded");
  Var i("i"), y("y"), b("b");
  Expr iy = y - e(op.pad[0]), inside = between(0, iy, e(p.h)), row = clamp(iy, 0, e(p.h - 1));
  const Expr zero = Internal::make_zero(p.sums.factor);
  if (p.flat_rows) {
    // Only tiles at the border of a row compare.
    Expr at = i - e(op.pad[1] * p.ic), in_row = clamp(at, 0, e(p.w * p.ic - 1));
    Expr value = cast(p.sums.factor, in(in_row % e(p.ic), in_row / e(p.ic), row, b));
    input(i, y, b) = select(inside, select(likely(between(0, at, e(p.w * p.ic))), value, zero), zero);
  } else {
    Expr ix = i / e(p.ic) - e(op.pad[1]);
    inside = inside && between(0, ix, e(p.w));
    Expr value = cast(p.sums.factor, in(i % e(p.ic), clamp(ix, 0, e(p.w - 1)), row, b));
    input(i, y, b) = select(inside, value, zero);
  }
  return input;
}

}  // namespace

Func algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  if (widens_products(a))
    return is_depthwise(op, a) ? integer::depthwise_algorithm(op, a, stages, in)
                               : integer::conv_algorithm(op, a, stages, in);
  if (winograd::is_named(stages.strategy)) return winograd::algorithm(op, a, stages, in);
  if (panels::is_named(stages.strategy)) return panels::algorithm(op, a, stages, in);
  if (strassen::is_named(stages.strategy)) return strassen::algorithm(op, a, stages, in);
  const Plan p = direct::make_plan(op, a);
  const int width = p.tile.channels();
  Var c("c"), x("x"), y("y"), b("b");

  const Func input = padded_input(op, p, in[0]);

  // Weights that are not constant are packed when the kernel runs.
  Func weights = in[1];
  Var ci("ci"), k("k"), kx("kx"), ky("ky"), t("t");
  if (p.pack_at_run_time) {
    weights = Func("packed");
    if (p.depthwise) {
      weights(c, kx, ky) = in[1](0, kx, ky, min(c, e(p.oc - 1)));
    } else {
      weights(ci, k, kx, ky, t) = in[1](k, kx, ky, min(t * width + ci, e(p.oc - 1)));
    }
  }

  // The algorithm: the sum of a run of products or, where there are several, the sum of their sums.
  const Sums& sums = p.sums;
  Func acc("acc"), run("run");
  RDom r(0, e(sums.channels), 0, e(sums.columns), 0, e(sums.rows), "r");
  RDom runs(0, e(p.tap_steps / sums.channels), 0, e(p.taps_x / sums.columns), 0, e(p.kh / sums.rows), "runs");
  Expr first = Internal::make_zero(sums.total());
  if (p.has_bias) first = cast(sums.total(), in[2](a.constant[2] ? Expr(c) : min(c, e(p.oc - 1))));
  acc(c, x, y, b) = first;
  Expr tile = c / width;  // lies within one group
  const auto input_at = [&](const Expr& k, const Expr& kx, const Expr& ky) -> Expr {
    Expr sx = x * e(op.stride[1]) + kx * e(op.dilation[1]), sy = y * e(op.stride[0]) + ky * e(op.dilation[0]);
    Expr channel = k;
    if (p.depthwise)
      channel = (p.oc % width == 0 ? Expr(c) : min(c, e(p.oc - 1))) / e(p.ocg);
    else if (op.groups > 1)
      channel += tile / e(p.tiles_per_group()) * e(p.icg);
    if (p.padding == Padding::strip || p.padding == Padding::image)
      return input(sx * e(p.ic) + channel, sy, b);
    Expr ix = sx - e(op.pad[1]), iy = sy - e(op.pad[0]);
    const bool rows = op.pad[0] > 0 || p.padded_h > p.h, columns = op.pad[1] > 0 || p.padded_w > p.w;
    if (rows) r.where(between(0, iy, e(p.h)));
    Expr value = cast(sums.factor, in[0](channel, columns ? clamp(ix, 0, e(p.w - 1)) : ix,
                                         rows ? clamp(iy, 0, e(p.h - 1)) : iy, b));
    return columns ? select(likely(between(0, ix, e(p.w))), value, Internal::make_zero(sums.factor)) : value;
  };
  Func taps("taps");
  const auto product = [&](const Expr& k, const Expr& kx, const Expr& ky) {
    Expr value;
    if (p.tile.lane_step > 0) {
      // The inputs of one pixel and tap, or of a block of a row of taps.
      Var tk("k"), tx("kx"), ty("ky");
      const Blocks blocks{p.tap_steps, p.tile.lane_step};
      taps(tk, tx, ty, x, y, b) = p.by_rows ? input_at(blocks.start(tx) + tk, 0, ty) : input_at(tk, tx, ty);
      value = p.by_rows ? taps(blocks.step(k), k / p.tile.lane_step, ky, x, y, b) : taps(k, kx, ky, x, y, b);
    } else {
      value = input_at(k, kx, ky);
    }
    return cast(sums.factor, p.depthwise ? weights(c, kx, ky) : weights(c % width, k, kx, ky, tile)) * value;
  };
  if (sums.in_runs) {
    run(c, x, y, b, k, kx, ky) = Internal::make_zero(sums.factor);
    run(c, x, y, b, k, kx, ky) +=
        product(k * e(sums.channels) + r.x, kx * e(sums.columns) + r.y, ky * e(sums.rows) + r.z);
    acc(c, x, y, b) += cast(sums.total(), run(c, x, y, b, runs.x, runs.y, runs.z));
  } else {
    acc(c, x, y, b) += product(r.x, r.y, r.z);
  }
  stages.parts = {acc, input, weights, taps, run};
  const Halide::Type stored = halide_type(a.output.dtype);
  if (stored == sums.total()) return acc;
  Func rounded("rounded");
  rounded(c, x, y, b) = cast(stored, acc(c, x, y, b));
  return rounded;
}

namespace {

/// Copies as many elements at once as divide what is contiguous.
void schedule_padded_input(const Plan& p, const Anchor& a, Stages& stages, Func input, const Var& task) {
  const auto v = input.args();
  int lanes = f32_lanes(a.facts);
  const int64_t row = p.padded_w * p.ic;
  if (p.flat_rows) {
    input.vectorize(v[0], static_cast<int>(std::min<int64_t>(lanes, row)), TailStrategy::ShiftInwards);
  } else {
    Var x("px"), c("pc"), ci("pci");
    while (p.ic % lanes != 0) lanes /= 2;
    input.split(v[0], x, c, e(p.ic)).split(c, c, ci, lanes).vectorize(ci);
  }
  if (p.padding == Padding::strip) {
    // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
    input.compute_at(stages.output, task).store_in(MemoryType::Register);
    input.bound_extent(v[0], e(row)).bound_extent(v[1], e(p.strip_rows));
    return;
  }
  input.compute_root().bound(v[0], 0, e(row)).bound(v[1], 0, e(p.padded_h)).bound(v[2], 0, e(p.n));
  if (worth_parallel(a.facts, p.macs) && p.padded_h >= 4) input.parallel(v[1], 4);
  stages.scratch.push_back(input);
  stages.scratch_types.push_back({p.sums.element(), {p.n, p.padded_h, row}, {}});
}

void schedule_packed_weights(const Plan& p, Stages& stages, Func weights) {
  weights.compute_root();
  const auto args = weights.args();
  for (size_t d = 0; d < args.size(); ++d) weights.bound(args[d], 0, e(p.packed.shape[args.size() - 1 - d]));
  stages.scratch.push_back(weights);
  stages.scratch_types.push_back(p.packed);
}

}  // namespace

void schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  if (widens_products(a))
    return is_depthwise(op, a) ? integer::depthwise_schedule(op, a, stages)
                               : integer::conv_schedule(op, a, stages);
  if (winograd::is_named(stages.strategy)) return winograd::schedule(op, a, stages);
  if (panels::is_named(stages.strategy)) return panels::schedule(op, a, stages);
  if (strassen::is_named(stages.strategy)) return strassen::schedule(op, a, stages);
  const Plan p = direct::make_plan(op, a);
  Func out = stages.output, acc = stages.parts[kAcc];
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  const Expr rows_per_task = bound_output(p, p.tile, p.rows_per_task, a, stages);

  // The schedule: tiles in the order columns, channels, rows (rows before channels where weights are many).
  // A task is a strip of rows.
  Var task("task"), row("row"), part("part");
  const TileLoops l = split_output(out, c, x, y, p.tile, p.space, stages.sums);
  out.split(l.y, task, row, rows_per_task, tasks_tail(p, p.tile, p.rows_per_task));
  std::vector<VarOrRVar> order{l.ci, l.cv, l.xi, l.yi, l.x};
  if (p.weights_outermost) {
    order.insert(order.end(), {row, task, l.c});
  } else {
    order.insert(order.end(), {l.c, row, task});
  }
  if (p.tiles_per_task > 0) {
    const bool even = ceil_div(p.ow, p.tile.px) % p.tiles_per_task == 0;
    out.split(l.x, part, l.x, e(p.tiles_per_task), even ? TailStrategy::RoundUp : TailStrategy::GuardWithIf);
    order.push_back(part);
  }
  order.push_back(b);
  out.reorder(order);
  if (worth_parallel(a.facts, p.macs))
    out.parallel(p.weights_outermost ? l.c : p.tiles_per_task > 0 ? part : task);

  acc.compute_at(out, l.x);
  Func run = schedule_sums(acc, stages.parts[kRun], p.sums, p.tile);
  if (p.depthwise && a.optimize == Optimize::speed && p.kw <= 7)
    unroll_taps(a.facts, run, stages.parts[kWeights], p.space, p.tile);

  if (p.tile.lane_step > 0) schedule_taps(stages.parts[kTaps], run, p.tile);
  if (p.tile.lane_step > 0 && p.by_rows) {
    // The last block of a row may use few of its lanes.
    stages.parts[kTaps].bound(stages.parts[kTaps].args()[0], 0, p.tile.lane_step);
    run.update().unroll(run.rvars()[0]);
  }
  if (p.pack_at_run_time) schedule_packed_weights(p, stages, stages.parts[kWeights]);
  if (p.padding == Padding::strip || p.padding == Padding::image)
    schedule_padded_input(p, a, stages, stages.parts[kInput], task);
}

}  // namespace halite::schedules
