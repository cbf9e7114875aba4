// Vector constants of loops, on machines whose instructions take none: LLVM sets them up in each basic block
// that uses them, and does not move them out of a loop that lies in another.
#pragma once

#include <llvm/IR/Module.h>

#include "targets/target.h"

namespace halite::codegen {

/// Sets up the vector constants of innermost loops before these, where registers are left for them. After
/// optimisation: what a constant is can no longer be seen behind it.
void hoist_vector_constants(llvm::Module&, const targets::Facts&);

}  // namespace halite::codegen
