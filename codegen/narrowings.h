// Vectors of i32 that become bytes, saturated.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Packs four vectors of so many i32 at once (x86) where they are stored as bytes in one block, and takes no
/// way by bytes where they become i32 again. After optimisation, which gives saturation one form.
void pack_narrowings(llvm::Module&, unsigned lanes);

}  // namespace halite::codegen
