// Reads runs of steps by what they compute: scalar evolution finds the addresses, however Halide wrote them.
#include <llvm/Analysis/ScalarEvolutionExpressions.h>

#include <algorithm>
#include <array>

#include "codegen/chains.h"
#include "codegen/word_loop.h"

namespace halite::codegen {
namespace {

using llvm::Value;

constexpr size_t kMostSums = 4;  ///< that fit the registers

template <class T>
size_t index_of(std::vector<T>& list, T item) {
  const auto at = std::find(list.begin(), list.end(), item);
  if (at == list.end()) return list.push_back(item), list.size() - 1;
  return size_t(at - list.begin());
}

class LoopReader {
 public:
  LoopReader(llvm::Loop& loop, llvm::ScalarEvolution& evolution) : loop_(loop), evolution_(evolution) {}

  std::optional<WordLoop> run() {
    if (loop_.getNumBlocks() != 1 || !loop_.getLoopPreheader() || !loop_.getExitBlock()) return {};
    found_.before = loop_.getLoopPreheader(), found_.block = loop_.getHeader();
    found_.after = loop_.getExitBlock();
    found_.steps = evolution_.getSmallConstantTripCount(&loop_);
    if (found_.steps == 0) return {};
    std::vector<llvm::CallInst*> calls;
    for (auto& instruction : *found_.block) {
      auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      const bool product =
          call && call->getCalledFunction() && call->getCalledFunction()->getName() == kWordProduct;
      if (product) calls.push_back(call);
      if (!product && (instruction.mayWriteToMemory() || is_used_behind(instruction))) return {};
    }
    for (auto* call : calls)
      if (!read(*call)) return {};
    const size_t channels = 2 * found_.pairs.size();
    if (calls.empty() || found_.sums.size() != found_.pixels.size() * channels) return {};
    if (found_.sums.size() > kMostSums || calls.size() != found_.sums.size()) return {};
    for (size_t i = 0; i < found_.pairs.size(); i++)
      if (found_.pairs[i] != int64_t(8 * i)) return {};
    if (weights_distance_ != int64_t(8 * found_.pairs.size())) return {};
    return found_;
  }

 private:
  bool is_used_behind(const llvm::Instruction& instruction) const {
    for (const auto* user : instruction.users())
      if (llvm::cast<llvm::Instruction>(user)->getParent() != found_.block) return true;
    return false;
  }

  /// The address of a word that is loaded, as it moves with the loop.
  const llvm::SCEVAddRecExpr* address_of(Value* word) const {
    auto* load = llvm::dyn_cast<llvm::LoadInst>(word);
    if (!load || load->getParent() != found_.block || !evolution_.isSCEVable(load->getPointerOperandType()))
      return nullptr;
    const auto* address = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution_.getSCEV(load->getPointerOperand()));
    const bool even = address && address->getLoop() == &loop_ && address->isAffine();
    return even ? address : nullptr;
  }

  std::optional<int64_t> difference(const llvm::SCEV* a, const llvm::SCEV* b) const {
    return bytes_between(a, b, evolution_);
  }

  std::optional<int64_t> step_of(const llvm::SCEVAddRecExpr* address) const {
    const auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(address->getStepRecurrence(evolution_));
    if (!constant) return {};
    return constant->getAPInt().getSExtValue();
  }

  bool read(llvm::CallInst& call) {
    const auto *x = address_of(call.getArgOperand(0)), *even = address_of(call.getArgOperand(1)),
               *odd = address_of(call.getArgOperand(2));
    auto* sum = llvm::dyn_cast<llvm::PHINode>(call.getArgOperand(3));
    const auto* both = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(4));
    if (!x || !even || !odd || !sum || !both || sum->getParent() != found_.block) return false;
    if (sum->getIncomingValueForBlock(found_.block) != &call || !sum->hasOneUse()) return false;
    if (difference(odd->getStart(), even->getStart()) != 4) return false;
    const auto distance = step_of(x), weights = step_of(even);
    if (!distance || !weights) return false;
    if (found_.pixels.empty()) {
      found_.distance = *distance, weights_distance_ = *weights, found_.weights = even->getStart();
    } else if (found_.distance != *distance || weights_distance_ != *weights) {
      return false;
    }
    const auto ahead = difference(even->getStart(), found_.weights);
    if (!ahead) return false;
    const size_t channel = 2 * index_of(found_.pairs, *ahead) + (both->isZero() ? 0 : 1);
    WordSum& place = found_.sums[{index_of(found_.pixels, x->getStart()), channel}];
    place = {sum->getIncomingValueForBlock(found_.before), &call};
    return true;
  }

