// AMX's instructions on x86-64 machines that do not have them. A process that calls emulate_tile_registers()
// executes each by a handler of SIGILL, at some microseconds an instruction.
//
// As a library of its own, `LD_PRELOAD=build/tests/libtile_registers.so build/halite ...` does so for a
// program that knows nothing of it.
#pragma once

namespace halite::tests {

/// Where the CPU has AMX too, from here on it raises no SIGILL and nothing is emulated. Linux alone.
void emulate_tile_registers();
/// How many instructions have been emulated in this process.
long emulated_tile_instructions();

}  // namespace halite::tests
