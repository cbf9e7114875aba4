// What is known of the real numbers of a group.
#pragma once

#include "schedules/group.h"

namespace halite::schedules {

/// What a quantize or requantize node rounds. number: never NaN; small: a number below 2^30, which an i32
/// holds with any zero point added.
enum class Rounded : uint8_t { anything, number, small };

/// Of that node of the group: sums and products of integers and finite constants are numbers where no bound
/// of theirs leaves f32. Depends on the values of constants, so it is part of the identity of a kernel.
Rounded what_is_rounded(const ir::Graph&, const Group&, ir::NodeId);

}  // namespace halite::schedules
