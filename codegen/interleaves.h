// Vectors of bytes that are written in between each other.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Interleaves up to four vectors of 32 bytes by one permutation (AVX-512 VBMI) for each 64 bytes of the
/// result. After optimisation.
void use_interleaves(llvm::Module&);

}  // namespace halite::codegen
