// Functions are compared instruction by instruction. Values, blocks and the functions themselves are numbered
// in their order; whatever else an instruction says is a word of the signature.
#include "codegen/kernel_shape.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include <algorithm>
#include <map>

#include "codegen/merge.h"

namespace halite::codegen {
namespace {

using llvm::Function;
using llvm::Instruction;
using llvm::Value;

/// Whether a value that is computed at run time may stand there instead of a constant.
bool may_vary(const Instruction& user, unsigned operand) {
  if (user.getOperand(operand)->getType()->getIntegerBitWidth() < 32) return false;
  if (const auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&user))
    return !gep->getSourceElementType()->isStructTy();
  if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&user)) {
    return operand < call->arg_size() && !call->paramHasAttr(operand, llvm::Attribute::ImmArg);
  }
  return llvm::isa<llvm::BinaryOperator, llvm::ICmpInst, llvm::PHINode, llvm::SelectInst, llvm::StoreInst>(
      user);
}

bool is_number(const Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  return call && call->getCalledFunction() && call->getCalledFunction()->getName() == kNumber;
}
size_t number_of(const Instruction& call) {
  return llvm::cast<llvm::ConstantInt>(call.getOperand(0))->getZExtValue();
}

/// Whether the instruction multiplies elements, or may: what a call does whose result is used is not known.
bool multiplies(const Instruction& instruction) {
  if (llvm::isa<llvm::CallBase>(instruction)) return !instruction.getType()->isVoidTy();
  if (instruction.getOpcode() == Instruction::FMul) return true;
  return instruction.getOpcode() == Instruction::Mul && instruction.getType()->isVectorTy();
}

class ShapeReader {
 public:
  ShapeReader(const std::vector<Function*>& functions, const std::vector<int>& numbers) : known_(numbers) {
    for (auto* function : functions) {
      number(function);
      for (auto& argument : function->args()) number(&argument);
      for (auto& block : *function) {
        number(&block);
        for (auto& instruction : block) number(&instruction);
      }
    }
    for (auto* function : functions) {
      find_loops(*function);
      add(uint64_t{function->hasMinSize()});
      for (auto& instruction : llvm::instructions(*function)) read(instruction);
    }
  }
  KernelShape shape;

 private:
  void find_loops(Function& function) {
    llvm::DominatorTree dominators(function);
    llvm::LoopInfo loops(dominators);
    for (auto* loop : loops.getLoopsInPreorder()) {
      if (!loop->isInnermost()) continue;
      bool computes = false;
      for (auto* block : loop->blocks()) {
        loop_of_[block] = loops_;
        computes = computes || std::ranges::any_of(*block, [](const auto& i) { return multiplies(i); });
      }
      shape.computes.push_back(computes);
      loops_++;
    }
  }
  int loop_of(const Instruction& instruction) const {
    const auto found = loop_of_.find(instruction.getParent());
    return found == loop_of_.end() ? -1 : found->second;
  }

  void number(const Value* value) { numbers_.emplace(value, numbers_.size()); }
  void add(uint64_t word) { shape.signature.push_back(word); }
  void add(const void* pointer) { add(reinterpret_cast<uint64_t>(pointer)); }
  /// Structures of other modules have other names.
  void add_type(llvm::Type* type) {
    auto* structure = llvm::dyn_cast<llvm::StructType>(type);
    if (!structure || structure->isLiteral()) return add(type);
    add(uint64_t{structure->getNumElements()});
    for (auto* element : structure->elements()) add_type(element);
  }

  void read(Instruction& instruction) {
    add(instruction.getOpcode());
    add(instruction.getType());
    add(numbers_.at(instruction.getParent()));
    add(instruction.getNumOperands());
    add(instruction.getRawSubclassOptionalData());
    if (auto* compare = llvm::dyn_cast<llvm::CmpInst>(&instruction)) add(compare->getPredicate());
    if (auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction))
      add_type(gep->getSourceElementType());
    if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
      // Arrays of a type may differ in length (make_room_for).
      auto* type = slot->getAllocatedType();
      add_type(type->isArrayTy() ? type->getArrayElementType() : type);
    }
    if (auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction)) {
      for (int lane : shuffle->getShuffleMask()) add(uint64_t(lane));
    }
    if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
      for (auto* block : phi->blocks()) add(numbers_.at(block));
    }
    if (is_number(instruction)) {
      shape.places.push_back({&instruction, kAsAWhole, loop_of(instruction)});
      shape.numbers.push_back(known_.at(number_of(instruction)));
    }
    for (unsigned i = 0; i < instruction.getNumOperands(); i++) read_operand(instruction, i);
  }

  void read_operand(Instruction& user, unsigned i) {
    Value* operand = user.getOperand(i);
    if (const auto known = numbers_.find(operand); known != numbers_.end()) return add(known->second + 1);
    const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(operand);
    if (constant && constant->getBitWidth() <= 64 && may_vary(user, i) &&
        llvm::isInt<32>(constant->getSExtValue())) {
      shape.places.push_back({&user, i, loop_of(user)});
      shape.numbers.push_back(constant->getSExtValue());
      return add(uint64_t{0});
    }
    // Functions of other modules differ by address; a name says what is called.
    if (llvm::isa<Function>(operand)) {
      for (char c : operand->getName()) add(uint64_t(c));
      return;
    }
    add(operand);
  }

  std::map<const Value*, uint64_t> numbers_;
  const std::vector<int>& known_;
  std::map<const llvm::BasicBlock*, int> loop_of_;
  int loops_ = 0;
};

}  // namespace

/// The kernel and the tasks of its parallel loops, in order of their use.
std::vector<Function*> functions_of(Function& kernel) {
  std::vector<Function*> functions{&kernel};
  for (size_t i = 0; i < functions.size(); i++) {
    for (auto& instruction : llvm::instructions(*functions[i])) {
      for (Value* operand : instruction.operands()) {
        auto* used = llvm::dyn_cast<Function>(operand);
        if (used && !used->isDeclaration() && std::ranges::find(functions, used) == functions.end())
          functions.push_back(used);
      }
    }
  }
  return functions;
}

KernelShape read_shape(const std::vector<Function*>& functions, const std::vector<int>& numbers) {
  return ShapeReader(functions, numbers).shape;
}

}  // namespace halite::codegen
