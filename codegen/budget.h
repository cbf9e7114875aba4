// What a compilation takes, step by step, and whether that is within --memory, --max-ram and --max-flash.
#pragma once

#include "codegen/compile.h"
#include "codegen/object.h"

namespace halite::codegen {

/// Fills in the step at which most of the arena is in use, and the code of each step's kernel.
void attribute(Report&, const ObjectFacts&);

/// Bytes that do not fit into the memories; by which arena and stack, or code and weights, pass what the
/// options allow; 0: they fit.
int64_t memory_excess(const Report&);
int64_t ram_excess(const Report&, const CompileOptions&);
int64_t flash_excess(const Report&, const CompileOptions&);

/// If they do not fit, an error that names the tensors alive at the peak, or the largest kernels and weights.
Result<void> check_budget(const Report&, const CompileOptions&);

}  // namespace halite::codegen
