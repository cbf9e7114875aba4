// An instruction that narrows one vector of i32 to bytes is two operations, and what it saturates on one side
// only needs another. Packs saturate and narrow two vectors in one: four of them become bytes by three packs,
// which leave words of four bytes in the order of 128-bit lanes, and a permutation.
#include "codegen/narrowings.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/Local.h>

#include <optional>
#include <tuple>

#include "codegen/buffers.h"

namespace halite::codegen {
namespace {

using llvm::FixedVectorType;
using llvm::Value;

constexpr size_t kMost = 4;         ///< vectors that are packed at once
constexpr unsigned kWordBytes = 4;  ///< that packs keep together

/// x saturated to low..high.
struct Saturated {
  Value* x;
  int64_t low = INT32_MIN, high = INT32_MAX;
};

Saturated saturated(Value* value) {
  using namespace llvm::PatternMatch;
  const auto* call = llvm::dyn_cast<llvm::MinMaxIntrinsic>(value);
  const llvm::APInt* bound = nullptr;
  if (!call || !match(call->getRHS(), m_APIntAllowPoison(bound))) return {value};
  const auto inner = saturated(call->getLHS());
  const int64_t b = bound->getSExtValue();
  const auto id = call->getIntrinsicID();
  if (id == llvm::Intrinsic::smax) return {inner.x, std::max(inner.low, b), std::max(inner.high, b)};
  if (id == llvm::Intrinsic::smin || (id == llvm::Intrinsic::umin && inner.low >= 0 && b >= 0))
    return {inner.x, std::min(inner.low, b), std::min(inner.high, b)};
  return {value};
}

/// The bytes of x saturated to low..high, plus `zero`, of which only eight bits count.
struct Narrowed {
  Value *whole, *x;  ///< whole: x saturated
  int64_t low, high, zero;

