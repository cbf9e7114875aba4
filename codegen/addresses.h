// Addresses of a function's memory accesses, by scalar evolution.
#pragma once

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/Dominators.h>

#include <optional>

namespace halite::codegen {

/// Which addresses are how far apart.
class Addresses {
 public:
  explicit Addresses(llvm::Function&);

  /// Bytes from one to the other, where that is a constant.
  std::optional<int64_t> distance(llvm::Value* from, llvm::Value* to);

  llvm::ScalarEvolution& evolution() { return evolution_; }
  llvm::LoopInfo& loops() { return loops_; }

 private:
  llvm::TargetLibraryInfoImpl impl_;
  llvm::TargetLibraryInfo library_;
  llvm::AssumptionCache assumptions_;
  llvm::DominatorTree tree_;
  llvm::LoopInfo loops_;
  llvm::ScalarEvolution evolution_;
};

}  // namespace halite::codegen
