// Vectors longer than Halide takes a machine's registers to be.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Puts loads from and stores to consecutive addresses, in which Halide has cut those of vectors of up to so
/// many bits, together again, and what is carried through loops between them.
void join_memory_accesses(llvm::Module&, unsigned vector_bits);

}  // namespace halite::codegen
