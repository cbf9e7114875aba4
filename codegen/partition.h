// Cuts a graph into fused groups, one kernel each: anchor (convolution, matrix product, pooling, reduction,
// softmax) with the elementwise chain behind it (bias, activation, residual addition), or an elementwise
// chain by itself, whose first node may be a data movement (transpose, pad, resize, gather). Attention, that
// is softmax(q k) v, is one group with the product with v as its anchor, and so is a normalisation of rows
// with its first reduction.
#pragma once

#include "codegen/compile.h"
#include "codegen/views.h"
#include "schedules/group.h"

namespace halite::codegen {

/// Groups in execution order. Nodes that are views belong to none; every other node belongs to exactly one.
std::vector<schedules::Group> partition(const ir::Graph&, const Views&, const CompileOptions&);

}  // namespace halite::codegen
