// Which products are computed in tile registers, and by which tiles. The figures are of Intel's optimization
// manual for the first machines that have them (Sapphire Rapids, chapter on AMX).
#include "schedules/tile_registers.h"

#include <algorithm>

namespace halite::schedules {
namespace {

using ir::DType;

constexpr double kLatency = 52;      ///< cycles until a product may be added to
constexpr double kRowsLoaded = 2;    ///< in a cycle
constexpr double kDotsPerCycle = 2;  ///< of vectors of 16 sums

struct Cost {
  double cycles;
  Bound bound;
};

/// Of a tile that holds `down` registers of pixels.
Cost cost_of(const Space& s, const Tile& t, int down, int64_t steps_of_register) {
  const auto count = [](int64_t extent, int64_t part) { return static_cast<double>(ceil_div(extent, part)); };
  const double tiles = count(s.x, t.px) * count(s.y, t.py) * count(s.channels, t.channels());
  const double pixels = t.px * t.py, sums = pixels * t.vectors;
  const double loads = (static_cast<double>(steps_of_register) * t.vectors + pixels) / kRowsLoaded;
  const double products =
      static_cast<double>(s.steps / steps_of_register) * std::max({sums, loads, kLatency});
  constexpr double kPerRow = 3, kPerTile = 20;  // sums begin, are loaded and stored
  const double ends = kPerRow * sums + kPerTile * down;
  const Bound bound = ends > products                    ? Bound::tile_ends
                      : kLatency > std::max(sums, loads) ? Bound::latency
                      : loads > sums                     ? Bound::memory
                                                         : Bound::multipliers;
  return {tiles * (products + ends), bound};
}

}  // namespace

int64_t tile_depth(int64_t run_steps) {
  int64_t steps = std::min<int64_t>(kTileRows, run_steps);
  while (run_steps % steps != 0) --steps;
  return steps;
}

Tile tile_of_registers(const Space& s, int64_t run_steps) {
  Tile best;
  const int vectors = s.channels > kTileLanes ? 2 : 1;
  for (int rows = 1; rows <= kTileRows; ++rows) {
    for (int down : {1, 2}) {
      for (bool along_x : {true, false}) {
        Tile t{.lanes = kTileLanes, .vectors = vectors, .px = along_x ? rows * down : rows};
        t.py = along_x ? 1 : down;
        if (t.px > s.x || t.py > s.y || (s.once && (s.x % t.px != 0 || s.y % t.py != 0))) continue;
        const auto [cycles, bound] = cost_of(s, t, down, tile_depth(run_steps));
        t.cycles = cycles, t.bound = bound;
        if (best.cycles == 0 || t.cycles < best.cycles) best = t;
      }
    }
  }
  best.cycles *= static_cast<double>(s.repeats);
  best.peak_cycles =
      static_cast<double>(s.repeats * s.x * s.y * s.channels * s.steps) / (kTileLanes * kTileRows);
  return best;
}

void choose_tile_registers(Product& p, const Anchor& a, int64_t rows, int64_t steps, int64_t run,
                           bool slack) {
  if (a.optimize == Optimize::size || a.shares_code) return;
  const bool bf16 = p.x == DType::bf16 && a.facts.bf16_tiles;
  const bool bytes = a.facts.int8_tiles && is_byte(p.x) && is_byte(p.weights) && p.acc == DType::i32 &&
                     p.sum == DType::i32 && (p.x_zero == 0 || p.packs_bias);
  const int chunk = bf16 ? 2 : 4;
  if (!(bf16 || bytes) || (!slack && run % chunk != 0)) return;
  const int64_t run_steps = ceil_div(run, chunk), all_steps = ceil_div(steps, run) * run_steps;
  const int64_t channels = a.output.shape.back();
  const Space s{.channels = channels, .x = std::min<int64_t>(rows, kTileRows), .steps = all_steps};
  const double dots = static_cast<double>(s.x * ceil_div(channels, kTileLanes) * all_steps) / kDotsPerCycle;
  if (tile_of_registers(s, run_steps).cycles >= dots) return;
  p.method = Method::tile_registers;
  p.chunk = chunk;
  p.folded = p.x_zero != 0;
}

}  // namespace halite::schedules
