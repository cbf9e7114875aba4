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

/// Whether there are so few cores that a program may be thought to have them all; else tasks are made so that
/// any number of threads can share them.
bool has_few_cores(const targets::Facts&);
/// How much longer these take for a parallel loop than their share of what one takes, if each takes the next
/// task: `units` of work are cut into tasks of `per_task`, `times` over. 1 where cores are many, or one.
double uneven(const targets::Facts&, int64_t units, int64_t per_task, int64_t times = 1);
/// Units of each task, at most `most`: as many as few cores share evenly.
int64_t even_tasks(const targets::Facts&, int64_t units, int64_t most);

}  // namespace halite::schedules
