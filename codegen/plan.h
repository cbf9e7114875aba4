// The memory planner: intervals of steps in, offsets out. It does not know what a tensor is.
#pragma once

#include <cstdint>
#include <vector>

namespace halite::codegen {

struct Interval {
  int64_t size = 0;         ///< bytes
  int64_t align = 1;        ///< power of two
  int first = 0, last = 0;  ///< steps, inclusive
};

struct Plan {
  std::vector<int64_t> offsets;  ///< parallel to the intervals
  int64_t bytes = 0;             ///< extent of the arena
  int64_t lower_bound = 0;       ///< largest sum of the sizes alive at one step: no plan can do better
};

/// Offsets such that intervals alive at a common step do not overlap. First fit over several orders and
/// seeded perturbations of the best one, until the lower bound is met or `effort` tries are spent;
/// deterministic.
Plan plan_memory(const std::vector<Interval>&, int effort = 400);

}  // namespace halite::codegen
