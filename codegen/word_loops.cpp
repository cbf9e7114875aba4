// A loop is recognised by what it computes (scalar evolution finds the addresses), never by how Halide wrote
// it: every word of activations moves on by one distance from step to step, the words of weights follow each
// other. A step of a tile of P pixels times C pairs of channels is then
//   P loads of activations, 2 P SXTB16; C LDRD of weights, 2 C SXTB16; 8 P C SMLAD
// for 8 P C products, and its factors, sums, addresses and counter take 13 registers of the 14 that there
// are. https://developer.arm.com/documentation/ddi0403/ (SMLAD, SXTB16, LDRD)
#include "codegen/word_loops.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <map>
#include <optional>

namespace halite::codegen {
namespace {

using llvm::Value;

constexpr const char* kProduct = "hl_pair4_s8";
constexpr size_t kMostSums = 4;        ///< that fit the registers
constexpr int64_t kMostOffset = 4095;  ///< LDR's
constexpr int64_t kMostIndex = 255;    ///< LDR's, when it moves the address on
constexpr int64_t kMostUnrolled = 4;   ///< steps: counting costs two instructions

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

/// Sums by pixel and channel: before the loop, and what stands for them behind it.
struct Sum {
  Value* start = nullptr;
  llvm::CallInst* call = nullptr;
};

struct WordLoop {
  llvm::BasicBlock *before, *block, *after;
  int64_t steps;
  int64_t distance;                       ///< of activations, from step to step
  std::vector<const llvm::SCEV*> pixels;  ///< addresses at the first step
  std::vector<int64_t> pairs;             ///< addresses of weights, less that of the first pair
  const llvm::SCEV* weights;
  std::map<std::pair<size_t, size_t>, Sum> sums;  ///< by pixel and channel
};

template <class T>
size_t index_of(std::vector<T>& list, T item) {
  const auto at = std::find(list.begin(), list.end(), item);
  if (at == list.end()) return list.push_back(item), list.size() - 1;
  return size_t(at - list.begin());
}

class Reader {
 public:
  Reader(llvm::Loop& loop, llvm::ScalarEvolution& evolution) : loop_(loop), evolution_(evolution) {}

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
          call && call->getCalledFunction() && call->getCalledFunction()->getName() == kProduct;
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
    const auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(evolution_.getMinusSCEV(a, b));
    if (!constant) return {};
    return constant->getAPInt().getSExtValue();
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
    Sum& place = found_.sums[{index_of(found_.pixels, x->getStart()), channel}];
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
    for (auto& instruction : block_) {
      auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      if (!call || !call->getCalledFunction() || call->getCalledFunction()->getName() != kProduct) continue;
      auto* before = llvm::dyn_cast<llvm::CallInst>(call->getArgOperand(3));
      const auto known = before ? chain_of_.find(before) : chain_of_.end();
      const size_t chain = known == chain_of_.end() ? chains_.size() : known->second;
      if (chain == chains_.size()) chains_.push_back({});
      chains_[chain].push_back(call);
      chain_of_[call] = chain;
    }
    if (chains_.empty() || chains_.size() > kMostSums || !is_undisturbed()) return {};
    found_.block = &block_;
    found_.steps = int64_t(chains_[0].size());
    for (const auto& chain : chains_)
      if (int64_t(chain.size()) != found_.steps || !read(chain)) return {};
    const size_t pairs = found_.pairs.size();
    if (found_.sums.size() != chains_.size() || found_.sums.size() != found_.pixels.size() * 2 * pairs)
      return {};
    for (size_t i = 0; i < pairs; i++)
      if (found_.pairs[i] != int64_t(8 * i)) return {};
    if (found_.steps > 1 && weights_distance_ != int64_t(8 * pairs)) return {};
    return found_;
  }

 private:
  /// All loads may wait for the last product, and nobody asks for a sum before.
  bool is_undisturbed() const {
    const llvm::Instruction* last = chains_[0].back();
    for (const auto& chain : chains_)
      if (last->comesBefore(chain.back())) last = chain.back();
    for (const llvm::Instruction* i = chains_[0].front(); i != last; i = i->getNextNode())
      if (i->mayWriteToMemory()) return false;
    for (const auto& [call, chain] : chain_of_) {
      for (const auto* user : call->users()) {
        const auto* instruction = llvm::cast<llvm::Instruction>(user);
        const bool next = chain_of_.contains(instruction) && chain_of_.at(instruction) == chain;
        const bool later = instruction->getParent() != &block_ || llvm::isa<llvm::PHINode>(instruction) ||
                           last->comesBefore(instruction);
        if (!next && !(later && call == chains_[chain].back())) return false;
      }
    }
    return true;
  }