  llvm::Loop& loop_;
  llvm::ScalarEvolution& evolution_;
  WordLoop found_{};
  int64_t weights_distance_ = 0;
};

/// Finds the same in one block: what loops of few steps have become. Addresses are those of the first step.
class ChainReader {
 public:
  ChainReader(llvm::BasicBlock& block, llvm::ScalarEvolution& evolution)
      : block_(block), evolution_(evolution) {}

  std::optional<WordLoop> run() {
    const auto chains = read_chains(block_, kWordProduct, 3, kMostSums);
    if (chains.empty()) return {};
    found_.block = &block_;
    found_.steps = int64_t(chains[0].size());
    for (const auto& chain : chains)
      if (int64_t(chain.size()) != found_.steps || !read(chain)) return {};
    const size_t pairs = found_.pairs.size();
    if (found_.sums.size() != chains.size() || found_.sums.size() != found_.pixels.size() * 2 * pairs)
      return {};
    for (size_t i = 0; i < pairs; i++)
      if (found_.pairs[i] != int64_t(8 * i)) return {};
    if (found_.steps > 1 && weights_distance_ != int64_t(8 * pairs)) return {};
    return found_;
  }

 private:
  const llvm::SCEV* address_of(Value* word) const {
    auto* load = llvm::dyn_cast<llvm::LoadInst>(word);
    return load && load->getParent() == &block_ ? evolution_.getSCEV(load->getPointerOperand()) : nullptr;
  }

  std::optional<int64_t> difference(const llvm::SCEV* a, const llvm::SCEV* b) const {
    return bytes_between(a, b, evolution_);
  }

  bool read(const Chain& chain) {
    std::array<const llvm::SCEV*, 2> first{};
    for (size_t i = 0; i < chain.size(); i++) {
      const auto *x = address_of(chain[i]->getArgOperand(0)), *even = address_of(chain[i]->getArgOperand(1)),
                 *odd = address_of(chain[i]->getArgOperand(2));
      if (!x || !even || !odd || difference(odd, even) != 4) return false;
      if (i == 0) first = {x, even};
      const auto distance = difference(x, first[0]), weights = difference(even, first[1]);
      if (!distance || !weights) return false;
      if (i == 1 && found_.sums.empty()) found_.distance = *distance, weights_distance_ = *weights;
      if (*distance != int64_t(i) * found_.distance || *weights != int64_t(i) * weights_distance_)
        return false;
    }
    if (!found_.weights) found_.weights = first[1];
    const auto ahead = difference(first[1], found_.weights);
    const auto* both = llvm::dyn_cast<llvm::ConstantInt>(chain[0]->getArgOperand(4));
    if (!ahead || !both) return false;
    const size_t channel = 2 * index_of(found_.pairs, *ahead) + (both->isZero() ? 0 : 1);
    found_.sums[{index_of(found_.pixels, first[0]), channel}] = {chain[0]->getArgOperand(3), chain.back()};
    return true;
  }

  llvm::BasicBlock& block_;
  llvm::ScalarEvolution& evolution_;
  WordLoop found_{};
  int64_t weights_distance_ = 0;
};

}  // namespace

std::optional<WordLoop> read_word_loop(llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  return LoopReader(loop, evolution).run();
}

std::optional<WordLoop> read_word_chains(llvm::BasicBlock& block, llvm::ScalarEvolution& evolution) {
  return ChainReader(block, evolution).run();
}

}  // namespace halite::codegen
