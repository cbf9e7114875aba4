// What follows the anchor of a group, as far as schedules ask before they lower it: an epilogue is long where
// it is a polynomial or more for every sum. Written out for the vectors of a register tile it is most of the
// kernel, and each further copy of the tile has it again.
#pragma once

#include "schedules/kernel.h"

namespace halite::schedules {

bool has_long_epilogue(const Request&);

}  // namespace halite::schedules
