// The cost model of register tiles. One step of the reduction costs the largest of: its multiply-adds over
// the throughput, its loads over two ports, its instructions over a four-wide front end, and the latency of
// one multiply-add (each accumulator is a chain). Channels past the end of a group and pixels computed twice
// at the edges count as work, so a tile that divides the output wins over a larger one that does not.
#include "schedules/register_tile.h"

#include <algorithm>

#include "ir/base/check.h"
#include "schedules/cost.h"

namespace halite::schedules {
namespace {

using Halide::TailStrategy;

constexpr int kMaxPixels = 16;
constexpr int kMaxVectors = 8;
constexpr int64_t kMostSharedTaps = 7;

/// Where tiles are compared by their instructions alone: they issue like multiply-adds.
double cycles_per_instruction(const targets::Facts& facts) { return 1.0 / std::max(1, facts.fma_throughput); }

/// Where multiply-adds take registers alone, a depthwise kernel's taps of a row keep what pixels share.
bool shares_inputs(const targets::Facts& facts, const Space& s) {
  return s.depthwise && facts.fma_lanes > 0 && s.taps > 0 && s.taps <= kMostSharedTaps;
}

/// Instructions of one step by lanes of panels. What lies side by side is loaded two registers at a time; a
/// loop over eight steps ends in three.
double panel_step(const Tile& t) {
  const double inputs = ceil_div(t.px, t.lane_step);
  return t.px * t.vectors + (inputs + t.vectors) / 2 + 3 / 8.0;
}

/// Instructions of a tile of a depthwise kernel whose neighbouring pixels share inputs in registers.
double depthwise_tile(const Space& s, const Tile& t) {
  const double taps = static_cast<double>(s.taps), stride = static_cast<double>(s.stride);
  const double inputs = std::min(t.px * taps, t.px * stride + std::max(0.0, taps - stride));
  const double rows = static_cast<double>(s.steps) / taps * t.py;
  return rows * (taps * t.px * t.vectors + (inputs + taps) * t.vectors + 6) + 4.0 * t.px * t.py * t.vectors +
         20;
}

int registers_needed(const targets::Facts& facts, const Tile& t, const Space& s) {
  const int pixels = t.px * t.py, accumulators = pixels * t.vectors;
  // Both come in pairs of registers: inputs of two steps, and weights of two where those of one are odd.
  if (s.panels)
    return accumulators + 2 * static_cast<int>(ceil_div(t.px, t.lane_step)) +
           t.vectors * (t.vectors % 2 == 0 ? 1 : 2);
  if (t.lane_step > 0) return accumulators + pixels + t.vectors;
  // Weights of a row of taps, and inputs of one pixel.
  if (shares_inputs(facts, s)) return accumulators + 2 * t.vectors * static_cast<int>(s.taps) + 1;
  if (s.depthwise) return accumulators + 2 * t.vectors;
  // A broadcast from memory into the multiply-add takes no register, a broadcast load takes one.
  return accumulators + t.vectors + (facts.lane_broadcast_fma && facts.vector_bits > 0 ? 0 : 1);
}

/// Instructions of one step of the reduction.
struct Step {
  double fmas, loads;
};

Step step_of(const Tile& t, const Space& s) {
  const double pixels = t.px * t.py, fmas = pixels * t.vectors;
  const double inputs = s.depthwise ? fmas : t.lane_step > 0 ? pixels / t.lane_step : pixels;
  // Where inputs are used lane by lane, the weights of the steps between two loads of them come in pairs.
  return {fmas, t.lane_step > 0 ? t.vectors / 2.0 + inputs : t.vectors + inputs};
}

double step_cycles(const targets::Facts& facts, const Tile& t, const Space& s) {
  const auto [fmas, loads] = step_of(t, s);
  // Where lanes are for free, a broadcast is a load and, of several pixels, its address.
  const double broadcasts = t.lane_step > 0 || t.px * t.py == 1 ? 0 : t.px * t.py;
  if (facts.fma_lanes > 0 && !s.depthwise)
    return cycles_per_instruction(facts) * (fmas + loads + broadcasts + 1);
  return std::max(busy_cycles(facts, fmas, loads), static_cast<double>(facts.fma_latency)) +
         kInstructionCycles * (fmas + loads + 1);
}

/// Around the reduction: the accumulators are set and stored, addresses computed.
double cycles_around(const Tile& t) { return 2.0 * t.px * t.py * t.vectors + 12; }

Bound bound_of(const targets::Facts& facts, const Tile& t, const Space& s) {
  const auto [fmas, loads] = step_of(t, s);
  const double cycles = step_cycles(facts, t, s);
  if (cycles_around(t) > cycles * static_cast<double>(s.steps)) return Bound::tile_ends;
  if (facts.fma_latency > busy_cycles(facts, fmas, loads)) return Bound::latency;
  return busiest(facts, fmas, loads);
}

/// With the longest vectors and every multiplier busy.
double peak_cycles(const targets::Facts& facts, const Space& s) {
  const double products =
      static_cast<double>(s.channels * s.x * s.y) * static_cast<double>(s.steps * s.repeats);
  return products / (f32_lanes(facts) * std::max(1, facts.fma_throughput));
}

/// The last tile along the channels has no more vectors than it needs.
double panel_cycles(const targets::Facts& facts, const Space& s, const Tile& t) {
  const auto cost = [&](int vectors) {
    Tile part = t;
    part.vectors = vectors;
    return panel_step(part) * static_cast<double>(s.steps) + 4.0 * part.px * vectors + 16;
  };
  const int64_t whole = s.channels / t.channels(), rest = s.channels % t.channels();
  const double of_pixels = static_cast<double>(whole) * cost(t.vectors) +
                           (rest > 0 ? cost(static_cast<int>(ceil_div(rest, t.lanes))) : 0);
  return of_pixels * static_cast<double>(ceil_div(s.x, t.px) * s.y * s.repeats) *
         cycles_per_instruction(facts);
}

double total_cycles(const targets::Facts& facts, const Space& s, const Tile& t) {
  if (s.panels) return panel_cycles(facts, s, t);
  if (shares_inputs(facts, s))
    return static_cast<double>(ceil_div(s.channels, t.channels()) * ceil_div(s.x, t.px) *
                               ceil_div(s.y, t.py) * s.repeats) *
           depthwise_tile(s, t) * cycles_per_instruction(facts);
  const double tiles = static_cast<double>(ceil_div(s.channels, t.channels()) * ceil_div(s.x, t.px) *
                                           ceil_div(s.y, t.py) * s.repeats);
  const double steps = static_cast<double>(s.steps);
  // Larger pixel tiles read the weights less often, which counts beyond the first cache; the short vectors of
  // machines that use inputs lane by lane come in time.
  const double weights = t.lane_step > 0 ? 0 : steps * t.vectors * 0.25;
  // A partial last tile along an axis is a second copy of the loops; where inputs are used lane by lane, of a
  // long epilogue besides.
  const double copy = s.long_epilogue && t.lane_step > 0 ? 1.1 : 1.03;
  double copies = 1;
  if (s.channels % t.channels() != 0) copies *= copy;
  if (s.x % t.px != 0) copies *= copy;
  if (s.y % t.py != 0) copies *= copy;
  return tiles * (step_cycles(facts, t, s) * steps + cycles_around(t) + weights) * copies;
}

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

/// Calls f(tile) for each tile that fits in the registers.
void for_each_tile(const targets::Facts& facts, const Space& s, auto&& f) {
  const int registers = std::max(4, facts.vector_registers);
  // Soft float is a call per operation: nothing stays in registers across it.
  const int max_accumulators = facts.hard_float ? registers : std::max(4, registers / 2);
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
  return t.lane_step > 0 && s.inner_steps % (2 * t.lane_step) == 0 ? 2 : 1;
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
      .split(x, l.x, l.xi, t.px, tail(s.x, t.px, TailStrategy::ShiftInwards))
      .split(y, l.y, l.yi, t.py, tail(s.y, t.py, TailStrategy::ShiftInwards))
      .split(l.ci, l.cv, l.ci, t.lanes)
      .vectorize(l.ci);
  if (sums.defined()) {
    const auto v = sums.args();
    sums.compute_at(output, l.x);
    hold_tile(sums, v[0], v[1], v[2], t);
    if (t.vectors <= 4) output.unroll(l.cv);
  } else {
    output.unroll(l.cv).unroll(l.xi).unroll(l.yi);
  }
  return l;
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
