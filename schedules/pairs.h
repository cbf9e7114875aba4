// Two output channels in one word. Where a machine multiplies halfwords, weights of two channels, a and b,
// can share each halfword as 256 * b + a: spread, the lower byte gives the sum of a; unspread, the halfword
// gives 256 * (sum of b) + (sum of a). So half of the weights need not be spread, and the difference of both,
// shifted right by 8, is exactly the sum of b where that has 24 bits.
#pragma once

#include "schedules/group.h"

namespace halite::schedules {

/// Whether the constant weights of a convolution or matrix product of int8 allow it: none is -128, which has
/// no room for a borrow, and no channel's sum of products can leave 24 bits. Depends on the values of
/// constants, so it is part of the identity of a kernel.
bool weights_pair(const ir::Graph&, ir::NodeId);

}  // namespace halite::schedules
