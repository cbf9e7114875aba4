// conv2d of integers and of bf16, indexed as in conv2d.cpp. Dense and grouped ones; depthwise_integer.cpp has
// the rest.
//
// A row of the kernel is one run of kw * ic elements in memory where nothing is dilated along x and there is
// one group (ic elements for each tap otherwise); runs are cut into steps as products.h says. Where a run is
// no multiple of a step, the input is copied, so that it may be read past its end.
//   weights packed as [groups * tiles][kh * taps][steps][tile][chunk]
// Padding: each task copies its input rows into a local array, x_zero around them, or the whole image is
// copied into scratch.
#include "schedules/conv2d_integer.h"

#include <algorithm>

#include "ir/base/check.h"
#include "schedules/dot.h"
#include "schedules/dot_panels.h"
#include "schedules/tile_registers.h"
#include "schedules/types.h"

namespace halite::schedules::integer {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }
Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

/// stages.parts, in this order.
constexpr int kAcc = 0, kInput = 1, kWeights = 2;

}  // namespace

Func copied_input(const ir::Conv2d& op, const ConvPlan& p, const Anchor& a, Stages& stages, const Func& in) {
  Func input("padded");
  Var i("i"), y("y"), b("b");
  const Halide::Type type = halide_type(p.product.x);
  const bool pads = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_h > p.h || p.padded_w > p.w;
  const bool covered = p.converts && !pads && p.steps * p.product.chunk == p.run;
  input(i, y, b) = covered ? undef(type) : Internal::make_const(type, p.product.x_zero);
  const int64_t columns = std::min(p.w, p.padded_w - op.pad[1]);
  const Expr height = number(a, stages, "height", p.h);
  if (p.converts) {
    const int64_t run = p.even_pixels ? columns * p.ic : p.ic;
    RDom r = converted_run(run, p.even_pixels ? 1 : columns);
    const Expr from = min(r.y * r.x.extent(), e(run) - r.x.extent()) + r.x;
    const Expr c = p.even_pixels ? from % e(p.ic) : from, x = p.even_pixels ? from / e(p.ic) : Expr(r.z);
    const Expr iy = y - e(op.pad[0]);
    if (op.pad[0] > 0 || p.padded_h > p.h) r.where(between(0, iy, height));
    input((x + e(op.pad[1])) * e(p.ic) + c, y, b) =
        as_factor(p.product, in(c, x, clamp(iy, 0, height - 1), b));
    return input;
  }
  // One run of memory: LLVM makes memset and memcpy of both.
  RDom r(0, e(columns * p.ic), "row");
  Expr iy = y - e(op.pad[0]);
  if (op.pad[0] > 0 || p.padded_h > p.h) r.where(between(0, iy, height));
  input(r + e(op.pad[1] * p.ic), y, b) =
      as_factor(p.product, in(r % e(p.ic), r / e(p.ic), clamp(iy, 0, height - 1), b));
  return input;
}

void schedule_copied_input(const ConvPlan& p, const Anchor& a, Stages& stages, Func input, const Var& task) {
  const auto v = input.args();
  if (p.converts)
    input.update(0).allow_race_conditions().vectorize(input.rvars()[0]);
  else
    input.update(0).unscheduled();
  if (p.copy == Copy::strip) {
    // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
    input.compute_at(stages.output, task).store_in(MemoryType::Register);
    input.bound_extent(v[0], e(p.row)).bound_extent(v[1], e(p.strip_rows));
    return;
  }
  input.compute_root().bound(v[0], 0, e(p.row)).bound(v[1], 0, e(p.padded_h)).bound(v[2], 0, e(p.n));
  stages.scratch.push_back(input);
  stages.scratch_types.push_back({p.product.x, {p.n, p.padded_h, p.row}, {}});
}

Expr first_sum(const ConvPlan& p, const Anchor& a, Inputs in, const Var& c) {
  const Halide::Type type = halide_type(p.product.acc);
  if (!p.has_bias || p.product.pairs || p.product.sum == ir::DType::i64) return Internal::make_zero(type);
  const Expr first = in[2](a.constant[2] ? Expr(c) : min(c, e(p.oc - 1)));
  return cast(type, first);
}