  bool alike(const Narrowed& other) const {
    return std::tie(low, high, zero) == std::tie(other.low, other.high, other.zero);
  }
};

/// What optimisation leaves of saturating to a range of bytes; it may have put the zero point behind.
std::optional<Narrowed> narrowed(Value* bytes, unsigned lanes) {
  using namespace llvm::PatternMatch;
  const llvm::APInt* zero = nullptr;
  Value *truncated = bytes, *whole = nullptr;
  const bool moved =
      match(bytes, m_Add(m_Value(truncated), m_APIntAllowPoison(zero))) ||
      (match(bytes, m_Xor(m_Value(truncated), m_APIntAllowPoison(zero))) && zero->isSignMask());
  if (!moved) truncated = bytes;
  if (!match(truncated, m_Trunc(m_Value(whole)))) return {};
  const auto* type = llvm::dyn_cast<FixedVectorType>(whole->getType());
  if (!type || type->getNumElements() != lanes || !type->getElementType()->isIntegerTy(32) ||
      !truncated->getType()->getScalarType()->isIntegerTy(8))
    return {};
  const auto [x, low, high] = saturated(whole);
  if (high - low > UINT8_MAX || std::abs(low) > INT16_MAX / 2) return {};
  return Narrowed{whole, x, low, high, moved ? zero->getSExtValue() : 0};
}

/// What bytes become again in 32 bits without them; nullptr if they have to wrap.
Value* kept_wide(llvm::CastInst& cast, unsigned lanes) {
  const bool is_signed = llvm::isa<llvm::SExtInst, llvm::SIToFPInst>(cast);
  if (!is_signed && !llvm::isa<llvm::ZExtInst, llvm::UIToFPInst>(cast)) return nullptr;
  const auto from = narrowed(cast.getOperand(0), lanes);
  if (!from) return nullptr;
  const int64_t least = is_signed ? INT8_MIN : 0, most = is_signed ? INT8_MAX : UINT8_MAX;
  for (const int64_t zero : {from->zero, from->zero + 256}) {
    if (from->low + zero < least || from->high + zero > most) continue;
    llvm::IRBuilder<> ir(&cast);
    auto* moved = ir.CreateNSWAdd(from->whole, llvm::ConstantInt::getSigned(from->whole->getType(), zero));
    if (cast.getType()->isFPOrFPVectorTy()) return ir.CreateSIToFP(moved, cast.getType());
    return cast.getType() == moved->getType() ? moved : nullptr;
  }
  return nullptr;
}

/// A store of bytes that are narrowed for it: of the first so many.
struct Store {
  llvm::Instruction* at;
  Value *pointer, *base;  ///< base and offset: the pointer
  int64_t offset;
  unsigned bytes;
  Narrowed value;
};

/// How many of the first lanes a constant mask lets through, and no others; 0: none, or it is no such mask.
unsigned first_lanes(Value* mask, unsigned lanes) {
  const auto* constant = llvm::dyn_cast<llvm::Constant>(mask);
  unsigned count = 0;
  for (unsigned i = 0; constant && i < lanes; ++i) {
    const auto* lane = llvm::dyn_cast_or_null<llvm::ConstantInt>(constant->getAggregateElement(i));
    if (!lane || (lane->isOne() && count < i)) return 0;
    count += lane->isOne();
  }
  return count;
}

std::optional<Store> store_of(llvm::Instruction& instruction, unsigned lanes) {
  Value* pointer = written_by(instruction);
  if (!pointer) return {};
  Value* value = instruction.getOperand(0);
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
  const unsigned bytes = call ? first_lanes(call->getArgOperand(3), lanes) : lanes;
  const auto from = narrowed(value, lanes);
  if (!from || bytes == 0 || bytes % kWordBytes != 0) return {};
  const auto& layout = instruction.getModule()->getDataLayout();
  llvm::APInt offset(layout.getIndexTypeSizeInBits(pointer->getType()), 0);
  Value* base = pointer->stripAndAccumulateConstantOffsets(layout, offset, true);
  return Store{&instruction, pointer, base, offset.getSExtValue(), bytes, *from};
}

using Stores = llvm::SmallVector<Store, kMost>;

/// Four vectors, the last given more than once where they are fewer, as words of bytes: by vector within
/// 128-bit lanes. Packs of 16 bits saturate to a byte of one sign, to which the range is moved if need be.
Value* packed(llvm::IRBuilder<>& ir, const Stores& stores, unsigned lanes) {
  namespace I = llvm::Intrinsic;
  const auto [whole, x, low, high, zero] = stores[0].value;
  const bool is_signed = low < 0 && low >= INT8_MIN && high <= INT8_MAX;
  const int64_t moved = is_signed || (low >= 0 && high <= UINT8_MAX) ? 0 : -low;
  const auto by_lanes = [lanes](I::ID four, I::ID eight, I::ID sixteen) {
    return lanes == 16 ? sixteen : lanes == 8 ? eight : four;
  };
  const auto halves = by_lanes(I::x86_sse2_packssdw_128, I::x86_avx2_packssdw, I::x86_avx512_packssdw_512);
  const auto bytes =
      is_signed ? by_lanes(I::x86_sse2_packsswb_128, I::x86_avx2_packsswb, I::x86_avx512_packsswb_512)
                : by_lanes(I::x86_sse2_packuswb_128, I::x86_avx2_packuswb, I::x86_avx512_packuswb_512);
  const auto pair = [&](size_t first, size_t second) {
    const auto at = [&](size_t i) { return stores[i].value.x; };
    Value* both = ir.CreateIntrinsic(halves, {}, {at(first), at(second)});
    if (moved == 0) return both;
    return ir.CreateBinaryIntrinsic(I::sadd_sat, both, llvm::ConstantInt::getSigned(both->getType(), moved));
  };
  Value* first = pair(0, 1);
  Value* second = stores.size() == 2 ? first : pair(2, stores.size() - 1);
  Value* result = ir.CreateIntrinsic(bytes, {}, {first, second});
  const auto constant = [&](int64_t v) {
    return llvm::ConstantInt::get(result->getType(), llvm::APInt(8, static_cast<uint64_t>(v & UINT8_MAX)));
  };
  if (low + moved > (is_signed ? INT8_MIN : 0))
    result = ir.CreateBinaryIntrinsic(is_signed ? I::smax : I::umax, result, constant(low + moved));
  if (high + moved < (is_signed ? INT8_MAX : UINT8_MAX))
    result = ir.CreateBinaryIntrinsic(is_signed ? I::smin : I::umin, result, constant(high + moved));
  if ((zero - moved) % (UINT8_MAX + 1) != 0) result = ir.CreateAdd(result, constant(zero - moved));
  return ir.CreateBitCast(result, FixedVectorType::get(ir.getInt32Ty(), lanes));
}

/// The stores, in their order, where the last of them is; neighbours become one.
void pack(const Stores& stores, unsigned lanes) {
  if (stores.size() < 2) return;
  llvm::IRBuilder<> ir(stores.back().at);
  llvm::SmallVector<int, 16> order;
  for (unsigned i = 0; i < stores.size(); ++i) {
    for (unsigned word = 0; word < stores[i].bytes / kWordBytes; ++word)
      order.push_back(static_cast<int>(word * kMost + i));
  }
  Value* words = packed(ir, stores, lanes);
  words = ir.CreateShuffleVector(words, order);
  unsigned word = 0;
  for (size_t i = 0; i < stores.size();) {
    const Store& first = stores[i];
    int64_t bytes = 0;
    while (i < stores.size() && stores[i].base == first.base && stores[i].offset == first.offset + bytes)
      bytes += stores[i++].bytes;
    const auto count = static_cast<unsigned>(bytes) / kWordBytes;
    Value* part = count == order.size()
                      ? words
                      : ir.CreateShuffleVector(words, llvm::createSequentialMask(word, count, 0));
    ir.CreateAlignedStore(part, first.pointer, llvm::Align(1));
    word += count;
  }
  for (const Store& store : stores) {
    Value* value = store.at->getOperand(0);
    store.at->eraseFromParent();
    llvm::RecursivelyDeleteTriviallyDeadInstructions(value);
  }
}

/// Whether it reads another buffer than that in which `address` lies.
bool reads_elsewhere(const llvm::Instruction& instruction, const Value* address) {
  const Value* from = read_by(instruction);
  const Value *read = from ? buffer_of(from) : nullptr, *written = buffer_of(address);
  return read && written && read != written;
}

/// Stores move down to the last of those that are packed with them, past nothing that could see them.
void pack_stores(llvm::BasicBlock& block, unsigned lanes) {
  Stores pending;
  const auto flush = [&] {
    pack(pending, lanes);
    pending.clear();
  };
  for (auto& instruction : llvm::make_early_inc_range(block)) {
    if (const auto store = store_of(instruction, lanes)) {
      if (!pending.empty() && !pending[0].value.alike(store->value)) flush();
      pending.push_back(*store);
      if (pending.size() == kMost) flush();
    } else if (!pending.empty() && instruction.mayReadOrWriteMemory()) {
      const bool passes = llvm::all_of(
          pending, [&](const Store& store) { return reads_elsewhere(instruction, store.pointer); });
      if (!passes) flush();
    }
  }
  flush();
}

}  // namespace

void pack_narrowings(llvm::Module& module, unsigned lanes) {
  for (auto& function : module) {
    for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction);
      Value* wide = cast ? kept_wide(*cast, lanes) : nullptr;
      if (!wide) continue;
      Value* bytes = cast->getOperand(0);
      cast->replaceAllUsesWith(wide);
      cast->eraseFromParent();
      llvm::RecursivelyDeleteTriviallyDeadInstructions(bytes);
    }
    for (auto& block : function) pack_stores(block, lanes);
  }
}

}  // namespace halite::codegen