  const llvm::SCEV* address_of(Value* word) const {
    auto* load = llvm::dyn_cast<llvm::LoadInst>(word);
    return load && load->getParent() == &block_ ? evolution_.getSCEV(load->getPointerOperand()) : nullptr;
  }

  std::optional<int64_t> difference(const llvm::SCEV* a, const llvm::SCEV* b) const {
    const auto* constant = llvm::dyn_cast<llvm::SCEVConstant>(evolution_.getMinusSCEV(a, b));
    if (!constant) return {};
    return constant->getAPInt().getSExtValue();
  }

  bool read(const std::vector<llvm::CallInst*>& chain) {
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
  std::vector<std::vector<llvm::CallInst*>> chains_;
  std::map<const llvm::Instruction*, size_t> chain_of_;
  WordLoop found_{};
  int64_t weights_distance_ = 0;
};

/// The text of the block. Operands are numbered: sums by pixel and channel, addresses of pixels, of weights,
/// counter, then what is free: two registers a pixel, two for weights.
class Writer {
 public:
  Writer(const WordLoop& loop, std::optional<int64_t> second)
      : pixels_(loop.pixels.size()),
        pairs_(loop.pairs.size()),
        distance_(loop.distance),
        second_(second),
        sums_(loop.sums.size()) {
    int64_t unrolled = std::min(loop.steps, kMostUnrolled);
    while (loop.steps % unrolled != 0) unrolled--;
    count_ = loop.steps / unrolled;
    if (count_ > 1) text_ += "1:\n";
    for (int64_t i = 0; i < unrolled; i++) step();
    if (count_ > 1) line("subs $C, #1"), line("bne 1b");
  }

  int64_t count() const { return count_; }
  size_t addresses() const { return second_ ? 1 : pixels_; }
  size_t registers() const { return sums_ + addresses() + 2 + 2 * pixels_ + 2; }
  const std::string& text() const { return text_; }

 private:
  size_t pixel_address(size_t p) const { return sums_ + (second_ ? 0 : p); }
  size_t weights_address() const { return sums_ + addresses(); }
  size_t counter() const { return weights_address() + 1; }
  size_t even(size_t p) const { return counter() + 1 + 2 * p; }
  size_t odd(size_t p) const { return even(p) + 1; }
  size_t weights(size_t i) const { return counter() + 1 + 2 * pixels_ + i; }
  static std::string reg(size_t i) { return "$" + std::to_string(i); }

  void line(std::string text) {
    if (const size_t at = text.find("$C"); at != std::string::npos) text.replace(at, 2, reg(counter()));
    text_ += text + "\n";
  }

  void load_pixel(size_t p) {
    const std::string address = reg(pixel_address(p)), to = reg(odd(p));
    if (second_ && p == 1)
      return line("ldr " + to + ", [" + address + ", #" + std::to_string(*second_) + "]");
    if (distance_ >= 0 && distance_ <= kMostIndex)
      return line("ldr " + to + ", [" + address + "], #" + std::to_string(distance_));
    line("ldr " + to + ", [" + address + "]");
    line("addw " + address + ", " + address + ", #" + std::to_string(distance_));
  }

  void multiply(size_t channel, bool is_odd, size_t word) {
    for (size_t p = 0; p < pixels_; p++) {
      const std::string sum = reg(p * 2 * pairs_ + channel);
      line("smlad " + sum + ", " + reg(is_odd ? odd(p) : even(p)) + ", " + reg(word) + ", " + sum);
    }
  }

  void step() {
    for (size_t p = pixels_; p-- > 0;) load_pixel(p);
    for (size_t p = 0; p < pixels_; p++) {
      line("sxtb16 " + reg(even(p)) + ", " + reg(odd(p)));
      line("sxtb16 " + reg(odd(p)) + ", " + reg(odd(p)) + ", ror #8");
    }
    for (size_t pair = 0; pair < pairs_; pair++) {
      line("ldrd " + reg(weights(0)) + ", " + reg(weights(1)) + ", [" + reg(weights_address()) + "], #8");
      for (const bool is_odd : {false, true}) {
        const size_t word = weights(is_odd);
        multiply(2 * pair + 1, is_odd, word);
        line("sxtb16 " + reg(word) + ", " + reg(word));
        multiply(2 * pair, is_odd, word);
      }
    }
  }

