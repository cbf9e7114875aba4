// What code costs on a machine, from its facts: what schedules compare strategies and tiles by. Cycles are
// those of one core; only their ratios matter.
#pragma once

#include <cstdint>

#include "schedules/choice.h"
#include "targets/target.h"

namespace halite::schedules {

/// Between codes that keep a machine equally busy the one with fewer instructions is better: so much each.
constexpr double kInstructionCycles = 0.05;

/// Cycles of that many arithmetic instructions and that many loads and stores: of the busiest of the
/// multipliers, two ports to memory and a front end of four.
double busy_cycles(const targets::Facts&, double arithmetic, double memory);

/// Which of them it is.
Bound busiest(const targets::Facts&, double arithmetic, double memory);

/// The same for straight code, its instructions counted too.
double vector_cycles(const targets::Facts&, double arithmetic, double memory);

/// Cycles in which weights come from beyond the cache that holds them, if they are read so many times.
double weights_cycles(const targets::Facts&, int64_t bytes, int64_t times);

}  // namespace halite::schedules
