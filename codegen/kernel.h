// One kernel: from a fused group to an object file. Halide makes bitcode of the pipeline; a wrapper of ours
// gives it the runtime's calling convention (rt_kernel in rt/abi.h); LLVM 19 optimises both together and
// emits.
#pragma once

#include "codegen/machine.h"
#include "schedules/kernel.h"

namespace halite::codegen {

/// Everything that decides a kernel's code, as text: equal texts give equal code. Names of values do not
/// count.
std::string describe(const schedules::Request&);

struct KernelTexts {
  bool want_asm = false, want_llvm = false, want_stmt = false;
  std::string assembly, llvm, stmt;
};

/// The kernel as an object that defines `symbol` (an rt_kernel).
std::vector<uint8_t> compile_kernel(const schedules::Request&, const schedules::Kernel&,
                                    const std::string& symbol, KernelTexts& texts);

}  // namespace halite::codegen
