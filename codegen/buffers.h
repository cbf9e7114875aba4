// Which of a pipeline's buffers memory belongs to. They are apart, but that the output may lie over an input:
// then an element is computed from what lies under it, read before, and no other is.
#pragma once

#include <llvm/IR/Instruction.h>

namespace halite::codegen {

/// What a plain load reads from, or a masked one; null: it is neither.
const llvm::Value* read_by(const llvm::Instruction&);
/// What a plain store writes to, or a masked one; null: it is neither.
llvm::Value* written_by(const llvm::Instruction&);
/// What stands for the buffer that an address lies in: the buffer, or where its pointer was loaded from; null
/// if it is not known.
const llvm::Value* buffer_of(const llvm::Value* address);

}  // namespace halite::codegen
