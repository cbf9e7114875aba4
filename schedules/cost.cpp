// See cost.h.
#include "schedules/cost.h"

#include <algorithm>
#include <vector>

namespace halite::schedules {
namespace {

// Loads run ahead of the multipliers, so these are what remains to wait for.
constexpr double kMemoryBytes = 12;  ///< a cycle, from memory or a cache that cores share
constexpr double kNearBytes = 64;    ///< a cycle, from a core's own last cache

constexpr int kFewCores = 4;

}  // namespace

double busy_cycles(const targets::Facts& facts, double arithmetic, double memory) {
  return std::max({arithmetic / std::max(1, facts.fma_throughput), memory / 2, (arithmetic + memory) / 4});
}

Bound busiest(const targets::Facts& facts, double arithmetic, double memory) {
  const double cycles = busy_cycles(facts, arithmetic, memory);
  if (arithmetic / std::max(1, facts.fma_throughput) >= cycles) return Bound::multipliers;
  return memory / 2 >= cycles ? Bound::memory : Bound::front_end;
}

double vector_cycles(const targets::Facts& facts, double arithmetic, double memory) {
  return busy_cycles(facts, arithmetic, memory) + kInstructionCycles * (arithmetic + memory);
}

double weights_cycles(const targets::Facts& facts, int64_t bytes, int64_t times) {
  const int64_t cache = facts.l2_bytes > 0 ? facts.l2_bytes : facts.l1_bytes;
  const double per_cycle = cache == 0 || bytes > cache ? kMemoryBytes : kNearBytes;
  return static_cast<double>(bytes) * static_cast<double>(times) / per_cycle;
}

bool has_few_cores(const targets::Facts& facts) { return facts.cores > 1 && facts.cores <= kFewCores; }

double uneven(const targets::Facts& facts, int64_t units, int64_t per_task, int64_t times) {
  if (!has_few_cores(facts)) return 1;
  std::vector<int64_t> busy(facts.cores);
  for (int64_t i = 0; i < times; ++i) {
    for (int64_t first = 0; first < units; first += per_task)
      *std::ranges::min_element(busy) += std::min(per_task, units - first);
  }
  return static_cast<double>(std::ranges::max(busy) * facts.cores) / static_cast<double>(units * times);
}

int64_t even_tasks(const targets::Facts& facts, int64_t units, int64_t most) {
  int64_t best = std::min(most, units);
  for (int64_t n = best - 1; n > 0; --n)
    if (uneven(facts, units, n) < uneven(facts, units, best) - 0.02) best = n;
  return best;
}

}  // namespace halite::schedules
