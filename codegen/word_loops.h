// Loops over words of activations and of paired weights (schedules/pairs.h) become one block of assembly
// each: the factors of a tile fill the registers to the last, which LLVM's allocator does not see to.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Rewrites innermost loops whose only work is hl_pair4_s8 on words read one after the other; others stay.
/// Expects values where stack slots were.
void use_word_loops(llvm::Module&);

}  // namespace halite::codegen
