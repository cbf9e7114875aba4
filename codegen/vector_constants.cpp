// A constant hides behind an empty piece of assembly that gives back what it was given: LLVM can neither see
// through that nor repeat it, so the register that it names holds the constant for the whole loop.
#include "codegen/vector_constants.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

namespace halite::codegen {
namespace {

using llvm::Constant;
using llvm::Instruction;
using llvm::Value;

/// A constant that needs an instruction at least: operands of arithmetic, but for shifts, which have theirs
/// in the instruction.
bool needs_register(const Instruction& user, unsigned operand) {
  if (!llvm::isa<llvm::BinaryOperator, llvm::SelectInst, llvm::CmpInst, llvm::IntrinsicInst>(user) ||
      user.isShift())
    return false;
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&user);
  if (call && (operand >= call->arg_size() || call->paramHasAttr(operand, llvm::Attribute::ImmArg)))
    return false;
  const auto* constant = llvm::dyn_cast<Constant>(user.getOperand(operand));
  const auto* type = constant ? llvm::dyn_cast<llvm::FixedVectorType>(constant->getType()) : nullptr;
  if (!type || !llvm::isa<llvm::ConstantDataVector>(constant)) return false;
  return type->getPrimitiveSizeInBits() == 128;
}

class LoopConstants {
 public:
  explicit LoopConstants(llvm::Loop& loop) {
    for (auto* block : loop.blocks()) {
      for (auto& instruction : *block) {
        if (llvm::isa<llvm::PHINode>(instruction)) carried_ += instruction.getType()->isVectorTy();
        for (unsigned i = 0; i < instruction.getNumOperands(); i++)
          if (needs_register(instruction, i))
            uses_[llvm::cast<Constant>(instruction.getOperand(i))].push_back(&instruction.getOperandUse(i));
      }
    }
  }

  bool empty() const { return uses_.empty(); }
  size_t registers() const { return uses_.size() + carried_; }

  void hoist(Instruction* before) {
    llvm::IRBuilder<> ir(before);
    for (auto& [constant, uses] : uses_) {
      auto* type = llvm::FunctionType::get(constant->getType(), {constant->getType()}, false);
      auto* same = ir.CreateCall(type, llvm::InlineAsm::get(type, "", "=w,0", false), {constant});
      same->setDoesNotAccessMemory();
      for (auto* use : uses) use->set(same);
    }
  }

 private:
  llvm::MapVector<Constant*, std::vector<llvm::Use*>> uses_;
  size_t carried_ = 0;
};

}  // namespace

void hoist_vector_constants(llvm::Module& module, const targets::Facts& facts) {
  if (facts.vector_bits != 128 || facts.constant_operands) return;
  for (auto& function : module) {
    if (function.isDeclaration()) continue;
    llvm::DominatorTree dominators(function);
    llvm::LoopInfo loops(dominators);
    for (auto* loop : loops.getLoopsInPreorder()) {
      if (!loop->isInnermost()) continue;
      LoopConstants constants(*loop);
      // The other half is for what the loop computes.
      if (constants.empty() || 2 * constants.registers() > size_t(facts.vector_registers)) continue;
      auto* before = loop->getLoopPreheader();
      if (!before) before = llvm::InsertPreheaderForLoop(loop, &dominators, &loops, nullptr, false);
      if (before) constants.hoist(before->getTerminator());
    }
  }
}

}  // namespace halite::codegen