Func finished_sum(const ConvPlan& p, const Anchor& a, Inputs in, const Func& acc) {
  if (p.product.pairs) {
    Func sum("sum");
    const auto v = acc.args();
    Expr value = separated(acc, {v.begin(), v.end()});
    if (p.has_bias) value += in[2](a.constant[2] ? Expr(v[0]) : min(v[0], e(p.oc - 1)));
    sum(v) = value;
    return sum;
  }
  if (p.product.acc == p.product.sum && p.product.sum != ir::DType::i64) return acc;
  Func sum("sum");
  const auto v = acc.args();
  Expr value = cast(halide_type(p.product.sum), acc(std::vector<Expr>(v.begin(), v.end())));
  if (p.has_bias && p.product.sum == ir::DType::i64)
    value += in[2](a.constant[2] ? Expr(v[0]) : min(v[0], e(p.oc - 1)));
  sum(v) = value;
  return sum;
}

Packing bias_packing(const ConvPlan& p, const Anchor& a) {
  Packing result;
  const int64_t rows = round_up(p.oc, p.tile.channels());
  result.type = {a.inputs[2].dtype, {rows}, {}};
  result.with = 1;
  result.combine = [product = p.product, rows](const ir::Tensor& bias, const ir::Tensor& weights) {
    return pack_bias(product, bias, weights, rows);
  };
  return result;
}

std::vector<Strategy> conv_strategies(const ir::Conv2d& op, const Anchor& a) {
  const ConvPlan p = plan_conv(op, a);
  if (p.panel_block > 0) return {strategy_of("panels", p.tile)};
  if (p.product.method != Method::broadcast) return {strategy_of(name_of(p.product.method), p.tile)};
  return {strategy_of(op.groups > 1 ? "grouped" : p.kh * p.kw == 1 ? "pointwise" : "direct", p.tile)};
}

std::vector<Packing> conv_packing(const ir::Conv2d& op, const Anchor& a) {
  const ConvPlan p = plan_conv(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (a.constant[1]) {
    const int64_t tiles = op.groups * p.tiles_per_group(), width = p.tile.channels();
    ir::Type type = packed_type(p.product, tiles, p.kh * p.taps, p.run, width);
    if (p.panel_block > 0) type.shape = {tiles, 1, p.kh * p.taps * p.steps, width, p.product.chunk};
    result[1].type = type;
    result[1].apply = [p, tiles, width, type](const ir::Tensor& t) {
      return pack_weights(p.product, t, tiles, p.kh * p.taps, p.run, width).with_type(type);
    };
  }
  if (p.has_bias && a.constant[2] && a.constant[1]) result[2] = bias_packing(p, a);
  return result;
}

Func conv_algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const ConvPlan p = plan_conv(op, a);
  const int width = p.tile.channels();
  Var c("c"), x("x"), y("y"), b("b");
  const Func input = copied_input(op, p, a, stages, in[0]);

  // Weights that are not constant are packed when the kernel runs.
  Func weights = in[1];
  if (!a.constant[1]) {
    weights = Func("packed");
    Var ci("ci"), k("k"), o("o"), t("t");
    const Expr tap = o % e(p.taps), row = o / e(p.taps);
    weights(ci, k, o, t) = centred_weight(
        p.product, p.taps == 1 ? in[1](k % e(p.icg), k / e(p.icg), row, min(t * width + ci, e(p.oc - 1)))
                               : in[1](k, tap, row, min(t * width + ci, e(p.oc - 1))));
  }

  // The algorithm.
  const bool tiles = p.product.method == Method::tile_registers;
  Func acc(tiles ? kTileSums : "acc");
  if (p.panel_block > 0) {
    acc(c, x, y, b) = first_sum(p, a, in, c);
    stages.parts = {acc, input, weights};
    sum_panels(p, stages, acc, weights,
               [&](const Expr& x, const Expr& y, const Expr& b, const Expr& k, const Expr& outer) {
                 const Expr sx = x * e(op.stride[1]) + outer % e(p.taps) * e(op.dilation[1]),
                            sy = y * e(op.stride[0]) + outer / e(p.taps) * e(op.dilation[0]);
                 return p.copy == Copy::none ? in[0](k, sx, sy, b) : input(sx * e(p.ic) + k, sy, b);
               });
    return finished_sum(p, a, in, acc);
  }
  const bool lanes = takes_chunks(p.product);
  Region region{{0, e(p.steps)}, {0, e(p.taps)}, {0, e(p.kh)}};
  if (lanes) region.insert(region.begin(), Range(0, p.product.chunk));
  RDom r(region, "r");
  const Expr step = r[lanes ? 1 : 0], tap = r[lanes ? 2 : 1], row = r[lanes ? 3 : 2];
  acc(c, x, y, b) = first_sum(p, a, in, c);
  const Expr tile = c / width, outer = row * e(p.taps) + tap;
  const Expr group = op.groups > 1 ? tile / e(p.tiles_per_group()) * e(p.icg) : Expr(0);
  const Expr sx = x * e(op.stride[1]) + tap * e(op.dilation[1]),
             sy = y * e(op.stride[0]) + row * e(op.dilation[0]);
  const auto element = [&](const Expr& i) {
    const Expr k = group + step * p.product.chunk + i;
    if (p.copy != Copy::none) return input(sx * e(p.ic) + k, sy, b);
    return p.taps == 1 && p.kw > 1 ? in[0](k % e(p.ic), sx + k / e(p.ic), sy, b) : in[0](k, sx, sy, b);
  };
  const auto weight = [&](const Expr& i) {
    return lanes ? weights(r[0], i, step, outer, tile) : weights(i, step, outer, tile);
  };
  const bool dots = p.product.method == Method::dots;
  const Expr sum = acc(c, x, y, b), in_tile = dots ? packed_lane(c, p.tile) : c % width,
             pair = in_tile / 2 * 2;
  acc(c, x, y, b) = p.product.pairs
                        ? accumulate_pair(p.product, sum, weight(pair), weight(pair + 1), c, element)
                        : accumulate(p.product, sum, weight(in_tile), lanes ? Expr(r[0]) : Expr(0), element);
  stages.parts = {acc, input, weights};
  return finished_sum(p, a, in, acc);
}

