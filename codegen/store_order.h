// The order of vectors in basic blocks.
#pragma once

#include <llvm/IR/Module.h>

#include "targets/target.h"

namespace halite::codegen {

/// Computes what a block stores only when it is stored, where it keeps more vectors than there are registers
/// and would then keep fewer; for registers that are vectors each, not groups of them. After optimisation.
void order_by_stores(llvm::Module&, const targets::Facts&);

}  // namespace halite::codegen
