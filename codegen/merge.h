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

/// All modules live in one context. Numbers that an innermost loop uses take registers there: kernels whose
/// loops would take more than `most_in_loop` are merged only with those that have the same ones.
Merged merge_kernels(std::vector<Unmerged>, size_t most_in_loop = SIZE_MAX);

}  // namespace halite::codegen
