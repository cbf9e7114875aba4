// Kernels that differ only in numbers share one function, which reads them from its `extents` argument: how
// --optimize size makes one convolution of all convolutions of a kind. It works on LLVM IR, so that every
// operator takes part and no schedule knows of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/machine.h"

namespace halite::codegen {

struct MergedKernel {
  std::string function;          ///< symbol of the shared function
  std::vector<int32_t> extents;  ///< the numbers that make it this kernel; empty if it is alone
};

struct Merged {
  std::vector<std::unique_ptr<llvm::Module>> modules;  ///< one per shared function
  std::vector<std::string> functions;                  ///< parallel: what the module defines
  std::vector<MergedKernel> kernels;                   ///< parallel to the input
};

/// `modules` hold one rt_kernel each, called `symbols[i]`, and live in one context; inlined, not yet
/// optimised.
Merged merge_kernels(std::vector<std::unique_ptr<llvm::Module>> modules,
                     const std::vector<std::string>& symbols);

}  // namespace halite::codegen
