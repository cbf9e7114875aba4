// See words.h. A transposition of four words by four is written out: back ends see in one shuffle of 64 bytes
// nothing but bytes or words to be moved one by one.
#include "codegen/words.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>

namespace halite::codegen {
namespace {

using llvm::FixedVectorType;
using llvm::ShuffleVectorInst;
using llvm::Value;
using Mask = llvm::SmallVector<int, 16>;

constexpr int kBytes = 4;

/// The words that the bytes of a mask make; empty if they do not.
Mask words_of(llvm::ArrayRef<int> bytes) {
  Mask words;
  if (bytes.size() % kBytes != 0) return {};
  for (size_t i = 0; i < bytes.size(); i += kBytes) {
    const int first = bytes[i];
    if (first >= 0 && first % kBytes != 0) return {};
    for (int j = 0; j < kBytes; j++)
      if (bytes[i + static_cast<size_t>(j)] != (first < 0 ? first : first + j)) return {};
    words.push_back(first < 0 ? first : first / kBytes);
  }
  return words;
}

/// Words of rows of four become those of columns.
bool is_transposition(const Mask& words) {
  if (words.size() != 16) return false;
  for (int i = 0; i < 16; i++)
    if (words[static_cast<size_t>(i)] != i % 4 * 4 + i / 4) return false;
  return true;
}

Value* transposed(llvm::IRBuilder<>& ir, Value* words) {
  const auto zip = [&](Value* a, Value* b, bool upper) {
    return ir.CreateShuffleVector(a, b, upper ? Mask{2, 6, 3, 7} : Mask{0, 4, 1, 5});
  };
  Value* rows[4];
  for (int i = 0; i < 4; i++)
    rows[i] = ir.CreateShuffleVector(words, Mask{4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3});
  Value *even[2], *odd[2];
  for (bool upper : {false, true}) {
    even[upper] = zip(rows[0], rows[2], upper);
    odd[upper] = zip(rows[1], rows[3], upper);
  }
  const auto joined = [&](Value* a, Value* b, int lanes) {
    Mask all;
    for (int i = 0; i < 2 * lanes; i++) all.push_back(i);
    return ir.CreateShuffleVector(a, b, all);
  };
  Value* halves[2];
  for (bool upper : {false, true})
    halves[upper] = joined(zip(even[upper], odd[upper], false), zip(even[upper], odd[upper], true), 4);
  return joined(halves[0], halves[1], 8);
}

}  // namespace

void shuffle_words(llvm::Module& module) {
  for (auto& function : module) {
    for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto* shuffle = llvm::dyn_cast<ShuffleVectorInst>(&instruction);
      if (!shuffle || !shuffle->getType()->getScalarType()->isIntegerTy(8)) continue;
      auto* from = llvm::dyn_cast<FixedVectorType>(shuffle->getOperand(0)->getType());
      if (!from || from->getNumElements() % kBytes != 0) continue;
      const Mask words = words_of(shuffle->getShuffleMask());
      if (words.empty()) continue;
      llvm::IRBuilder<> ir(shuffle);
      auto* type = FixedVectorType::get(ir.getInt32Ty(), from->getNumElements() / kBytes);
      Value *a = ir.CreateBitCast(shuffle->getOperand(0), type),
            *b = ir.CreateBitCast(shuffle->getOperand(1), type);
      const bool transposes = is_transposition(words) && type->getNumElements() == 16;
      Value* moved = transposes ? transposed(ir, a) : ir.CreateShuffleVector(a, b, words);
      shuffle->replaceAllUsesWith(ir.CreateBitCast(moved, shuffle->getType()));
      shuffle->eraseFromParent();
    }
  }
}

}  // namespace halite::codegen
