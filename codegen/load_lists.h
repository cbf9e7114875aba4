// Loads of several registers by one instruction.
#pragma once

#include <memory>

#include "codegen/machine.h"

namespace halite::codegen {

/// Makes loads of facts.load_list registers, which move their address on, of the loads of loops that read a
/// stream from its begin to its end and keep vectors in few enough registers. For AArch64, after
/// optimisation. Whether there are any.
bool use_load_lists(llvm::Module&, const targets::Facts&);

/// The module with such loads, if its loops are shorter for them.
std::unique_ptr<llvm::Module> with_load_lists(std::unique_ptr<llvm::Module>, const Machine&);

}  // namespace halite::codegen
