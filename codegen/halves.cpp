// See halves.h. Intrinsics and not shorter casts, which LLVM would join with the longer ones again.
#include "codegen/halves.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsAArch64.h>

#include <array>

namespace halite::codegen {
namespace {

using llvm::FixedVectorType;
using llvm::Value;

constexpr unsigned kLanes = 8;

/// The bytes that a factor widens; null if it does not.
llvm::CastInst* widened_bytes(Value* factor) {
  auto* cast = llvm::dyn_cast<llvm::CastInst>(factor);
  if (!cast || !llvm::isa<llvm::SExtInst, llvm::ZExtInst>(cast)) return nullptr;
  return cast->getOperand(0)->getType()->getScalarSizeInBits() == 8 ? cast : nullptr;
}

Value* product(llvm::IRBuilder<>& ir, const std::array<llvm::CastInst*, 2>& factors) {
  auto* halves = FixedVectorType::get(ir.getInt16Ty(), kLanes);
  auto* words = FixedVectorType::get(ir.getInt32Ty(), kLanes / 2);
  Value* wide[2];
  for (size_t i : {0, 1}) wide[i] = ir.CreateCast(factors[i]->getOpcode(), factors[i]->getOperand(0), halves);
  Value* parts[2];
  for (int upper : {0, 1}) {
    const int first = upper * 4;
    const auto half = [&](Value* v) {
      return ir.CreateShuffleVector(v, llvm::ArrayRef<int>{first, first + 1, first + 2, first + 3});
    };
    parts[upper] =
        ir.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_smull, {words}, {half(wide[0]), half(wide[1])});
  }
  return ir.CreateShuffleVector(parts[0], parts[1], llvm::ArrayRef<int>{0, 1, 2, 3, 4, 5, 6, 7});
}

}  // namespace

void multiply_halves(llvm::Module& module) {
  for (auto& function : module) {
    for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      const auto* type = llvm::dyn_cast<FixedVectorType>(instruction.getType());
      if (instruction.getOpcode() != llvm::Instruction::Mul || !type || type->getNumElements() != kLanes ||
          !type->getElementType()->isIntegerTy(32))
        continue;
      const std::array factors{widened_bytes(instruction.getOperand(0)),
                               widened_bytes(instruction.getOperand(1))};
      if (!factors[0] || !factors[1]) continue;
      llvm::IRBuilder<> ir(&instruction);
      instruction.replaceAllUsesWith(product(ir, factors));
      instruction.eraseFromParent();
    }
  }
}

}  // namespace halite::codegen
