// See winograd.h. Funcs are indexed by c or k (channels), then x, y of a tile of outputs, then j, i (column
// and row in the transformed tile), then b.
//
//   inputs    B^T d B of each tile, for each of its positions [i][j] a matrix of tiles times input channels,
//             in blocks of xs tiles times k channels (ks, bx: which block);
//             for a task's rows of tiles on the stack if they fit there, else of the whole image in scratch
//   products  for a block of tiles (a register tile of "pixels") and of output channels, all positions: each
//             is a product of matrices, weights packed as [oc/tile][i][j][ic][tile]
//   results   A^T products A, a vector of channels of one tile at a time, read by the output
//
// Tiles may reach over the output's end; what they read there is zero.
#include "schedules/winograd.h"

#include <algorithm>

#include "schedules/winograd_plan.h"

namespace halite::schedules::winograd {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

/// stages.parts, in this order.
constexpr int kColumns = 0, kInputs = 1, kTaps = 2, kAcc = 3, kProducts = 4, kHalves = 5, kResults = 6,
              kRun = 7;

Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

}  // namespace

Func algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const Plan p = make_plan(op, a, outputs_of(stages.strategy));
  const int m = p.matrices.m, alpha = p.matrices.alpha, width = p.tile.channels();
  Var c("c"), k("k"), tx("tx"), ty("ty"), j("j"), i("i"), b("b"), x("x"), y("y"), xs("xs"), ks("ks");

  // What mux chooses is known once its loop is unrolled.
  Func columns("columns"), inputs("inputs");
  std::vector<Expr> values;
  for (int row = 0; row < alpha; ++row) {
    Expr ix = tx * m + j - e(op.pad[1]), iy = ty * m + row - e(op.pad[0]);
    Expr value = in[0](k, clamp(ix, 0, e(p.w - 1)), clamp(iy, 0, e(p.h - 1)), b);
    values.push_back(select(likely(between(0, ix, e(p.w)) && between(0, iy, e(p.h))), value,
                            Internal::make_zero(p.sums.factor)));
  }
  columns(k, j, i, tx, ty, b) = mux(i, p.matrices.transform_input(values));
  const Expr pixels = e(p.side_pixels), steps = e(p.side_steps);
  for (int column = 0; column < alpha; ++column)
    values[column] = columns(ks * steps + k, column, i, tx * pixels + xs, ty, b);
  inputs(k, xs, ks, tx, ty, j, i, b) = mux(j, p.matrices.transform_input(values));

  Func taps("taps"), acc("acc"), run("run"), products("products");
  const Sums& sums = p.sums;
  RDom r(0, e(sums.channels), "r"), runs(0, e(p.ic / sums.channels), "runs");
  const auto input_at = [&](const Expr& channel) {
    return inputs(channel % steps, tx % pixels, channel / steps, tx / pixels, ty, j, i, b);
  };
  if (p.tile.lane_step > 0) taps(k, tx, ty, j, i, b) = input_at(k);
  const auto product = [&](const Expr& channel) {
    const Expr factor = p.tile.lane_step > 0 ? taps(channel, tx, ty, j, i, b) : input_at(channel);
    return in[1](c % width, channel, j, i, c / width) * factor;
  };
  acc(c, tx, ty, j, i, b) = Internal::make_zero(sums.total());
  if (sums.in_runs) {
    run(c, tx, ty, j, i, b, k) = Internal::make_zero(sums.factor);
    run(c, tx, ty, j, i, b, k) += product(k * e(sums.channels) + r);
    acc(c, tx, ty, j, i, b) += cast(sums.total(), run(c, tx, ty, j, i, b, runs));
  } else {
    acc(c, tx, ty, j, i, b) += product(r);
  }
  products(c, tx, ty, j, i, b) = cast(sums.factor, acc(c, tx, ty, j, i, b));

  Func halves("halves"), results("results"), out("winograd");
  for (int column = 0; column < alpha; ++column) values[column] = products(c, tx, ty, column, i, b);
  halves(c, x, i, tx, ty, b) = mux(x, p.matrices.transform_output(values));
  for (int row = 0; row < alpha; ++row) values[row] = halves(c, x, row, tx, ty, b);
  Expr sum = mux(y, p.matrices.transform_output(values));
  if (p.has_bias) sum += in[2](a.constant[2] ? Expr(c) : min(c, e(p.oc - 1)));
  results(c, x, y, tx, ty, b) = sum;
  out(c, x, y, b) = results(c, x % m, y % m, x / m, y / m, b);
  stages.parts = {columns, inputs, taps, acc, products, halves, results, run};
  return out;
}