void conv_schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const ConvPlan p = plan_conv(op, a);
  Func acc = stages.parts[kAcc];
  const auto v = acc.args();
  const OutputLoops loops = schedule_output(p, a, stages, acc);

  if (p.product.method == Method::lanes) {
    acc.store_in(MemoryType::Stack).bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px);
    acc.unroll(v[0]).unroll(v[1]);
    std::vector<VarOrRVar> order{acc.rvars()[0], v[0], v[1]};
    for (int i : {1, 2, 3}) order.push_back(acc.rvars()[i]);
    acc.update().reorder(order).atomic().vectorize(acc.rvars()[0]).unroll(v[0]).unroll(v[1]);
  } else if (p.panel_block > 0) {
    schedule_panels(p, stages, acc, loops.row);
  } else if (p.product.method == Method::tile_registers) {
    acc.update().unscheduled();
  } else if (p.product.method == Method::dots) {
    schedule_dots(acc, v[0], v[1], v[2], p.tile);
  } else {
    schedule_accumulator(acc, v[0], v[1], v[2], p.tile, acc.rvars());
    const int unroll = unrolled_steps(p.product, a.optimize, p.steps);
    if (unroll > 1) acc.update().unroll(acc.rvars()[0], unroll);
  }
  if (!a.constant[1]) {
    Func weights = stages.parts[kWeights];
    const ir::Type type =
        packed_type(p.product, op.groups * p.tiles_per_group(), p.kh * p.taps, p.run, p.tile.channels());
    weights.compute_root();
    const auto args = weights.args();
    for (size_t d = 0; d < args.size(); ++d) weights.bound(args[d], 0, e(type.shape[args.size() - 1 - d]));
    stages.scratch.push_back(weights);
    stages.scratch_types.push_back(type);
  }
  if (p.copy != Copy::none) schedule_copied_input(p, a, stages, stages.parts[kInput], loops.task);
}

OutputLoops schedule_output(const ConvPlan& p, const Anchor& a, Stages& stages, Func acc) {
  Func out = stages.output;
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  const Expr rows_per_task = bound_output(p, p.tile, p.rows_per_task, a, stages);

  // The schedule: tiles in the order columns, channels, rows. A task is a strip of rows; or one tile of
  // channels, of all rows.
  Var task("task"), row("row");
  const bool stores_sums = p.product.method == Method::tile_registers;
  const TileLoops l = split_output(out, c, x, y, p.tile, p.space, stores_sums ? acc : Func());
  out.split(l.y, task, row, rows_per_task, tasks_tail(p, p.tile, p.rows_per_task));
  std::vector<VarOrRVar> order{l.ci, l.cv, l.xi, l.yi, l.x, l.c, row, task, b};
  if (p.weights_outermost) std::rotate(order.begin() + 5, order.begin() + 6, order.begin() + 8);
  out.reorder(order);
  if (worth_parallel(a.facts, p.macs)) out.parallel(p.weights_outermost ? l.c : task);
  if (!stores_sums) acc.compute_at(out, l.x);
  return {task, row, l.c};
}

}  // namespace halite::schedules::integer
