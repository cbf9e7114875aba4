// Products of bytes in two steps.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Makes of products of vectors of bytes, eight lanes each in 32 bits, products of the halves of vectors of
/// 16 bits, on AArch64: the back end would widen every byte to 32 bits before it multiplies.
void multiply_halves(llvm::Module&);

}  // namespace halite::codegen
