#include "codegen/canonical.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Operator.h>

namespace halite::codegen {
namespace {

using llvm::Function;
using llvm::Instruction;
using llvm::Value;

/// The plain form of an instruction that LLVM writes in another way for some numbers; nothing: it is plain.
Instruction* plain_form(Instruction& instruction, const llvm::DataLayout& layout) {
  const auto place = instruction.getIterator();
  if (auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
    const auto* first = llvm::dyn_cast<llvm::ConstantInt>(gep->getOperand(1));
    if (!gep->getSourceElementType()->isArrayTy() || gep->getNumIndices() != 2 || !first || !first->isZero())
      return nullptr;
    return llvm::GetElementPtrInst::Create(gep->getResultElementType(), gep->getPointerOperand(),
                                           {gep->getOperand(2)}, "", place);
  }
  if (!llvm::isa<llvm::BinaryOperator>(instruction) || !instruction.getType()->isIntegerTy()) return nullptr;
  Value *left = instruction.getOperand(0), *right = instruction.getOperand(1);
  if (auto* shift = llvm::dyn_cast<llvm::ConstantInt>(right);
      shift && instruction.getOpcode() == Instruction::Shl && shift->getZExtValue() < 31) {
    auto* factor = llvm::ConstantInt::get(instruction.getType(), uint64_t{1} << shift->getZExtValue());
    return llvm::BinaryOperator::CreateMul(left, factor, "", place);
  }
  if (instruction.getOpcode() == Instruction::Or && llvm::haveNoCommonBitsSet(left, right, layout))
    return llvm::BinaryOperator::CreateAdd(left, right, "", place);
  return nullptr;
}

/// What LLVM proved for one number need not hold for another.
void forget_proofs(Instruction& instruction) {
  if (instruction.getType()->isIntegerTy() || llvm::isa<llvm::GetElementPtrInst>(instruction))
    instruction.dropPoisonGeneratingFlags();
  if (auto* lifetime = llvm::dyn_cast<llvm::LifetimeIntrinsic>(&instruction)) {
    lifetime->setArgOperand(0, llvm::ConstantInt::getSigned(lifetime->getArgOperand(0)->getType(), -1));
  } else if (auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
    for (unsigned i = 0; i < call->arg_size(); i++) {
      call->removeParamAttr(i, llvm::Attribute::Dereferenceable);
      call->removeParamAttr(i, llvm::Attribute::Alignment);
    }
  }
}

/// Two numbers that happen to be the same must not make one product of two.
void multiply_at_each_use(Function& function) {
  std::vector<Instruction*> products;
  for (auto& instruction : llvm::instructions(function)) {
    const bool product = instruction.getOpcode() == Instruction::Mul &&
                         llvm::isa<llvm::ConstantInt>(instruction.getOperand(1));
    if (product) products.push_back(&instruction);
  }
  for (auto* product : products) {
    for (auto& use : llvm::make_early_inc_range(product->uses())) {
      auto* user = llvm::cast<Instruction>(use.getUser());
      if (auto* phi = llvm::dyn_cast<llvm::PHINode>(user)) user = phi->getIncomingBlock(use)->getTerminator();
      auto* own = product->clone();
      own->insertBefore(user->getIterator());
      use.set(own);
    }
    product->eraseFromParent();
  }
}

}  // namespace

void canonicalize(Function& function) {
  const auto& layout = function.getParent()->getDataLayout();
  std::vector<Instruction*> all;
  for (auto& instruction : llvm::instructions(function)) all.push_back(&instruction);
  for (auto* instruction : all) {
    if (llvm::isa<llvm::NoAliasScopeDeclInst>(instruction)) {  // names its scope, which is each module's own
      instruction->eraseFromParent();
    } else if (auto* plain = plain_form(*instruction, layout)) {
      instruction->replaceAllUsesWith(plain);
      instruction->eraseFromParent();
    }
  }
  for (auto& instruction : llvm::instructions(function)) forget_proofs(instruction);
  multiply_at_each_use(function);
}

}  // namespace halite::codegen
