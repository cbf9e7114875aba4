// See panels.h. Funcs are indexed by c, x, y, b; a panel by xi, ki (pixel and step in a block of four by
// four), xs, kc, kt (which block of the tile's pixels, of the run; which run), then the tile's xt, y, b.
// Blocks are stored with pixels innermost, which is one transposing store.
//
// Steps come in runs: the channels of a tap or, where these are no multiple of four (images), those of a row
// of taps, which follow each other in memory as well; the last block of a run then overlaps the one before.
//
// Weights are packed as [oc/tile][runs][steps of a run][tile]. A task is some tiles of a row, or some rows;
// its panels are on the stack and serve all tiles of channels, whose weights serve all its pixels.
#include "schedules/panels.h"

#include <algorithm>

#include "schedules/conv_extents.h"
#include "schedules/cost.h"
#include "schedules/halves.h"
#include "schedules/hidden.h"
#include "schedules/register_tile.h"

namespace halite::schedules::panels {
namespace {

using namespace Halide;

constexpr int kBlock = 4;             ///< pixels and steps of a block
constexpr int64_t kTilesPerTask = 6;  ///< pixels that weights of one tile serve at least, in tiles
constexpr int64_t kShort = 64;        ///< a reduction whose tiles are stored without asking
constexpr int64_t kLittle = 1 << 14;  ///< multiply-adds of a pixel so few that its copy must be fast

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

struct Plan : ConvExtents {
  int64_t run, runs;  ///< steps that follow each other in memory, and how many times
  bool by_rows;       ///< a run is a row of taps
  Space space;
  Tile tile;
  int blocks;  ///< of pixels, of a tile
  int64_t tiles_x;
  bool along_x;            ///< tasks are tiles of one row
  int64_t tiles_per_task;  ///< of the row, or rows
  ir::Type packed;         ///< of the weights
  int64_t panel_bytes() const { return int64_t{4} * kBlock * blocks * runs * round_up(run, kBlock); }
};

Plan make_plan(const ir::Conv2d& op, const Anchor& a) {
  Plan p{conv_extents(op, a)};
  p.by_rows = p.ic % kBlock != 0;
  p.run = p.by_rows ? p.kw * p.ic : p.ic;
  p.runs = p.by_rows ? p.kh : p.kh * p.kw;
  p.space = {.channels = p.oc,
             .x = p.ow,
             .y = p.oh,
             .steps = p.runs * p.run,
             .inner_steps = round_up(p.run, kBlock),
             .repeats = p.n,
             .panels = true,
             .long_epilogue = a.long_epilogue,
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  if (p.run % kBlock != 0) p.tile.unroll = 1;  // the loop is unrolled whole
  p.blocks = static_cast<int>(ceil_div(p.tile.px, kBlock));
  p.tiles_x = ceil_div(p.ow, p.tile.px);
  const int64_t width = p.tile.channels();
  p.packed = {ir::DType::f32, {ceil_div(p.oc, width), p.runs, p.run, width}, {}};
  p.along_x = p.oh == 1 || 2 * p.tiles_x * p.panel_bytes() > stack_limit(a.facts);
  const int64_t unit = p.along_x ? 1 : p.tiles_x, count = p.along_x ? p.tiles_x : p.oh;
  int64_t most = std::max<int64_t>(1, stack_limit(a.facts) / 4 / (unit * p.panel_bytes()));
  if (worth_parallel(a.facts, p.macs))
    most = std::min(most, std::max(ceil_div(kTilesPerTask, unit), ceil_div(count, 4 * a.facts.cores)));
  p.tiles_per_task = task_rows(most, count, a.optimize);
  return p;
}

/// Of a task's panels.
int64_t stack_bytes(const Plan& p) {
  return p.panel_bytes() * p.tiles_per_task * (p.along_x ? 1 : p.tiles_x);
}

ir::Tensor pack_weights(const ir::Tensor& weights, const Plan& p) {
  auto packed = ir::Tensor::zeros(p.packed);
  const auto from = weights.data<float>();
  auto to = packed.mutable_data<float>();
  const int64_t steps = p.kh * p.kw * p.ic, width = p.tile.channels();
  for (int64_t o = 0; o < p.oc; ++o)
    for (int64_t k = 0; k < steps; ++k) to[(o / width * steps + k) * width + o % width] = from[o * steps + k];
  return packed;
}

constexpr int kAcc = 0, kPanel = 1, kTaps = 2;  ///< stages.parts

Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

/// One input of the panel: step `k` of a run, zero outside the image. Pixels past the end of a row repeat the
/// last.
Expr panel_value(const ir::Conv2d& op, const Plan& p, const Func& in, const Expr& pixel, const Expr& k,
                 const Expr& run, const Expr& y, const Expr& b) {
  Expr x = pixel;
  if (p.ow % p.tile.px != 0 || p.tile.px % kBlock != 0)
    x = min(p.oc * p.space.steps < kLittle ? likely(pixel) : pixel, e(p.ow - 1));
  const Expr kx = p.by_rows || p.runs == 1 ? Expr(0) : run % e(p.kw);
  const Expr ky = p.by_rows ? run : p.runs == 1 ? Expr(0) : run / e(p.kw);
  const Expr ix = x * e(op.stride[1]) + kx * e(op.dilation[1]) - e(op.pad[1]);
  const Expr iy = y * e(op.stride[0]) + ky * e(op.dilation[0]) - e(op.pad[0]);
  const bool rows = op.pad[0] > 0 || p.padded_h > p.h, columns = op.pad[1] > 0 || p.padded_w > p.w;
  const Expr row = rows ? clamp(iy, 0, e(p.h - 1)) : iy;
  Expr value;
  if (p.by_rows) {
    const Expr at = ix * e(p.ic) + k, in_row = columns ? clamp(at, 0, e(p.w * p.ic - 1)) : at;
    value = in(in_row % e(p.ic), in_row / e(p.ic), row, b);
    if (columns) value = select(likely(between(0, at, e(p.w * p.ic))), value, 0.0f);
  } else {
    value = in(k, columns ? clamp(ix, 0, e(p.w - 1)) : ix, row, b);
    if (columns) value = select(likely(between(0, ix, e(p.w))), value, 0.0f);
  }
  if (rows) value = select(likely(between(0, iy, e(p.h))), value, 0.0f);
  return value;
}

}  // namespace

bool is_named(const std::string& strategy) { return strategy == "panels"; }

std::vector<Strategy> strategies(const ir::Conv2d& op, const Anchor& a) {
  const bool by_lane = a.facts.fma_lanes == kBlock && f32_lanes(a.facts) == kBlock;
  if (!by_lane || a.optimize == Optimize::size || op.groups != 1 || !a.constant[1] || has_halves(a))
    return {};
  const auto& weights = a.inputs[1].shape;
  const int64_t row = weights[2] * weights[3];
  const bool by_rows = op.dilation[1] == 1 && row > kBlock && row <= kLongestRow;
  if ((weights[3] % kBlock != 0 && !by_rows) || a.output.shape[3] < kBlock) return {};
  const Plan p = make_plan(op, a);
  if (stack_bytes(p) > usable_stack(a.facts)) return {};
  const double tiles = static_cast<double>(p.n * p.oh * p.tiles_x);
  const double moves = tiles * static_cast<double>(p.panel_bytes() / 16);
  const int64_t tasks = ceil_div(p.along_x ? p.tiles_x : p.oh, p.tiles_per_task);
  return {strategy_of(
      "panels", p.tile,
      vector_cycles(a.facts, moves / 2, 1.5 * moves) + weights_cycles(a.facts, p.packed.bytes(), tasks))};
}

std::vector<Packing> packing(const ir::Conv2d& op, const Anchor& a, const std::string&) {
  const Plan p = make_plan(op, a);
  std::vector<Packing> result(a.inputs.size());
  result[1].type = p.packed;
  result[1].apply = [p](const ir::Tensor& t) { return pack_weights(t, p); };
  if (p.has_bias && a.constant[2]) result[2] = packed_bias(a.inputs[2], round_up(p.oc, p.tile.channels()));
  return result;
}

Func algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const Plan p = make_plan(op, a);
  const int width = p.tile.channels(), px = p.tile.px;
  Var c("c"), x("x"), y("y"), b("b"), xi("xi"), ki("ki"), xs("xs"), kc("kc"), kt("kt"), xt("xt");

