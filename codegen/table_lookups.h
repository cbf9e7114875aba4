// Tables of bytes that vectors of bytes pick from.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Halide reads a table of 256 bytes once for each element of a vector of indices. Such reads become
/// permutations of the whole table (AVX-512 VBMI) where the vector has at least eight elements.
void use_table_lookups(llvm::Module&);

}  // namespace halite::codegen
