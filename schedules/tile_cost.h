// What a register tile costs: how many registers it needs, and the cycles of a contraction that is covered
// with it. A tile is compared with others of the same space alone.
#pragma once

#include "schedules/register_tile.h"

namespace halite::schedules {

/// Where multiply-adds take registers alone, a depthwise kernel's taps of a row keep what pixels share.
bool shares_inputs(const targets::Facts&, const Space&);
/// Vector registers that the innermost loop holds at once.
int registers_needed(const targets::Facts&, const Tile&, const Space&);
/// Cycles of the whole contraction, by that tile.
double total_cycles(const targets::Facts&, const Space&, const Tile&);
/// The same with the longest vectors and every multiplier busy.
double peak_cycles(const targets::Facts&, const Space&);
/// What keeps the tile from its peak.
Bound bound_of(const targets::Facts&, const Tile&, const Space&);

}  // namespace halite::schedules