  // The algorithm.
  const Blocks blocks{p.run, kBlock};
  Func panel("panel"), taps("taps"), acc("acc");
  panel(xi, ki, xs, kc, kt, xt, y, b) =
      panel_value(op, p, in[0], xt * px + xs * kBlock + xi, blocks.start(kc) + ki, kt, y, b);
  taps(xi, ki, xs, kc, kt, xt, y, b) = panel(xi, ki, xs, kc, kt, xt, y, b);
  RDom r(0, e(p.run), 0, e(p.runs), "r");
  acc(c, x, y, b) = p.has_bias ? in[2](a.constant[2] ? Expr(c) : min(c, e(p.oc - 1))) : Expr(0.0f);
  Expr in_tile = x % px;
  acc(c, x, y, b) +=
      in[1](c % width, r.x, r.y, c / width) *
      taps(in_tile % kBlock, blocks.step(r.x), in_tile / kBlock, r.x / kBlock, r.y, x / px, y, b);
  stages.parts = {acc, panel, taps};
  return acc;
}

namespace {

void schedule_panel(const Plan& p, Stages& stages, const Var& task) {
  Func panel = stages.parts[kPanel];
  const auto v = panel.args();
  // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
  panel.compute_at(stages.output, task).store_in(MemoryType::Register);
  panel.bound(v[0], 0, kBlock).bound(v[1], 0, kBlock).bound(v[2], 0, p.blocks);
  panel.bound(v[3], 0, e(ceil_div(p.run, kBlock))).bound(v[4], 0, e(p.runs));
  panel.bound_extent(v[5], e(p.along_x ? p.tiles_per_task : p.tiles_x));
  panel.bound_extent(v[6], e(p.along_x ? 1 : p.tiles_per_task));
  // Four adjacent stores of every fourth element become one that transposes.
  panel.reorder(v[1], v[0], v[3], v[4], v[2], v[5], v[6], v[7]).vectorize(v[1]).unroll(v[0]);
}

void schedule_panel_taps(const Plan& p, Stages& stages) {
  Func taps = stages.parts[kTaps], acc = stages.parts[kAcc];
  const auto v = taps.args();
  schedule_taps(taps, acc, p.tile);
  taps.bound(v[1], 0, kBlock).bound(v[2], 0, p.blocks);
}

/// Whether tiles that lack pixels share the loops of whole ones (hidden.h): which pixels a tile has is asked
/// in a loop of one round around what stores them.
bool asks_where_stored(const Plan& p, const Stages& stages) {
  return p.ow % p.tile.px != 0 && (stages.sums.defined() || p.space.steps >= kShort);
}

}  // namespace

void schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const Plan p = make_plan(op, a);
  Func out = stages.output, acc = stages.parts[kAcc];
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.ow)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));

  // The schedule: tiles in the order columns, rows, channels, tasks.
  const auto tail = [](int64_t extent, int64_t tile) {
    return extent % tile == 0 ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  };
  Var ct("ct"), ci("ci"), cv("cv"), xt("xt"), xi("xi"), task("task"), row("row"), once("once");
  out.split(c, ct, ci, p.tile.channels(), tail(p.oc, p.tile.channels()))
      .split(ci, cv, ci, p.tile.lanes)
      .split(x, xt, xi, p.tile.px, tail(p.ow, p.tile.px));
  const bool asks = asks_where_stored(p, stages);
  const int64_t count = p.along_x ? p.tiles_x : p.oh;
  // A task that is one tile needs no hiding: what asks does that.
  const bool alone = asks && p.along_x && p.tiles_per_task == 1;
  const bool even = count % p.tiles_per_task == 0 && (alone || !p.along_x || p.ow % p.tile.px == 0);
  const Expr per_task = even ? e(p.tiles_per_task) : hidden(p.tiles_per_task);
  // A loop whose length is known as far as that it is one at most needs no loop, if that does not tell which
  // tasks are whole.
  out.split(xt, xt, once, !asks ? Expr(1) : alone ? hidden(1) : min(hidden(1), 1), TailStrategy::RoundUp);
  if (stages.sums.defined() && !alone) out.unroll(once);
  if (p.along_x) {
    out.split(xt, task, xt, per_task, tail(p.tiles_x, p.tiles_per_task));
    out.reorder({ci, cv, xi, once, xt, ct, task, y, b});
  } else {
    out.split(y, task, row, per_task, tail(p.oh, p.tiles_per_task));
    out.reorder({ci, cv, xi, once, xt, row, ct, task, b});
  }
  out.vectorize(ci);
  schedule_epilogue(out, cv, {xi}, xt, p.tile, stages.sums);
  if (worth_parallel(a.facts, p.macs)) out.parallel(p.along_x && p.oh > 1 ? y : task);

  acc.compute_at(out, xt);
  const auto v = acc.args();
  schedule_accumulator(acc, v[0], v[1], v[2], p.tile, {acc.rvars()[0], acc.rvars()[1]});
  // Which steps the last block of a run lacks is known once the loop is unrolled.
  if (p.run % kBlock != 0) acc.update().unroll(acc.rvars()[0]);
  schedule_panel_taps(p, stages);
  schedule_panel(p, stages, task);
}

}  // namespace halite::schedules::panels
