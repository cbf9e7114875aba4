// See strassen.h. Funcs are indexed by
//   inputs    u, w, xs, ks (pixel and step in a block of a panel, or step and 0; which block of pixels, of
//             steps), p (which product), then bx, y, b (block of pixels, row, image);
//             for a task's blocks on the stack if they fit there, else of the whole image in scratch
//   products  ci, xi (output channel and pixel in a tile), y, p, bc (block of output channels), bx, b:
//             products of matrices, weights packed as [oc/2tile][p][ic/2][tile]
//   results   ci, xi, h, g (which of the block's two tiles of channels, of pixels), y, bc, bx, b: products
//             combined, and the bias; read by the output a vector of each of the block's four tiles at a
//             time, or stored for a whole block where a long epilogue follows
#include "schedules/strassen.h"

#include <algorithm>

#include "schedules/hidden.h"
#include "schedules/strassen_plan.h"
#include "schedules/types.h"

namespace halite::schedules::strassen {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

/// stages.parts, in this order.
constexpr int kQuarters = 0, kInputs = 1, kTaps = 2, kAcc = 3, kStored = 4, kRun = 5;

/// The sum of factors times values; factors are 1, 0 and -1.
template <size_t N>
Expr combine(const std::array<int, N>& factors, const std::array<Expr, N>& values) {
  Expr sum;
  for (size_t i = 0; i < N; ++i) {
    if (factors[i] > 0) sum = sum.defined() ? sum + values[i] : values[i];
  }
  for (size_t i = 0; i < N; ++i) {
    if (factors[i] < 0) sum = sum - values[i];
  }
  return sum;
}

/// How often quarter q of the results takes each product.
std::array<int, kProducts> result_factors(int q) {
  std::array<int, kProducts> factors{};
  for (size_t i = 0; i < kProducts; ++i) factors[i] = kTable[i].results[q];
  return factors;
}

}  // namespace

Func algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const Plan p = make_plan(op, a);
  const int width = p.tile.channels(), px = p.tile.px;
  Var c("c"), x("x"), y("y"), b("b"), u("u"), w("w"), xs("xs"), ks("ks"), q("q"), bx("bx"), bc("bc");
  Var ci("ci"), xi("xi"), h("h"), g("g"), k("k");

  // What mux chooses is known once its loop is unrolled.
  Func quarters("quarters"), inputs("inputs");
  const Expr pixel = p.panels() ? xs * p.pixel_block + u : Expr(xs),
             step = p.panels() ? ks * p.step_block + w : Expr(u);
  const Expr column = (bx * 2 + q % 2) * px + pixel;
  const bool whole = p.ow % (2 * px) == 0 && px % p.pixel_block == 0 && p.blocks_x % p.blocks_per_task == 0;
  quarters(u, w, xs, ks, q, bx, y, b) =
      cast(p.sums.factor, in[0](step + q / 2 * e(p.steps), whole ? column : min(column, e(p.ow - 1)), y, b));
  std::array<Expr, 4> four;
  for (int i = 0; i < 4; ++i) four[i] = quarters(u, w, xs, ks, i, bx, y, b);
  std::vector<Expr> factors;
  for (const Product& product : kTable) factors.push_back(combine(product.inputs, four));
  inputs(u, w, xs, ks, q, bx, y, b) = mux(q, factors);

  Func taps("taps"), acc("acc"), run("run"), products("products");
  taps(u, w, xs, ks, q, bx, y, b) = inputs(u, w, xs, ks, q, bx, y, b);
  const Sums& sums = p.sums;
  RDom r(0, e(sums.channels), "r"), runs(0, e(p.steps / sums.channels), "runs");
  const auto product = [&](const Expr& s) {
    const Func& from = p.tile.lane_step > 0 ? taps : inputs;
    const Expr value = p.panels() ? from(xi % p.pixel_block, s % p.step_block, xi / p.pixel_block,
                                         s / p.step_block, q, bx, y, b)
                                  : from(s, 0, xi, 0, q, bx, y, b);
    return in[1](ci, s, q, bc) * value;
  };
  const bool packed_bias = p.has_bias && a.constant[2];
  acc(ci, xi, y, q, bc, bx, b) =
      packed_bias ? cast(sums.total(), in[2](ci, q, bc)) : Internal::make_zero(sums.total());
  if (sums.in_runs) {
    run(ci, xi, y, q, bc, bx, b, k) = Internal::make_zero(sums.factor);
    run(ci, xi, y, q, bc, bx, b, k) += product(k * e(sums.channels) + r);
    acc(ci, xi, y, q, bc, bx, b) += cast(sums.total(), run(ci, xi, y, q, bc, bx, b, runs));
  } else {
    acc(ci, xi, y, q, bc, bx, b) += product(r);
  }
  products(ci, xi, y, q, bc, bx, b) = cast(sums.factor, acc(ci, xi, y, q, bc, bx, b));

  // Which quarter of its block a result is in is known once the loops over halves are unrolled.
  Func results("results"), out("strassen");
  std::array<Expr, kProducts> all;
  for (int i = 0; i < kProducts; ++i) all[i] = products(ci, xi, y, i, bc, bx, b);
  std::vector<Expr> quarter;
  for (int i = 0; i < 4; ++i) quarter.push_back(combine(result_factors(i), all));
  Expr sum = mux(h * 2 + g, quarter);
  const Expr channel = (bc * 2 + h) * width + ci;
  if (p.has_bias && !packed_bias) sum += cast(sums.factor, in[2](min(channel, e(p.oc - 1))));
  results(ci, xi, h, g, y, bc, bx, b) = cast(halide_type(a.output.dtype), sum);
  out(c, x, y, b) =
      results(c % width, x % px, c / width % 2, x / px % 2, y, c / (2 * width), x / (2 * px), b);
  stages.parts = {quarters, inputs, taps, acc, products, run};
  return out;
}

