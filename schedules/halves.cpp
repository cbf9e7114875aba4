// See halves.h.
#include "schedules/halves.h"

namespace halite::schedules {
namespace {

constexpr int64_t kStep = 8;          ///< channels of a run come in vectors, for tiles that use them by lane
constexpr int64_t kShortestRun = 16;  ///< shorter ones cost more than products in f32

/// The longest run of channels that divides them; 0 if there is none worth its sum.
int64_t run_of(int64_t channels) {
  for (int64_t run = kLongestRun; run >= kShortestRun; run -= kStep)
    if (channels % run == 0) return run;
  return 0;
}

}  // namespace

targets::Facts halves_facts(targets::Facts facts) {
  facts.vector_bits *= 2;
  facts.fma_lanes *= 2;
  // Lanes of f16 are taken from the lower half of the registers alone, which leaves no lists of them.
  facts.load_list = 0;
  return facts;
}

Sums plan_sums(const Anchor& a, int64_t channels, int64_t columns, int64_t rows) {
  Sums s{.channels = channels, .columns = columns, .rows = rows};
  if (!has_halves(a) || !a.facts.native_f16) return s;
  if (channels * columns * rows <= kLongestRun) {
    s.factor = Halide::Float(16);
    return s;
  }
  const int64_t run = channels <= kLongestRun ? channels : run_of(channels);
  if (run * columns < kShortestRun) return s;
  s.factor = Halide::Float(16);
  s.in_runs = true;
  s.rows = 1;
  s.channels = run;
  if (run * columns > kLongestRun) s.columns = 1;
  return s;
}

Halide::Func schedule_sums(Halide::Func acc, Halide::Func run, const Sums& sums, const Tile& tile) {
  Halide::Func products = acc;
  if (sums.in_runs) {
    Tile totals = tile;
    totals.lane_step = 0;  // sums of runs use no inputs
    const auto v = acc.args();
    schedule_accumulator(acc, v[0], v[1], v[2], totals, acc.rvars());
    run.compute_at(acc, acc.rvars()[0]);
    products = run;
  }
  const auto v = products.args();
  schedule_accumulator(products, v[0], v[1], v[2], tile, products.rvars());
  return products;
}

}  // namespace halite::schedules
