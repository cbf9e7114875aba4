// From placed buffers and compiled kernels to the tables of a model and the report that goes with them:
// offsets in the arena, the block of packed weights, and for each step its arguments.
#pragma once

#include "codegen/layout.h"
#include "codegen/model.h"
#include "codegen/weights.h"

namespace halite::codegen {

struct Program {
  ModelTables tables;  ///< `weights` points into `weights` below
  std::vector<uint8_t> weights;
  Report report;  ///< without what only the linked object tells
};

/// `variants`: at least one, of the same options and kernels. Fails if arena or weights leave the range of
/// rt_ref.
Result<Program> build_program(std::span<const Settled> variants);

}  // namespace halite::codegen
