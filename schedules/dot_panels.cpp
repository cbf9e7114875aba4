// See dot_panels.h. The panel is indexed by i (byte of a chunk), xi (pixel of four), ki (chunk of a block),
// xs (which four pixels of the tile), kc (which block), then the tile's xt, y, b.
#include "schedules/dot_panels.h"

#include <algorithm>

#include "schedules/dot.h"

namespace halite::schedules::integer {
namespace {

using namespace Halide;

constexpr int kPixels = 4;      ///< whose chunks one vector holds
constexpr int kMostUnroll = 8;  ///< chunks

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

/// Places in stages.parts.
constexpr int kPanel = 3, kPixelRuns = 4, kTaps = 5;

int64_t chunks(const ConvPlan& p) { return p.kh * p.taps * p.steps; }
int64_t blocks(const ConvPlan& p) { return chunks(p) / p.panel_block; }
int64_t fours(const ConvPlan& p) { return ceil_div(p.tile.px, kPixels); }

int unroll(const ConvPlan& p) {
  int best = p.panel_block;
  for (int u = best; u <= kMostUnroll / 2; u += p.panel_block)
    if (chunks(p) % u == 0) best = u;
  return best;
}

RVar vector_of_chunks() { return RVar("chunks"); }

}  // namespace

std::optional<ConvPlan> plan_dot_panels(const ir::Conv2d& op, const Anchor& a, ConvPlan p) {
  if (a.facts.dot_lanes != kPixels || p.product.chunk != 4 || f32_lanes(a.facts) != kPixels) return {};
  if (p.product.method != Method::dots || a.optimize == Optimize::size || !a.constant[1]) return {};
  if (p.ocg != p.oc || p.oc < f32_lanes(a.facts) || a.long_epilogue) return {};
  p.panel_block = p.steps % 4 == 0 ? 4 : p.steps % 2 == 0 ? 2 : 1;
  p.space.inner_steps = kPixels;
  p.space.panels = true;
  targets::Facts facts = a.facts;
  facts.fma_lanes = facts.dot_lanes;
  p.tile = choose_tile(facts, a.optimize, p.space);
  // Rows that are copied take up to a half of the stack (plan_rows), or what the kernel's rows need.
  const int64_t panel = 4 * kPixels * fours(p) * chunks(p) * ceil_div(p.ow, p.tile.px),
                strip = p.copy == Copy::none ? 0 : ((p.kh - 1) * op.dilation[0] + 1) * p.row;
  if (std::max(strip, stack_limit(a.facts) / 2) + panel > stack_limit(a.facts) * 7 / 8) return {};
  return p;
}

void sum_panels(const ConvPlan& p, Stages& stages, Func acc, const Func& weights,
                const PanelElement& element) {
  Var i("i"), k("k"), xi("xi"), ki("ki"), xs("xs"), kc("kc"), xt("xt"), c("c"), x("x"), y("y"), b("b");
  const int block = p.panel_block, px = p.tile.px;
  const Expr per_run = e(p.steps / block);

  // The algorithm.
  Func runs("runs"), panel("panel"), taps("taps");
  Expr pixel = xt * px + xs * kPixels + xi;
  // Pixels past the end of a row repeat the last.
  if (p.ow % px != 0 || px % kPixels != 0) pixel = min(pixel, e(p.ow - 1));
  runs(k, xi, kc, xs, xt, y, b) = element(pixel, y, b, kc % per_run * (4 * block) + k, kc / per_run);
  panel(i, xi, ki, xs, kc, xt, y, b) = runs(ki * 4 + i, xi, kc, xs, xt, y, b);
  taps(i, xi, ki, xs, kc, xt, y, b) = panel(i, xi, ki, xs, kc, xt, y, b);
  RDom r(0, 4, 0, e(chunks(p)), "r");
  const Expr in_tile = x % px, sum = acc(c, x, y, b);
  acc(c, x, y, b) = accumulate(
      p.product, sum, weights(r.x, packed_lane(c, p.tile), r.y, 0, c / p.tile.channels()), r.x,
      [&](const Expr& lane) {
        return taps(lane, in_tile % kPixels, r.y % block, in_tile / kPixels, r.y / block, x / px, y, b);
      });
  stages.parts.insert(stages.parts.end(), {panel, runs, taps});
}

void schedule_panels(const ConvPlan& p, Stages& stages, Func acc, const Var& row) {
  Func panel = stages.parts[kPanel], runs = stages.parts[kPixelRuns], taps = stages.parts[kTaps];
  const int block = p.panel_block;
  const auto v = acc.args();

  // The schedule: the tile's sums.
  Var ci("aci"), cv("acv");
  acc.store_in(MemoryType::Stack).bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px);
  acc.bound_extent(v[2], 1);
  acc.split(v[0], cv, ci, p.tile.lanes).vectorize(ci).unroll(cv).unroll(v[1]);
  const auto r = acc.rvars();
  auto update = acc.update();
  update.split(r[1], r[1], vector_of_chunks(), unroll(p)).unroll(vector_of_chunks());
  update.split(v[0], cv, ci, p.tile.lanes);
  update.reorder({r[0], ci, cv, v[1], v[2], vector_of_chunks(), r[1]}).atomic();
  update.vectorize(r[0]).vectorize(ci).unroll(cv).unroll(v[1]);

  // Its inputs, a vector of four pixels at a time.
  const auto t = taps.args();
  taps.compute_at(acc, r[1]).store_in(MemoryType::Stack);
  taps.bound(t[0], 0, 4).bound(t[1], 0, kPixels).bound(t[2], 0, block).bound(t[3], 0, e(fours(p)));
  taps.vectorize(t[0]).vectorize(t[1]);
  for (size_t d = 2; d < t.size(); ++d) taps.unroll(t[d]);

  // The panel of a row of tiles.
  const auto w = panel.args();
  Var ko("ko");
  // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
  panel.compute_at(stages.output, row).store_in(MemoryType::Register);
  panel.bound(w[0], 0, 4).bound(w[1], 0, kPixels).bound(w[2], 0, block).bound(w[3], 0, e(fours(p)));
  panel.bound(w[4], 0, e(blocks(p))).bound(w[5], 0, e(ceil_div(p.ow, p.tile.px))).bound_extent(w[6], 1);
  panel.split(w[4], ko, w[4], e(p.steps / block));
  panel.reorder({w[0], w[1], w[2], w[4], ko, w[3], w[5], w[6], w[7]});
  panel.vectorize(w[0]).vectorize(w[1]).vectorize(w[2]);
  runs.compute_at(panel, w[4]).store_in(MemoryType::Stack);
  const auto q = runs.args();
  runs.bound(q[0], 0, 4 * block).bound(q[1], 0, kPixels).vectorize(q[0]).unroll(q[1]);
}

}  // namespace halite::schedules::integer
