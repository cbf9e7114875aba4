// The memory planner: intervals of steps in, offsets out. It does not know what a tensor is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace halite::codegen {

/// `align`: a power of two.
inline int64_t align_up(int64_t value, int64_t align) { return (value + align - 1) & -align; }

struct Interval {
  int64_t size = 0;         ///< bytes
  int64_t align = 1;        ///< power of two
  int first = 0, last = 0;  ///< steps, inclusive
};

/// Two intervals that are alive together may overlap all the same if `upper` begins no later than `delta`
/// bytes behind the beginning of `lower` (a step that writes the one while it eats up the other).
struct Overlap {
  size_t upper = 0, lower = 0;  ///< indices of intervals
  int64_t delta = 0;            ///< may be negative
};

struct Plan {
  std::vector<int64_t> offsets;  ///< parallel to the intervals
  int64_t bytes = 0;             ///< extent of the arena
  int64_t lower_bound = 0;       ///< most bytes alive at one step: no plan can do better
};

/// No plan takes fewer bytes.
int64_t plan_lower_bound(const std::vector<Interval>&, const std::vector<Overlap>& = {});

/// Offsets such that intervals alive at a common step do not overlap but where an Overlap allows it. First
/// fit over several orders and seeded perturbations of the best one, until the lower bound is met or `effort`
/// tries are spent; few intervals are then searched exactly, within a limit of work. As few as `enough` bytes
/// end the search early. Deterministic.
Plan plan_memory(const std::vector<Interval>&, const std::vector<Overlap>& = {}, int effort = 400,
                 int64_t enough = 0);

}  // namespace halite::codegen
