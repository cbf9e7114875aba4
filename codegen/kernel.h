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

/// Of that, what does not depend on the machine and on where tensors lie: operators, attributes and types.
std::string describe_group(const schedules::Request&);

/// The same of operators, types and attributes, without extents: requests of one kind may share code
/// (merge.h).
std::string describe_kind(const schedules::Request&);

/// What LLVM's code for a machine depends on besides what it compiles.
std::string describe(const targets::Target&);

/// The kernel as bitcode of a module that defines `symbol` (an rt_kernel): retargeted, inlined, not yet
/// optimised. `stmt` receives Halide's loop nest, if not null.
std::vector<uint8_t> kernel_bitcode(const schedules::Request&, const schedules::Kernel&,
                                    const std::string& symbol, std::string* stmt = nullptr);

struct KernelTexts {
  bool want_asm = false, want_llvm = false;
  std::string assembly, llvm;
};

/// Optimises and emits what kernel_bitcode made.
std::vector<uint8_t> compile_bitcode(std::span<const uint8_t>, const Machine&, KernelTexts& texts);

std::vector<uint8_t> write_bitcode(const llvm::Module&);

}  // namespace halite::codegen
