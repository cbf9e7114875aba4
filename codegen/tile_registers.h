// Instructions for the products of tile registers that schedules/tile_registers.h asks for.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Makes loops of AMX's instructions of the calls of schedules::kTileProduct. A function that has them sets
/// the registers up when it is entered, and gives them back when it returns, for a system saves what is in
/// use. Whether it lets a process use them is asked for in halite_open (rt/run.c).
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
void use_tile_registers(llvm::Module&);

}  // namespace halite::codegen
