// softmax(q k) v in one kernel: a block of rows of scores at a time, which never leaves the first cache.
#pragma once

#include <vector>

#include "ir/op.h"
#include "schedules/anchor.h"

namespace halite::schedules {

/// A node with a reduction of its own beside the anchor.
struct Inner {
  const ir::Op& op;
  Anchor anchor;
  Stages stages;
};

/// Schedules the product with v, which anchors the group; `inner` are the product with k and the softmax,
/// their stages' outputs what the next one reads.
void schedule_attention(const ir::MatMul&, const Anchor&, Stages&, std::vector<Inner>& inner);

}  // namespace halite::schedules
