// Several memories: which interval lies in which of them, and where there. Like the planner (plan.h), this
// knows intervals and not tensors.
#pragma once

#include "codegen/plan.h"

namespace halite::codegen {

struct Room {
  int64_t bytes = 0;
  int64_t reserved = 0;  ///< of them taken already, at the beginning
  bool fast = false;
};

struct Assignment {
  std::vector<size_t> room;      ///< by interval
  std::vector<int64_t> offsets;  ///< in its room
  std::vector<int64_t> bytes;    ///< by room: taken, what is reserved included; more than Room::bytes if the
                                 ///< intervals do not fit
  std::vector<int64_t> lower_bounds;  ///< by room
  bool fits = true;
};

/// `accesses`, by interval: how often its bytes are read and written. Prefers the fast rooms for intervals
/// with most accesses a byte, and gives the others the first room that holds them. Rooms are aligned as any
/// interval may ask. Deterministic.
Assignment assign_rooms(const std::vector<Interval>&, const std::vector<int64_t>& accesses,
                        const std::vector<Overlap>&, const std::vector<Room>&);

}  // namespace halite::codegen
