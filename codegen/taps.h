// The taps of a depthwise kernel over a few pixels of one channel, as one block of assembly: pixels and rows
// lie apart by what registers hold, so that kernels of one kind share the block whatever their channels.
#pragma once

#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/Instructions.h>

namespace halite::codegen {

constexpr const char* kTap = "hl_mla";  ///< (x, weight, sum, n): sum plus x times weight; of a kernel of n
                                        ///< columns, or, if it is no part of a block, 0

/// The names of functions that stand for such a block begin with this.
constexpr const char* kTaps = "hl_taps_";

/// Puts a call in the place of a block's sums of taps, if all of them fit the registers; says whether it did.
bool call_taps(llvm::BasicBlock&, llvm::ScalarEvolution&);

/// Puts a block of assembly in the place of such a call.
void write_taps(llvm::CallInst&);

}  // namespace halite::codegen
