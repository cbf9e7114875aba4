// Halide interleaves four vectors pair by pair, and LLVM permutes once for each pair and half. vpermi2b picks
// any bytes of two vectors of 64, which hold all four.
#include "codegen/interleaves.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/Transforms/Utils/Local.h>

namespace halite::codegen {
namespace {

using llvm::Value;

constexpr unsigned kPartBytes = 32, kParts = 4, kVectorBytes = 64;

unsigned bytes_of(const Value* value) {
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
  return type && type->getElementType()->isIntegerTy(8) ? type->getNumElements() : 0;
}

struct Picked {
  llvm::SmallVector<Value*, kParts> parts;
  llvm::SmallVector<uint8_t, kParts * kPartBytes> bytes;  ///< of all parts, one behind the other
};

/// The parts that two levels of shuffles bring together; false if they are not such.
bool pick(llvm::ShuffleVectorInst& shuffle, Picked& picked) {
  for (unsigned lane = 0; lane < bytes_of(&shuffle); ++lane) {
    Value* vector = &shuffle;
    unsigned at = lane;
    while (bytes_of(vector) > kPartBytes) {
      const auto* inner = llvm::dyn_cast<llvm::ShuffleVectorInst>(vector);
      const int from = inner ? inner->getMaskValue(at) : -1;
      if (from < 0) return false;
      const unsigned bytes = bytes_of(inner->getOperand(0)), byte = static_cast<unsigned>(from);
      vector = inner->getOperand(byte < bytes ? 0 : 1);
      at = byte % bytes;
    }
    if (bytes_of(vector) != kPartBytes) return false;
    auto* part = llvm::find(picked.parts, vector);
    if (part == picked.parts.end()) {
      if (picked.parts.size() == kParts) return false;
      picked.parts.push_back(vector);
      part = picked.parts.end() - 1;
    }
    const auto number = static_cast<unsigned>(part - picked.parts.begin());
    picked.bytes.push_back(static_cast<uint8_t>(number * kPartBytes + at));
  }
  return picked.parts.size() > 2;
}

Value* permuted(llvm::ShuffleVectorInst& shuffle, Picked& picked) {
  llvm::IRBuilder<> ir(&shuffle);
  while (picked.parts.size() < kParts) picked.parts.push_back(picked.parts.back());
  Value* tables[2];
  for (unsigned i : {0, 1})
    tables[i] = llvm::concatenateVectors(ir, {picked.parts[2 * i], picked.parts[2 * i + 1]});
  llvm::SmallVector<Value*, 2> halves;
  for (size_t first = 0; first < picked.bytes.size(); first += kVectorBytes) {
    const llvm::ArrayRef<uint8_t> bytes(picked.bytes.data() + first, kVectorBytes);
    auto* indices = llvm::ConstantDataVector::get(shuffle.getContext(), bytes);
    halves.push_back(ir.CreateIntrinsic(llvm::Intrinsic::x86_avx512_vpermi2var_qi_512, {},
                                        {tables[0], indices, tables[1]}));
  }
  return llvm::concatenateVectors(ir, halves);
}

}  // namespace

void use_interleaves(llvm::Module& module) {
  for (auto& function : module) {
    llvm::SmallVector<llvm::ShuffleVectorInst*, 16> found;
    for (auto& instruction : llvm::instructions(function)) {
      auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction);
      if (shuffle && bytes_of(shuffle) == kParts * kPartBytes) found.push_back(shuffle);
    }
    for (auto* shuffle : found) {
      Picked picked;
      if (!pick(*shuffle, picked)) continue;
      shuffle->replaceAllUsesWith(permuted(*shuffle, picked));
      llvm::RecursivelyDeleteTriviallyDeadInstructions(shuffle);
    }
  }
}

}  // namespace halite::codegen
