// Loops over words of activations and of paired weights (schedules/pairs.h), and the taps of depthwise
// kernels (taps.h), become one block of assembly each: the factors of a tile fill the registers to the last,
// which LLVM's allocator does not see to.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Makes calls of innermost loops whose only work is hl_pair4_s8 on words read one after the other, and of
/// taps; others stay. Expects values where stack slots were.
void find_word_loops(llvm::Module&);

/// Writes what was found as assembly; once it is known which kernels share their code (merge.h).
void write_word_loops(llvm::Module&);

}  // namespace halite::codegen
