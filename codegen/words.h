// Where bytes move in fours, words do.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Makes shuffles of 32-bit words of shuffles of bytes that keep aligned fours together, in which back ends
/// see lanes and interleaving stores.
void shuffle_words(llvm::Module&);

}  // namespace halite::codegen
