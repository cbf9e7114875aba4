// Sums of products within a block: calls of one function, each of which adds to what the one before gave.
#pragma once

#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/Instructions.h>

#include <optional>
#include <vector>

namespace halite::codegen {

using Chain = std::vector<llvm::CallInst*>;

/// The chains of calls of `name`, whose operand `sum` is the sum before; none if there are more than `most`,
/// or if they could not all be made where the last one ends.
std::vector<Chain> read_chains(llvm::BasicBlock&, llvm::StringRef name, unsigned sum, size_t most);

/// What ends last.
llvm::CallInst* last_of(const std::vector<Chain>&);

void erase(const Chain&);

/// Bytes from b to a, if that is known.
std::optional<int64_t> bytes_between(const llvm::SCEV* a, const llvm::SCEV* b, llvm::ScalarEvolution&);

}  // namespace halite::codegen
