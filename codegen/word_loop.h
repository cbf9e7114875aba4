// A run of steps that multiply words (word_loops.h), as it is read from LLVM IR, called, and written as
// assembly.
#pragma once

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/IR/Instructions.h>

#include <map>
#include <optional>
#include <vector>

namespace halite::codegen {

constexpr const char* kWordProduct = "hl_pair4_s8";
constexpr int64_t kMostWordOffset = 4095;  ///< LDR's, and that of an addition to an address

/// Sums by pixel and channel: before the loop, and what stands for them behind it.
struct WordSum {
  llvm::Value* start = nullptr;
  llvm::CallInst* call = nullptr;
};

struct WordLoop {
  llvm::BasicBlock *before, *block, *after;
  int64_t steps;
  int64_t rows = 1;          ///< loops of one kind, one behind the other
  int64_t row_distance = 0;  ///< of activations, from the first step of a row to that of the next
  int64_t distance;          ///< of activations, from step to step
  std::vector<const llvm::SCEV*> pixels;  ///< addresses at the first step
  std::vector<int64_t> pairs;             ///< addresses of weights, less that of the first pair
  const llvm::SCEV* weights;
  std::map<std::pair<size_t, size_t>, WordSum> sums;  ///< by pixel and channel
};

/// A loop of one block that does nothing else.
std::optional<WordLoop> read_word_loop(llvm::Loop&, llvm::ScalarEvolution&);

/// The same in a single block, what loops of few steps have become; addresses are those of the first step.
std::optional<WordLoop> read_word_chains(llvm::BasicBlock&, llvm::ScalarEvolution&);

/// Puts a call that stands for the loop before `end`, behind which every use of a sum is; false if there are
/// too few registers for it. Its operands are sums, addresses of pixels, that of weights, the count of
/// rounds; then as numbers of 16 bits, which merging leaves alone, distance, steps of a round, rows, bytes
/// from a row's end to the next, and the count again where there are rows.
bool call_words(const WordLoop&, llvm::Instruction* end, llvm::ScalarEvolution&);

/// The names of functions that are called so begin with this.
constexpr const char* kWordLoop = "hl_words_";

/// Puts a block of assembly in the place of such a call.
void write_words(llvm::CallInst&);

}  // namespace halite::codegen
