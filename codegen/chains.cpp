#include "codegen/chains.h"

#include <llvm/Analysis/ScalarEvolutionExpressions.h>

#include <map>

namespace halite::codegen {
namespace {

using ChainOf = std::map<const llvm::Instruction*, size_t>;

/// All loads may wait for the last product, and nobody asks for a sum before.
bool is_undisturbed(const std::vector<Chain>& chains, const ChainOf& chain_of) {
  const llvm::Instruction* last = last_of(chains);
  for (const llvm::Instruction* i = chains[0].front(); i != last; i = i->getNextNode())
    if (i->mayWriteToMemory()) return false;
  for (const auto& [call, chain] : chain_of) {
    for (const auto* user : call->users()) {
      const auto* instruction = llvm::cast<llvm::Instruction>(user);
      const auto same = chain_of.find(instruction);
      const bool next = same != chain_of.end() && same->second == chain;
      const bool later = instruction->getParent() != call->getParent() ||
                         llvm::isa<llvm::PHINode>(instruction) || last->comesBefore(instruction);
      if (!next && !(later && call == chains[chain].back())) return false;
    }
  }
  return true;
}

}  // namespace

llvm::CallInst* last_of(const std::vector<Chain>& chains) {
  llvm::CallInst* last = chains[0].back();
  for (const auto& chain : chains)
    if (last->comesBefore(chain.back())) last = chain.back();
  return last;
}

std::vector<Chain> read_chains(llvm::BasicBlock& block, llvm::StringRef name, unsigned sum, size_t most) {
  std::vector<Chain> chains;
  ChainOf chain_of;
  for (auto& instruction : block) {
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    if (!call || !call->getCalledFunction() || call->getCalledFunction()->getName() != name) continue;
    const auto known = chain_of.find(llvm::dyn_cast<llvm::CallInst>(call->getArgOperand(sum)));
    const size_t chain = known == chain_of.end() ? chains.size() : known->second;
    if (chain == chains.size()) chains.push_back({});
    chains[chain].push_back(call);
    chain_of[call] = chain;
  }
  const bool fit = !chains.empty() && chains.size() <= most && is_undisturbed(chains, chain_of);
  return fit ? chains : std::vector<Chain>{};
}

void erase(const Chain& chain) {
  for (auto call = chain.rbegin(); call != chain.rend(); ++call) (*call)->eraseFromParent();
}

std::optional<int64_t> bytes_between(const llvm::SCEV* a, const llvm::SCEV* b,
                                     llvm::ScalarEvolution& evolution) {
  const auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(evolution.getMinusSCEV(a, b));
  if (!constant) return {};
  return constant->getAPInt().getSExtValue();
}

}  // namespace halite::codegen
