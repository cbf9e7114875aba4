// What one variant of a model (codegen/kernels.h) adds to the program: its steps with their arguments, the
// places of public tensors, and the report of both.
#pragma once

#include "codegen/layout.h"
#include "codegen/model.h"
#include "codegen/weights.h"

namespace halite::codegen {

struct VariantProgram {
  VariantTable table;
  Report report;  ///< steps, extents, shapes, and the plan's tensors
};

/// `weights` are those of all variants; packed ones are added to them.
VariantProgram make_variant_program(const Settled&, const Layout&, WeightPool& weights);

}  // namespace halite::codegen
