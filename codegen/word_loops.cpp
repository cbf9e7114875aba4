// What is read (word_loop_read.cpp) and called (word_loop_call.cpp), in the order of the function's loops.
#include "codegen/word_loops.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include "codegen/chains.h"
#include "codegen/taps.h"
#include "codegen/word_loop.h"

namespace halite::codegen {
namespace {

struct Analyses {
  explicit Analyses(llvm::Function& f)
      : library_names(llvm::Triple(f.getParent()->getTargetTriple())),
        library(library_names),
        assumptions(f),
        dominators(f),
        loops(dominators),
        evolution(f, library, assumptions, dominators, loops) {}
  llvm::TargetLibraryInfoImpl library_names;
  llvm::TargetLibraryInfo library;
  llvm::AssumptionCache assumptions;
  llvm::DominatorTree dominators;
  llvm::LoopInfo loops;
  llvm::ScalarEvolution evolution;
};

void remove_loop(const WordLoop& loop) {
  auto* end = loop.before->getTerminator();
  // What comes from the loop comes from before it, too, until the loop is gone.
  for (auto& phi : loop.after->phis()) phi.addIncoming(phi.getIncomingValueForBlock(loop.block), loop.before);
  end->replaceSuccessorWith(loop.block, loop.after);
  llvm::DeleteDeadBlock(loop.block);
}

/// Whether `next` goes on where `loop` ends, in the next row.
bool follows(const WordLoop& next, const WordLoop& loop, llvm::ScalarEvolution& evolution) {
  const auto apart = [&](const llvm::SCEV* a, const llvm::SCEV* b) { return bytes_between(a, b, evolution); };
  if (next.before != loop.after || next.steps != loop.steps || next.distance != loop.distance) return false;
  if (next.pixels.size() != loop.pixels.size() || next.pairs != loop.pairs) return false;
  for (const auto& instruction : *next.before)
    if (instruction.mayWriteToMemory()) return false;
  for (const auto& [place, sum] : next.sums) {
    const auto* before = loop.sums.at(place).call;
    if (sum.start != before) return false;
    for (const auto* user : before->users()) {
      const auto* parent = llvm::cast<llvm::Instruction>(user)->getParent();
      if (parent != loop.block && parent != next.block) return false;
    }
  }
  const auto ahead = apart(next.pixels[0], loop.pixels[0]);
  for (size_t p = 0; p < next.pixels.size(); p++)
    if (!ahead || apart(next.pixels[p], loop.pixels[p]) != ahead) return false;
  return apart(next.weights, loop.weights) == loop.steps * 8 * int64_t(loop.pairs.size());
}

/// Loops of one kind that follow each other, the rows of a convolution's kernel, are one block.
bool rewrite_loops(const std::vector<WordLoop>& found, llvm::ScalarEvolution& evolution) {
  constexpr int64_t kMostRows = 255;
  for (const auto& first : found) {
    std::vector<const WordLoop*> rows{&first};
    WordLoop all = first;
    for (const auto& next : found) {
      if (!follows(next, *rows.back(), evolution)) continue;
      const int64_t distance = *bytes_between(next.pixels[0], rows.back()->pixels[0], evolution);
      const bool near = std::abs(distance - first.steps * first.distance) <= kMostWordOffset;
      if (!near || all.rows == kMostRows || (all.rows > 1 && all.row_distance != distance)) break;
      all.rows++, all.row_distance = distance;
      rows.push_back(&next);
    }
    for (const auto& [place, sum] : rows.back()->sums) all.sums[place].call = sum.call;
    if (!call_words(all, first.before->getTerminator(), evolution)) continue;
    for (const auto* row : rows) {
      for (const auto& [place, sum] : row->sums)
        sum.call->replaceAllUsesWith(llvm::PoisonValue::get(sum.call->getType()));
    }
    for (const auto* row : rows) remove_loop(*row);
    return true;
  }
  return false;
}

bool rewrite_chains(llvm::BasicBlock& block, llvm::ScalarEvolution& evolution) {
  const auto found = read_word_chains(block, evolution);
  if (!found) return false;
  const auto chains = read_chains(block, kWordProduct, 3, found->sums.size());
  if (!call_words(*found, last_of(chains)->getNextNode(), evolution)) return false;
  for (const auto& chain : chains) erase(chain);
  return true;
}

bool rewrite_one(llvm::Function& function) {
  Analyses analyses(function);
  std::vector<WordLoop> loops;
  for (auto* loop : analyses.loops.getLoopsInPreorder())
    if (auto found = read_word_loop(*loop, analyses.evolution)) loops.push_back(*std::move(found));
  if (rewrite_loops(loops, analyses.evolution)) return true;
  return llvm::any_of(function, [&](llvm::BasicBlock& block) {
    return rewrite_chains(block, analyses.evolution) || call_taps(block, analyses.evolution);
  });
}

/// Loops around a block are as small as one instruction only by LLVM's count, which would unroll them.
void keep_loops(llvm::Function& function) {
  const Analyses analyses(function);
  for (auto* loop : analyses.loops.getLoopsInPreorder()) loop->setLoopAlreadyUnrolled();
}

/// Scalar evolution takes an `or` for a sum only where it says that no bits meet, which Halide's bitcode is
/// too old to say.
void mark_sums(llvm::Function& function) {
  const auto& layout = function.getParent()->getDataLayout();
  for (auto& instruction : llvm::instructions(function)) {
    auto* either = llvm::dyn_cast<llvm::PossiblyDisjointInst>(&instruction);
    if (either && llvm::haveNoCommonBitsSet(either->getOperand(0), either->getOperand(1), layout))
      either->setIsDisjoint(true);
  }
}

/// A larger alignment than the stack's own would take a register for the frame.
void relax_slots(llvm::Function& function) {
  const llvm::Align most(8);
  for (auto& instruction : llvm::instructions(function)) {
    if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
      slot->setAlignment(std::min(slot->getAlign(), most));
    } else if (auto* copy = llvm::dyn_cast<llvm::MemIntrinsic>(&instruction)) {
      copy->setDestAlignment(std::min(copy->getDestAlign().valueOrOne(), most));
      if (auto* transfer = llvm::dyn_cast<llvm::MemTransferInst>(copy))
        transfer->setSourceAlignment(std::min(transfer->getSourceAlign().valueOrOne(), most));
    }
  }
}

}  // namespace

void find_word_loops(llvm::Module& module) {
  if (!module.getFunction(kWordProduct) && !module.getFunction(kTap)) return;
  for (auto& function : module) {
    if (function.isDeclaration()) continue;
    relax_slots(function);
    mark_sums(function);
    bool changed = false;
    while (rewrite_one(function)) changed = true;
    if (changed) keep_loops(function);
  }
}

void write_word_loops(llvm::Module& module) {
  for (auto& function : llvm::make_early_inc_range(module)) {
    const bool taps = function.getName().starts_with(kTaps);
    if (!taps && !function.getName().starts_with(kWordLoop)) continue;
    for (auto* user : llvm::make_early_inc_range(function.users())) {
      auto& call = *llvm::cast<llvm::CallInst>(user);
      taps ? write_taps(call) : write_words(call);
    }
    function.eraseFromParent();
  }
}

}  // namespace halite::codegen
