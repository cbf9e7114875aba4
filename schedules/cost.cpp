// See cost.h.
#include "schedules/cost.h"

#include <algorithm>

namespace halite::schedules {
namespace {

// Loads run ahead of the multipliers, so these are what remains to wait for.
constexpr double kMemoryBytes = 12;  ///< a cycle, from memory or a cache that cores share
constexpr double kNearBytes = 64;    ///< a cycle, from a core's own last cache

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

}  // namespace halite::schedules
