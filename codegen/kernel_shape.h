// What a kernel's functions look like but for the integers in them: kernels of equal signature may become one
// (merge.h).
#pragma once

#include <llvm/IR/Function.h>
#include <llvm/IR/Instruction.h>

#include <cstdint>
#include <vector>

namespace halite::codegen {

/// An operand that is an integer, or a call that stands for one.
struct NumberUse {
  llvm::Instruction* user;
  unsigned operand;
  int loop;  ///< which innermost loop it is in; -1: none
};
constexpr unsigned kAsAWhole = ~0u;  ///< operand of a call that stands for a number (kNumber)

/// What must agree, and the constants that are left open, in order of their use.
struct KernelShape {
  std::vector<uint64_t> signature;
  std::vector<NumberUse> places;
  std::vector<int64_t> numbers;  ///< parallel to places
  std::vector<bool> computes;    ///< of innermost loops: whether they do more than move and add
};

/// The kernel and the tasks of its parallel loops, in order of their use.
std::vector<llvm::Function*> functions_of(llvm::Function& kernel);
/// `numbers` are those of the kernel (schedules::Number). The functions are canonical (canonical.h).
KernelShape read_shape(const std::vector<llvm::Function*>&, const std::vector<int>& numbers);

}  // namespace halite::codegen
