// The runtime as LLVM bitcode, embedded in the compiler: one file per ABI and source (rt/CMakeLists.txt lists
// both). Functions carry "target-cpu", "target-features" and "use-soft-float" of the ABI's least CPU, RISC-V
// modules the flags "target-abi" and "riscv-isa": drop them, as from Halide's, and set triple and data
// layout. "no-builtins" must stay: it keeps memcpy from being recognised as memcpy. The functions of halite.h
// are weak, all others ordinary; nothing in the runtime refers to anything outside it.
#pragma once

#include <span>
#include <string_view>

namespace halite::rt {

struct BitcodeFile {
  std::string_view abi;   ///< targets::Target::runtime: "x86_64", "thumb", ...
  std::string_view name;  ///< of the source, without ".c": "mem"
  std::span<const unsigned char> data;
};

/// All files of all ABIs, sorted by ABI, then in the order of the sources.
std::span<const BitcodeFile> runtime_bitcode();

/// The text of halite.h, which every compilation leaves beside the object.
std::string_view halite_header();

}  // namespace halite::rt
