#include "codegen/buffers.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halite::codegen {
namespace {

/// The argument, if it is a call of that intrinsic.
llvm::Value* argument(const llvm::Instruction& instruction, llvm::Intrinsic::ID id, unsigned number) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  return call && call->getIntrinsicID() == id ? call->getArgOperand(number) : nullptr;
}

}  // namespace

const llvm::Value* read_by(const llvm::Instruction& instruction) {
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
    return load->isSimple() ? load->getPointerOperand() : nullptr;
  return argument(instruction, llvm::Intrinsic::masked_load, 0);
}

llvm::Value* written_by(const llvm::Instruction& instruction) {
  if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
    return store->isSimple() ? const_cast<llvm::Value*>(store->getPointerOperand()) : nullptr;
  return argument(instruction, llvm::Intrinsic::masked_store, 1);
}

const llvm::Value* buffer_of(const llvm::Value* address) {
  const auto* object = llvm::getUnderlyingObject(address, 0);
  // A pointer may have been loaded twice.
  if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(object)) return load->getPointerOperand();
  const bool known = llvm::isa<llvm::Argument, llvm::AllocaInst, llvm::GlobalVariable>(object);
  return known ? object : nullptr;
}

}  // namespace halite::codegen
