// What targets of one kind have in common: start from one of these and state what differs.
#pragma once

#include "targets/target.h"

namespace halite::targets {

/// Halide's part of a target: only code, no runtime, no checks; buffers are described by Halite.
std::string halide_text(std::string machine);

/// x86-64 on Linux, of a microarchitecture level ("x86-64-v3"). Facts are those of v2.
Target x86_64_linux(std::string name, std::string cpu);
/// AArch64 on Linux, Armv8.0.
Target arm64_linux(std::string name);
/// 64-bit RISC-V on Linux, rv64gc.
Target riscv64_linux(std::string name);
/// Bare 32-bit RISC-V on QEMU's `virt` machine, without floating point.
Target riscv32_bare(std::string name);
/// A Cortex-M core without FPU and cache, in Thumb state. `machine` is a QEMU board, `memory` its link.ld;
/// facts of the memories are those of the MPS2 boards.
Target cortex_m(std::string name, std::string triple, std::string machine, std::string_view memory);

/// 32 vector registers of so many bits, of which instructions take groups; 0: none.
void group_registers(Facts&, int register_bits);

}  // namespace halite::targets
