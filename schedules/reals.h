// What is known of the real numbers of a group.
#pragma once

#include "schedules/group.h"

namespace halite::schedules {

/// Whether what a quantize or requantize node of the group rounds is a number, never NaN: sums and products
/// of integers and finite constants are, where no bound of theirs leaves f32. Depends on the values of
/// constants, so it is part of the identity of a kernel.
bool rounds_numbers(const ir::Graph&, const Group&, ir::NodeId);

}  // namespace halite::schedules
