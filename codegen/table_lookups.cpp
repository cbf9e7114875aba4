// Halide writes t[v] as insert(... insert(undef, load(t + extract(v, 0)), 0) ...); v has been bytes until it
// was extended, so 256 bytes may be read at t. The table lies in four vectors of 64 bytes; vpermi2b picks
// from two of them by the lower seven bits of an index, and the highest bit decides between the pairs.
#include "codegen/table_lookups.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <numeric>
#include <optional>

namespace halite::codegen {
namespace {

using llvm::FixedVectorType;
using llvm::InsertElementInst;
using llvm::Value;

constexpr unsigned kLanes = 64, kFewestLanes = 8;

struct Lookup {
  Value *table, *indices;  ///< indices: a vector of i8
};

struct Lane {
  Value* vector;  ///< of i8
  unsigned number;
};

/// The lane of a vector of bytes that `index` is, extended with zeros.
std::optional<Lane> byte_of(Value* index) {
  while (auto* extended = llvm::dyn_cast<llvm::ZExtInst>(index)) index = extended->getOperand(0);
  auto* element = llvm::dyn_cast<llvm::ExtractElementInst>(index);
  const auto* at = element ? llvm::dyn_cast<llvm::ConstantInt>(element->getIndexOperand()) : nullptr;
  if (!at) return {};
  Lane lane{element->getVectorOperand(), static_cast<unsigned>(at->getZExtValue())};
  while (!lane.vector->getType()->getScalarType()->isIntegerTy(8)) {
    if (auto* extended = llvm::dyn_cast<llvm::ZExtInst>(lane.vector)) {
      lane.vector = extended->getOperand(0);
    } else if (auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(lane.vector)) {
      const auto* first = llvm::dyn_cast<FixedVectorType>(shuffle->getOperand(0)->getType());
      const int from = first ? shuffle->getMaskValue(lane.number) : -1;
      if (from < 0) return {};
      const unsigned lanes = first->getNumElements(), number = static_cast<unsigned>(from);
      lane = {shuffle->getOperand(number < lanes ? 0 : 1), number % lanes};
    } else {
      return {};
    }
  }
  return lane;
}

/// The table and the indices of which `value` is the element read for `lane`.
std::optional<Lookup> read_of(Value* value, unsigned lane) {
  const auto* load = llvm::dyn_cast<llvm::LoadInst>(value);
  if (!load || !load->isSimple() || !load->getType()->isIntegerTy(8)) return {};
  const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(load->getPointerOperand());
  if (!address || address->getNumIndices() != 1 || !address->getSourceElementType()->isIntegerTy(8))
    return {};
  const auto index = byte_of(address->getOperand(1));
  if (!index || index->number != lane) return {};
  return Lookup{address->getOperand(0), index->vector};
}

/// What the chain that ends with `last` reads; nullopt if that is no whole vector from one table.
std::optional<Lookup> lookup_of(InsertElementInst& last) {
  const auto* type = llvm::dyn_cast<FixedVectorType>(last.getType());
  if (!type || type->getNumElements() < kFewestLanes || type->getNumElements() > kLanes) return {};
  std::optional<Lookup> found;
  Value* chain = &last;
  for (unsigned lane = type->getNumElements(); lane-- > 0;) {
    const auto* insert = llvm::dyn_cast<InsertElementInst>(chain);
    const auto* at = insert ? llvm::dyn_cast<llvm::ConstantInt>(insert->getOperand(2)) : nullptr;
    if (!at || at->getZExtValue() != lane) return {};
    const auto read = read_of(insert->getOperand(1), lane);
    if (!read || (found && (read->table != found->table || read->indices != found->indices))) return {};
    found = read;
    chain = insert->getOperand(0);
  }
  const auto* indices = llvm::cast<FixedVectorType>(found->indices->getType());
  return indices->getNumElements() == type->getNumElements() ? found : std::nullopt;
}

/// The first `count` lanes, then some that do not matter.
Value* resized(llvm::IRBuilder<>& ir, Value* vector, unsigned count) {
  const unsigned given = llvm::cast<FixedVectorType>(vector->getType())->getNumElements();
  if (given == count) return vector;
  std::vector<int> mask(count, -1);
  std::iota(mask.begin(), mask.begin() + std::min(given, count), 0);
  return ir.CreateShuffleVector(vector, mask);
}

Value* looked_up(llvm::IRBuilder<>& ir, const Lookup& lookup, unsigned lanes) {
  auto* bytes = FixedVectorType::get(ir.getInt8Ty(), kLanes);
  const auto part = [&](unsigned i) {
    Value* address = ir.CreateConstGEP1_32(ir.getInt8Ty(), lookup.table, i * kLanes);
    return ir.CreateAlignedLoad(bytes, ir.CreateBitCast(address, bytes->getPointerTo()), llvm::Align(1));
  };
  Value* indices = resized(ir, lookup.indices, kLanes);
  const auto pick = [&](unsigned i) {
    return ir.CreateIntrinsic(llvm::Intrinsic::x86_avx512_vpermi2var_qi_512, {},
                              {part(i), indices, part(i + 1)});
  };
  Value *low = pick(0), *high = pick(2);
  Value* is_high = ir.CreateICmpSLT(indices, llvm::Constant::getNullValue(bytes));
  return resized(ir, ir.CreateSelect(is_high, high, low), lanes);
}

}  // namespace

void use_table_lookups(llvm::Module& module) {
  for (auto& function : module) {
    for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto* last = llvm::dyn_cast<InsertElementInst>(&instruction);
      const auto lookup = last ? lookup_of(*last) : std::nullopt;
      if (!lookup) continue;
      llvm::IRBuilder<> ir(last);
      last->replaceAllUsesWith(
          looked_up(ir, *lookup, llvm::cast<FixedVectorType>(last->getType())->getNumElements()));
    }
  }
}

}  // namespace halite::codegen