namespace {

/// The transformed inputs: of one vector of channels of one tile at a time.
void schedule_inputs(const Plan& p, const Anchor& a, Stages& stages, const Var& task) {
  Func inputs = stages.parts[kInputs], columns = stages.parts[kColumns];
  const auto v = inputs.args();
  const Var k = v[0], xs = v[1], ks = v[2], tx = v[3], ty = v[4], j = v[5], i = v[6], b = v[7];
  const int alpha = p.matrices.alpha;
  inputs.bound(k, 0, e(p.side_steps)).bound(xs, 0, e(p.side_pixels)).bound(ks, 0, e(p.ic / p.side_steps));
  inputs.bound(tx, 0, e(p.tiles_x / p.side_pixels)).bound(j, 0, alpha).bound(i, 0, alpha);
  Var ki("ki");
  inputs.split(k, k, ki, p.input_lanes).vectorize(ki).reorder(ki, j, i, k, ks, xs, tx, ty, b);
  inputs.unroll(j).unroll(i);
  if (p.in_scratch) {
    inputs.compute_root().bound(ty, 0, e(p.tiles_y)).bound(b, 0, e(p.n));
    if (worth_parallel(a.facts, p.macs) && p.tiles_y > 1) inputs.parallel(ty);
    stages.scratch.push_back(inputs);
    stages.scratch_types.push_back(p.inputs);
  } else {
    // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
    inputs.compute_at(stages.output, task).store_in(MemoryType::Register);
    inputs.bound_extent(ty, e(std::min(p.tiles_y, p.rows_per_task * p.tile.py)));
  }
  const auto w = columns.args();
  columns.compute_at(inputs, k).store_in(MemoryType::Stack);
  columns.bound_extent(w[0], p.input_lanes).bound(w[1], 0, alpha).bound(w[2], 0, alpha);
  columns.bound_extent(w[3], 1).bound_extent(w[4], 1);
  columns.vectorize(w[0], p.input_lanes).unroll(w[1]).unroll(w[2]);
}

void schedule_products(const Plan& p, Stages& stages, const Var& block) {
  Func products = stages.parts[kProducts], acc = stages.parts[kAcc];
  const auto v = products.args();
  const int alpha = p.matrices.alpha;
  products.compute_at(stages.output, block).store_in(MemoryType::Register);
  products.bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px).bound_extent(v[2], p.tile.py);
  products.bound(v[3], 0, alpha).bound(v[4], 0, alpha);
  Var ci("pci"), cv("pcv");
  products.split(v[0], cv, ci, p.tile.lanes).vectorize(ci).unroll(cv).unroll(v[1]).unroll(v[2]);
  acc.compute_at(products, v[3]);
  const Func run = schedule_sums(acc, stages.parts[kRun], p.sums, p.tile);
  if (p.tile.lane_step > 0) schedule_taps(stages.parts[kTaps], run, p.tile);
}

void schedule_results(const Plan& p, Stages& stages, const Var& vector) {
  const int m = p.matrices.m, alpha = p.matrices.alpha;
  for (int part : {kHalves, kResults}) {
    Func f = stages.parts[part];
    const auto v = f.args();
    f.compute_at(stages.output, vector).store_in(MemoryType::Stack);
    f.bound_extent(v[0], p.tile.lanes).bound(v[1], 0, m).bound(v[2], 0, part == kHalves ? alpha : m);
    f.bound_extent(v[3], 1).bound_extent(v[4], 1);
    f.vectorize(v[0], p.tile.lanes).unroll(v[1]).unroll(v[2]);
  }
}

}  // namespace

void schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const Plan p = make_plan(op, a, outputs_of(stages.strategy));
  const int m = p.matrices.m;
  Func out = stages.output;
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.ow)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));

  // The schedule: blocks of tiles in the order columns, channels, rows, tasks (rows before channels where the
  // weights are many).
  const auto tail = [](int64_t extent, int64_t tile, TailStrategy rest) {
    return extent % tile == 0 ? TailStrategy::RoundUp : rest;
  };
  const auto guard = TailStrategy::GuardWithIf, shift = TailStrategy::ShiftInwards;
  Var ct("ct"), ci("ci"), cv("cv"), xi("xi"), yi("yi"), tx("otx"), ty("oty"), bx("bx"), by("by"),
      task("task");
  out.split(c, ct, ci, p.tile.channels(), tail(p.oc, p.tile.channels(), guard))
      .split(ci, cv, ci, p.tile.lanes)
      .split(x, bx, xi, m, tail(p.ow, m, guard))
      .split(bx, bx, tx, p.tile.px, tail(p.tiles_x, p.tile.px, shift))
      .split(y, by, yi, m, tail(p.oh, m, guard))
      .split(by, by, ty, p.tile.py, tail(p.tiles_y, p.tile.py, shift))
      .split(by, task, by, e(p.rows_per_task), guard);
  std::vector<VarOrRVar> order{ci, xi, yi, cv, tx, ty, bx};
  if (p.in_scratch)
    order.insert(order.end(), {by, task, ct});
  else
    order.insert(order.end(), {ct, by, task});
  order.push_back(b);
  out.reorder(order).vectorize(ci).unroll(xi);
  // A long epilogue is written out for one row of a tile.
  if (!stages.sums.defined()) out.unroll(yi);
  if (worth_parallel(a.facts, p.macs)) out.parallel(p.in_scratch ? ct : task);

  schedule_inputs(p, a, stages, task);
  schedule_products(p, stages, bx);
  schedule_results(p, stages, cv);
}

}  // namespace halite::schedules::winograd
