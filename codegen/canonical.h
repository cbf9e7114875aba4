#pragma once

#include <llvm/IR/Function.h>

namespace halite::codegen {

/// LLVM writes the same arithmetic in several ways, depending on the number: x*8 as a shift, x+1 as an or,
/// two products by the same number as one. That is undone, so that functions that differ in numbers look
/// alike (merge.h); the final optimisation makes it again.
void canonicalize(llvm::Function&);

}  // namespace halite::codegen