namespace {

/// The added inputs: of one vector of each quarter at a time.
void schedule_inputs(const Plan& p, const Anchor& a, Stages& stages, const Var& task) {
  Func inputs = stages.parts[kInputs], quarters = stages.parts[kQuarters];
  const auto v = inputs.args();
  const Var u = v[0], w = v[1], xs = v[2], ks = v[3], q = v[4], bx = v[5], y = v[6], b = v[7];
  inputs.bound(u, 0, e(p.inputs.shape[7])).bound(w, 0, e(p.inputs.shape[6]));
  inputs.bound(xs, 0, p.pixel_blocks()).bound(ks, 0, e(p.step_blocks())).bound(q, 0, kProducts);
  if (p.panels()) {
    // Four adjacent stores of every fourth element become one that transposes.
    inputs.reorder(w, u, q, ks, xs, bx, y, b).vectorize(w).unroll(u).unroll(q);
    quarters.compute_at(inputs, ks).vectorize(quarters.args()[1], p.step_block).unroll(quarters.args()[0]);
    quarters.reorder_storage(quarters.args()[1], quarters.args()[0]);
    quarters.bound_extent(quarters.args()[0], p.pixel_block).bound_extent(quarters.args()[1], p.step_block);
  } else {
    Var ui("ui");
    inputs.split(u, u, ui, p.input_lanes).reorder(ui, q, u, w, xs, ks, bx, y, b).vectorize(ui).unroll(q);
    quarters.compute_at(inputs, u).vectorize(quarters.args()[0], p.input_lanes);
    quarters.bound_extent(quarters.args()[0], p.input_lanes);
  }
  quarters.store_in(MemoryType::Stack).bound(quarters.args()[4], 0, 4).unroll(quarters.args()[4]);
  if (p.in_scratch) {
    inputs.compute_root().bound(bx, 0, e(p.blocks_x)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));
    if (worth_parallel(a.facts, p.macs)) inputs.parallel(p.blocks_x > 1 ? bx : y);
    stages.scratch.push_back(inputs);
    stages.scratch_types.push_back(p.inputs);
  } else {
    // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
    inputs.compute_at(stages.output, task).store_in(MemoryType::Register);
    inputs.bound_extent(bx, e(p.blocks_per_task)).bound_extent(y, 1);
  }
}

