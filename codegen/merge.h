// Kernels that differ only in numbers share one function, which reads them from its `extents` argument: how
// --optimize size, and bare metal always, make one convolution of all convolutions of a kind. It works on
// LLVM IR, so that every operator takes part; there, schedules hide from Halide the numbers that it would
// simplify loops by. Elsewhere speed mode merges what comes out alike.
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

/// i32 kNumber(i16 i) stands for number i of a kernel, so that nothing is simplified because of it.
constexpr const char* kNumber = "hl_number";

/// A kernel on its way: a module that defines an rt_kernel, inlined, not yet optimised.
struct Unmerged {
  std::unique_ptr<llvm::Module> module;
  std::string symbol;
  std::vector<int> numbers;
  std::string scope = {};  ///< merged only with those of the same
};

/// Numbers that an innermost loop uses take registers there.
struct LoopNumbers {
  size_t most = SIZE_MAX;  ///< that a loop may take, else kernels are merged only with those of the same
  bool offsets_are_free =
      true;  ///< addresses add a constant for free: such as differ by one take one register
};

/// All modules live in one context.
Merged merge_kernels(std::vector<Unmerged>, const LoopNumbers& = {});

}  // namespace halite::codegen
