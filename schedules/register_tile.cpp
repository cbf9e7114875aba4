// Which register tile is the fastest: all that fit in the registers are compared by what they cost
// (tile_cost.h). And the loops over tiles, and inside one.
#include "schedules/register_tile.h"

#include <algorithm>

#include "ir/base/check.h"
#include "schedules/tile_cost.h"

namespace halite::schedules {
namespace {

using Halide::TailStrategy;

constexpr int kMaxPixels = 16;
constexpr int kMaxVectors = 8;

int lane_step(const targets::Facts& facts, const Space& s, int lanes) {
  const bool by_lane = facts.fma_lanes > 0 && lanes >= facts.fma_lanes && !s.depthwise;
  return by_lane && s.inner_steps % facts.fma_lanes == 0 ? facts.fma_lanes : 0;
}

/// Whether tiles of that many channels may cover the space.
bool allowed(const Space& s, int lanes, int vectors) {
  switch (s.rest) {
    case Rest::padded:
      // No vector that is all padding, no lanes of which half is.
      return (vectors - 1) * lanes < s.channels && (lanes == 1 || lanes / 2 < s.channels);
    case Rest::shifted:
      return vectors * lanes <= s.channels;
    case Rest::none:
      return s.channels % (vectors * lanes) == 0;
  }
  return false;
}

Halide::RVar lane_of_step() { return Halide::RVar("lane"); }
Halide::RVar vector_of_steps() { return Halide::RVar("vector"); }

/// Of vectors of that many f32.
int vector_registers(const targets::Facts& facts, int lanes) {
  const int groups = std::clamp(f32_lanes(facts) / lanes, 1, std::max(1, facts.register_group));
  return std::max(4, facts.vector_registers * groups);
}

/// Calls f(tile) for each tile that fits in the registers.
void for_each_tile(const targets::Facts& facts, const Space& s, auto&& f) {
  const int least_lanes = s.panels ? f32_lanes(facts) : 1;
  for (int lanes = f32_lanes(facts); lanes >= least_lanes; lanes /= 2) {
    for (int vectors = 1; vectors <= kMaxVectors; ++vectors) {
      if (!allowed(s, lanes, vectors)) continue;
      for (int px = 1; px <= std::min<int64_t>(kMaxPixels, s.x); ++px) {
        // Rows are tiled only where a whole row is shorter than a tile.
        const int max_py =
            px < s.x || s.panels ? 1 : static_cast<int>(std::min<int64_t>(kMaxPixels / px, s.y));
        for (int py = 1; py <= std::max(1, max_py); ++py) {
          if (s.once && (s.x % px != 0 || s.y % py != 0)) continue;
          const Tile t{lanes, vectors, px, py, lane_step(facts, s, lanes)};
          const int accumulators = px * py * vectors;
          const int registers = vector_registers(facts, lanes);
          // Soft float is a call per operation: nothing stays in registers across it.
          const int max_accumulators = facts.hard_float ? registers : std::max(4, registers / 2);
          const bool fits = registers_needed(facts, t, s) <= registers && accumulators <= max_accumulators;
          if (fits || accumulators == 1) f(t);
        }
      }
    }
  }
}

}  // namespace

int f32_lanes(const targets::Facts& facts) { return std::max(1, facts.vector_bits / 32); }
int64_t stack_limit(const targets::Facts& facts) {
  return facts.max_stack_bytes > 0 ? facts.max_stack_bytes : 64 * 1024;
}
int64_t usable_stack(const targets::Facts& facts) { return stack_limit(facts) * 3 / 4; }
bool worth_parallel(const targets::Facts& facts, int64_t macs) { return facts.cores > 1 && macs > 500'000; }

int64_t task_rows(int64_t most, int64_t count, Optimize optimize) {
  const int64_t rows = std::min(most, count);
  int64_t divisor = rows;
  while (count % divisor != 0) --divisor;
  const bool even = optimize == Optimize::size || 3 * divisor >= rows;
  return even ? divisor : ceil_div(count, ceil_div(count, rows));
}

/// In size mode the extents choose nothing but what they must, so that kernels of a kind come out alike and
/// can share their code (codegen/merge.h). Four accumulators of one pixel where the channels divide so, else
/// of several: a tile that divides its axis needs no second copy of the loops for the rest.
Tile compact_tile(const targets::Facts& facts, const Space& s) {
  Tile t;
  for (t.lanes = f32_lanes(facts); t.lanes > 1 && !allowed(s, t.lanes, 1);) t.lanes /= 2;
  for (int vectors : {2, 4}) {
    if (s.channels % (vectors * t.lanes) == 0) t.vectors = vectors;
  }
  for (t.px = 4 / t.vectors; s.x % t.px != 0;) t.px /= 2;
  t.lane_step = lane_step(facts, s, t.lanes);
  t.cycles = total_cycles(facts, s, t);
  return t;
}

namespace {

int usual_unroll(const Tile& t, const Space& s) {
  if (t.lane_step == 0) return 1;
  int unroll = s.most_unroll;
  while (s.inner_steps % (unroll * t.lane_step) != 0) unroll /= 2;
  return unroll;
}

TileShape shape_of(const Tile& t) { return {t.px, t.py, t.vectors, t.lanes, t.lane_step, t.unroll}; }

/// Whether the forced tile is `t`, but for how often loops are unrolled.
bool is_forced(const Space& s, const Tile& t) {
  if (!s.search.forced) return false;
  TileShape forced = *s.search.forced;
  constexpr int kMostUnroll = 8;
  const int steps = std::max(1, forced.lane_step) * forced.unroll;
  if (forced.unroll > (forced.lane_step > 0 ? kMostUnroll : 1) || s.inner_steps % steps != 0) return false;
  forced.unroll = t.unroll;
  return forced == shape_of(t);
}

/// The next best after `best`, by their cycles.
std::vector<TileShape> others(std::vector<Tile> all, const Tile& best, const Space& s) {
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < all.size(); ++i) order.emplace_back(all[i].cycles, i);
  std::ranges::sort(order);
  std::vector<TileShape> shapes;
  for (const auto& [cycles, i] : order) {
    if (std::ssize(shapes) >= s.search.alternatives) break;
    all[i].unroll = usual_unroll(all[i], s);
    if (shape_of(all[i]) != shape_of(best)) shapes.push_back(shape_of(all[i]));
  }
  return shapes;
}

}  // namespace

Tile choose_tile(const targets::Facts& facts, Optimize optimize, const Space& s) {
  if (optimize == Optimize::size) return compact_tile(facts, s);
  int channels = 0;  // of the tiles that weights are packed for; 0: any
  if (s.fewest_x > 0 && s.fewest_x < s.x) {
    Space least = s;
    least.x = least.fewest_x;
    channels = choose_tile(facts, optimize, least).channels();
  }
  // Of one group and batch: rounding must not tell tiles apart that cost the same, lest the weights of one
  // model be packed in another way for each number of images.
  Space once = s;
  once.repeats = 1;
  Tile best;
  best.cycles = -1;
  bool forced = false;
  std::vector<Tile> all;
  for_each_tile(facts, s, [&](Tile t) {
    if (channels > 0 && t.channels() != channels) return;
    t.cycles = total_cycles(facts, once, t);
    if (s.search.alternatives > 0) all.push_back(t);
    if (is_forced(s, t)) {
      best = t, best.unroll = s.search.forced->unroll, forced = true;
    } else if (!forced && (best.cycles < 0 || t.cycles < best.cycles)) {
      best = t;
    }
  });
  HALITE_CHECK(best.cycles >= 0, "no register tile fits");
  if (!forced) best.unroll = usual_unroll(best, s);
  best.others = others(std::move(all), best, s);
  best.cycles *= static_cast<double>(s.repeats);
  best.peak_cycles = peak_cycles(facts, s);
  best.bound = bound_of(facts, best, s);
  return best;
}

Strategy strategy_of(std::string name, const Tile& t, double more) {
  Strategy result{std::move(name), t.cycles + more, t.peak_cycles,
                  more > t.cycles ? Bound::weights : t.bound};
  result.tiles.push_back(shape_of(t));
  result.tiles.insert(result.tiles.end(), t.others.begin(), t.others.end());
  return result;
}

namespace {

/// The elements of one tile of a Func: fixed extents, whole vectors, no loops.
void hold_tile(Halide::Func f, const Halide::Var& c, const Halide::Var& x, const Halide::Var& y,
               const Tile& t) {
  Halide::Var ci("aci"), cv("acv");
  f.store_in(Halide::MemoryType::Stack)
      .bound_extent(c, t.channels())
      .bound_extent(x, t.px)
      .bound_extent(y, t.py);
  f.split(c, cv, ci, t.lanes).vectorize(ci).unroll(cv).unroll(x).unroll(y);
}

}  // namespace

TileLoops split_output(Halide::Func output, const Halide::Var& c, const Halide::Var& x, const Halide::Var& y,
                       const Tile& t, const Space& s, Halide::Func sums) {
  TileLoops l;
  const auto tail = [](int64_t extent, int tile, TailStrategy rest) {
    return extent % tile == 0 ? TailStrategy::RoundUp : rest;
  };
  const auto rest = s.rest == Rest::padded ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards;
  output.split(c, l.c, l.ci, t.channels(), tail(s.channels, t.channels(), rest))
      .split(x, l.x, l.xi, t.px,
             tail(s.x, t.px, s.panels ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards))
      .split(y, l.y, l.yi, t.py, tail(s.y, t.py, TailStrategy::ShiftInwards))
      .split(l.ci, l.cv, l.ci, t.lanes)
      .vectorize(l.ci);
  schedule_epilogue(output, l.cv, {l.xi, l.yi}, l.x, t, sums);
  return l;
}

void schedule_epilogue(Halide::Func output, const Halide::Var& vectors,
                       const std::vector<Halide::Var>& pixels, const Halide::Var& tiles, const Tile& t,
                       Halide::Func sums) {
  constexpr int kMostInLoop = 4;  // vectors, whose polynomials keep their numbers in registers
  if (sums.defined()) {
    const auto v = sums.args();
    sums.compute_at(output, tiles);
    hold_tile(sums, v[0], v[1], v[2], t);
    if (t.vectors <= kMostInLoop) output.unroll(vectors);
    if (2 * t.vectors <= kMostInLoop && t.px % 2 == 0) output.unroll(pixels.front(), 2);
  } else {
    output.unroll(vectors);
    for (const auto& pixel : pixels) output.unroll(pixel);
  }
}

void schedule_accumulator(Halide::Func acc, const Halide::Var& c, const Halide::Var& x, const Halide::Var& y,
                          const Tile& t, const std::vector<Halide::RVar>& reduction) {
  Halide::Var ci("aci"), cv("acv");
  hold_tile(acc, c, x, y, t);
  std::vector<Halide::VarOrRVar> order{ci, cv, x, y};
  auto update = acc.update();
  if (t.lane_step > 0) {
    const Halide::RVar step = lane_of_step();
    update.split(reduction[0], reduction[0], step, t.lane_step).unroll(step);
    order.push_back(step);
    if (t.unroll > 1) {
      update.split(reduction[0], reduction[0], vector_of_steps(), t.unroll).unroll(vector_of_steps());
      order.push_back(vector_of_steps());
    }
  }
  order.insert(order.end(), reduction.begin(), reduction.end());
  update.split(c, cv, ci, t.lanes).reorder(order).vectorize(ci).unroll(cv).unroll(x).unroll(y);
}

Halide::Expr Blocks::start(const Halide::Expr& block) const {
  const Halide::Expr at = block * lanes;
  return even() ? at : Halide::min(at, static_cast<int>(run) - lanes);
}

Halide::Expr Blocks::step(const Halide::Expr& k) const {
  if (even()) return k % lanes;
  const int whole = static_cast<int>(run) / lanes * lanes, last = static_cast<int>(run) - lanes;
  return Halide::select(k < whole, k % lanes, Halide::clamp(k - last, 0, lanes - 1));
}

void unroll_taps(const targets::Facts& facts, Halide::Func acc, Halide::Func weights, const Space& s,
                 const Tile& t) {
  const auto v = acc.args();
  const Halide::RVar taps = acc.rvars()[1], rows = acc.rvars()[2];
  auto update = acc.update();
  if (shares_inputs(facts, s)) {
    update.reorder(Halide::Var("acv"), taps, v[1], v[2]);
    Halide::Func row = weights.in(acc);
    const auto w = row.args();
    row.compute_at(acc, rows).store_in(Halide::MemoryType::Stack);
    row.bound_extent(w[0], t.channels()).bound_extent(w[1], static_cast<int>(s.taps));
    row.vectorize(w[0], t.lanes).unroll(w[0]).unroll(w[1]);
  }
  update.unroll(taps);
}

void schedule_taps(Halide::Func taps, Halide::Func acc, const Tile& t) {
  const auto v = taps.args();
  taps.compute_at(acc, t.unroll > 1 ? vector_of_steps() : acc.rvars()[0]).store_in(Halide::MemoryType::Stack);
  taps.bound_extent(v[0], t.lane_step).vectorize(v[0], t.lane_step);
  for (size_t d = 1; d < v.size(); ++d) taps.unroll(v[d]);
}

}  // namespace halite::schedules
