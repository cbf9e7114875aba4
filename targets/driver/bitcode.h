// Start-up code and the driver as LLVM bitcode: per kind of machine, for each of its ABIs, all that a program
// needs besides the model, the runtime's functions and what driver.c declares as made for each program.
#pragma once

#include "rt/bitcode.h"

namespace halite::targets {

std::span<const rt::BitcodeFile> driver_posix();
std::span<const rt::BitcodeFile> driver_cortex_m();  ///< Board::start: "cortex_m"
std::span<const rt::BitcodeFile> driver_riscv32();
std::span<const rt::BitcodeFile> driver_arm64();

}  // namespace halite::targets
