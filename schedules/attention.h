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

/// Whether rows of scores are too long to be kept whole; `inner` are the product with k and the softmax,
/// their stages' outputs what the next one reads.
bool takes_parts(const Anchor&, const std::vector<Inner>& inner);

/// The algorithm then, in place of the anchor's and the softmax's.
Halide::Func attention_in_parts(const ir::MatMul&, const Anchor&, Stages&, const std::vector<Inner>& inner,
                                const Halide::Func& values);

/// Schedules the product with v, which anchors the group.
void schedule_attention(const ir::MatMul&, const Anchor&, Stages&, std::vector<Inner>& inner);

}  // namespace halite::schedules