void schedule_products(const Plan& p, Stages& stages, const Var& block) {
  Func products = stages.parts[kStored], acc = stages.parts[kAcc];
  const auto v = products.args();
  products.compute_at(stages.output, block).store_in(MemoryType::Register);
  products.bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px).bound(v[3], 0, kProducts);
  for (const size_t d : {2, 4, 5, 6}) products.bound_extent(v[d], 1);
  Var ci("pci"), cv("pcv");
  products.split(v[0], cv, ci, p.tile.lanes).vectorize(ci).unroll(cv).unroll(v[1]);
  acc.compute_at(products, v[3]);
  const Func run = schedule_sums(acc, stages.parts[kRun], p.sums, p.tile);
  if (p.tile.lane_step == 0) return;
  Func taps = stages.parts[kTaps];
  const auto t = taps.args();
  schedule_taps(taps, run, p.tile);
  if (p.panels()) taps.bound(t[1], 0, p.step_block).bound(t[2], 0, p.pixel_blocks());
}

}  // namespace

void schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const Plan p = make_plan(op, a);
  Func out = stages.output;
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.ow)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));

  // The schedule: blocks in the order columns, channels, tasks, rows; in scratch columns, rows, parts of a
  // row, channels, the last two of which make tasks.
  const auto tail = [](int64_t extent, int64_t tile) {
    return extent % tile == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  };
  const int width = p.tile.channels(), px = p.tile.px;
  // A task that is one block needs no hiding: what asks does that.
  const bool rest_x = p.ow % (2 * px) != 0, alone = rest_x && p.blocks_per_task == 1;
  const bool even = p.blocks_x % p.blocks_per_task == 0 && (alone || !rest_x);
  const Expr per_task = e(p.blocks_per_task);
  Var bc("obc"), once("once"), ci("oci"), h("oh"), cv("ocv"), bx("obx"), xi("oxi"), g("og"), task("task"),
      fused("tasks"), pair("pair");
  out.split(c, bc, ci, 2 * width, tail(p.oc, 2 * width))
      .split(ci, h, ci, width)
      .split(ci, cv, ci, p.tile.lanes)
      .split(x, bx, xi, 2 * px, tail(p.ow, 2 * px))
      // Blocks that are not whole have no loops of their own (hidden.h): which pixels one has is asked in a
      // loop of one round around what stores them.
      .split(bx, bx, once,
             !rest_x ? Expr(1)
             : alone ? hidden(1)
                     : min(hidden(1), 1),
             TailStrategy::RoundUp)
      .split(bx, task, bx, even ? per_task : min(hidden(p.blocks_per_task), per_task),
             tail(p.blocks_x, p.blocks_per_task));
  // A long epilogue is written out for one vector of each quarter, or for a pair that is loaded and stored as
  // such.
  const bool loops = stages.sums.defined(), pairs = loops && p.panels() && p.tile.vectors % 2 == 0;
  out.split(xi, g, xi, px);
  std::vector<VarOrRVar> order =
      loops ? std::vector<VarOrRVar>{ci, g, h, xi, cv} : std::vector<VarOrRVar>{ci, g, h, cv, xi};
  if (pairs) {
    out.split(cv, cv, pair, 2).unroll(pair);
    order.insert(order.begin() + 3, pair);
  }
  order.insert(order.end(), {once, bx});
  if (p.in_scratch)
    order.insert(order.end(), {y, task, bc});
  else
    order.insert(order.end(), {bc, task, y});
  order.push_back(b);
  out.reorder(order).vectorize(ci);
  out.unroll(g).unroll(h);
  if (!loops) {
    out.unroll(cv);
  } else if (!alone) {
    out.unroll(once);
  }
  const bool tasks = p.blocks_x > p.blocks_per_task;
  if (worth_parallel(a.facts, p.macs)) {
    if (p.in_scratch && tasks)
      out.fuse(task, bc, fused).parallel(fused);
    else
      out.parallel(p.in_scratch ? bc : tasks ? task : y);
  }
  schedule_products(p, stages, bx);
  schedule_inputs(p, a, stages, task);
}

}  // namespace halite::schedules::strassen