  size_t pixels_, pairs_;
  int64_t distance_;
  std::optional<int64_t> second_;
  size_t sums_;
  int64_t count_;
  std::string text_;
};

/// The distance of a second pixel, if a load can add it.
std::optional<int64_t> second_pixel(const WordLoop& loop, llvm::ScalarEvolution& evolution) {
  if (loop.pixels.size() != 2) return {};
  const auto* constant =
      llvm::dyn_cast<llvm::SCEVConstant>(evolution.getMinusSCEV(loop.pixels[1], loop.pixels[0]));
  if (!constant) return {};
  const int64_t bytes = constant->getAPInt().getSExtValue();
  return bytes >= 0 && bytes <= kMostOffset ? std::optional(bytes) : std::nullopt;
}

llvm::CallInst* make_call(llvm::IRBuilder<>& ir, const Writer& writer, const std::vector<Value*>& arguments) {
  std::vector<llvm::Type*> results(writer.registers(), ir.getInt32Ty()), types;
  for (size_t i = 0; i < arguments.size(); i++) types.push_back(results[i] = arguments[i]->getType());
  std::string constraints;
  for (size_t i = 0; i < writer.registers(); i++) constraints += "=&r,";
  for (size_t i = 0; i < arguments.size(); i++) constraints += std::to_string(i) + ",";
  constraints += "~{cc}";
  auto* result = llvm::StructType::get(ir.getContext(), results);
  auto* type = llvm::FunctionType::get(result, types, false);
  auto* call = ir.CreateCall(type, llvm::InlineAsm::get(type, writer.text(), constraints, true), arguments);
  call->setMemoryEffects(llvm::MemoryEffects::readOnly());
  call->setDoesNotThrow();
  return call;
}

/// Puts the block of assembly at `end`, behind which every use of a sum is.
bool write_block(const WordLoop& loop, llvm::Instruction* end, llvm::ScalarEvolution& evolution) {
  const auto second = second_pixel(loop, evolution);
  const Writer writer(loop, second);
  constexpr size_t kRegisters = 13;
  if (loop.distance < 0 || loop.distance > kMostOffset || writer.registers() > kRegisters) return false;
  llvm::SCEVExpander expander(evolution, end->getModule()->getDataLayout(), "word");
  llvm::IRBuilder<> ir(end);
  std::vector<Value*> arguments;
  for (const auto& [place, sum] : loop.sums) arguments.push_back(sum.start);
  for (size_t p = 0; p < writer.addresses(); p++)
    arguments.push_back(expander.expandCodeFor(loop.pixels[p], ir.getPtrTy(), end));
  arguments.push_back(expander.expandCodeFor(loop.weights, ir.getPtrTy(), end));
  arguments.push_back(ir.getInt32(uint32_t(writer.count())));
  auto* call = make_call(ir, writer, arguments);
  unsigned i = 0;
  for (const auto& [place, sum] : loop.sums) sum.call->replaceAllUsesWith(ir.CreateExtractValue(call, i++));
  return true;
}

bool rewrite_loop(const WordLoop& loop, llvm::ScalarEvolution& evolution) {
  auto* end = loop.before->getTerminator();
  if (!write_block(loop, end, evolution)) return false;
  // What comes from the loop comes from before it, too, until the loop is gone.
  for (auto& phi : loop.after->phis()) phi.addIncoming(phi.getIncomingValueForBlock(loop.block), loop.before);
  end->replaceSuccessorWith(loop.block, loop.after);
  llvm::DeleteDeadBlock(loop.block);
  return true;
}

bool rewrite_chains(const WordLoop& chains, llvm::ScalarEvolution& evolution) {
  llvm::Instruction* last = nullptr;
  for (const auto& [place, sum] : chains.sums)
    if (!last || last->comesBefore(sum.call)) last = sum.call;
  if (!write_block(chains, last->getNextNode(), evolution)) return false;
  for (const auto& [place, sum] : chains.sums) {
    for (llvm::Value* call = sum.call; call != sum.start;) {
      auto* dead = llvm::cast<llvm::CallInst>(call);
      call = dead->getArgOperand(3);
      dead->eraseFromParent();
    }
  }
  return true;
}

bool rewrite_one(llvm::Function& function) {
  Analyses analyses(function);
  for (auto* loop : analyses.loops.getLoopsInPreorder()) {
    const auto found = Reader(*loop, analyses.evolution).run();
    if (found && rewrite_loop(*found, analyses.evolution)) return true;
  }
  for (auto& block : function) {
    const auto found = ChainReader(block, analyses.evolution).run();
    if (found && rewrite_chains(*found, analyses.evolution)) return true;
  }
  return false;
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

void use_word_loops(llvm::Module& module) {
  if (!module.getFunction(kProduct)) return;
  for (auto& function : module) {
    if (function.isDeclaration()) continue;
    relax_slots(function);
    mark_sums(function);
    bool changed = false;
    while (rewrite_one(function)) changed = true;
    if (changed) keep_loops(function);
  }
}

}  // namespace halite::codegen
