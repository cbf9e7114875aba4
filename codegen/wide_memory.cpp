// Halide cuts what a vector loads or stores to the length of the registers that it knows of: the parts of a
// load are put together by shuffles, and each store takes a shuffle that picks its part. What was a local
// array of such parts is carried through loops as such. So whole vectors are sought that parts, one behind
// the other, are.
#include "codegen/wide_memory.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>

#include <map>
#include <set>

#include "codegen/addresses.h"
#include "codegen/vector_parts.h"

namespace halite::codegen {
namespace {

using llvm::Instruction;
using llvm::LoadInst;
using llvm::PHINode;
using llvm::ShuffleVectorInst;
using llvm::StoreInst;
using llvm::Value;
using Builder = llvm::IRBuilder<>;

/// What was said of the parts' types holds for the whole only where it is the same.
void keep_alias_class(Instruction& whole, const Instruction& first, const Instruction& last) {
  auto *a = first.getMetadata(llvm::LLVMContext::MD_tbaa), *b = last.getMetadata(llvm::LLVMContext::MD_tbaa);
  if (auto* both = a && b ? llvm::MDNode::getMostGenericTBAA(a, b) : nullptr)
    whole.setMetadata(llvm::LLVMContext::MD_tbaa, both);
}

class Joiner {
 public:
  Joiner(llvm::Function& function, int vector_bits)
      : function_(function), addresses_(function), vector_bits_(vector_bits) {}
  void run();

 private:
  /// The vector that the parts are, one behind the other; null if they had to be put together for it.
  Value* joined(const Parts& given);
  Value* joined_load(const Parts&);
  Value* joined_phi(const Parts&);
  Value* joined_operation(const Parts&);
  bool join_stores(StoreInst& first, int count);
  void join_shuffle(ShuffleVectorInst&);

  llvm::Function& function_;
  Addresses addresses_;
  int vector_bits_;
  std::map<Parts, Value*> known_;
};

Value* Joiner::joined(const Parts& given) {
  Parts parts;
  for (Value* part : given) add_parts(part, parts);
  if (Value* whole = whole_of(parts)) return whole;
  if (const auto known = known_.find(parts); known != known_.end()) return known->second;
  if (all_are<llvm::Constant>(parts)) {
    Builder ir(function_.getContext());
    return llvm::concatenateVectors(ir, parts);
  }
  Instruction* last = last_of(parts);
  if (!last) return nullptr;
  if (all_are<PHINode>(parts)) return joined_phi(parts);
  Value* result = nullptr;
  if (Value* scalar = scalar_of(parts)) {
    Builder ir(last->getNextNode());
    result = ir.CreateVectorSplat(type_of(parts)->getNumElements(), scalar);
  } else {
    result = all_are<LoadInst>(parts) ? joined_load(parts) : joined_operation(parts);
  }
  return known_[parts] = result;
}

Value* Joiner::joined_operation(const Parts& parts) {
  if (!are_one_operation(parts)) return nullptr;
  auto* first = llvm::cast<Instruction>(parts[0]);
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(first);
  Builder ir(last_of(parts)->getNextNode());
  std::vector<Value*> operands;
  bool any = false;
  for (unsigned i = 0; i < (call ? call->arg_size() : first->getNumOperands()); i++) {
    Parts given;
    for (Value* part : parts) given.push_back(llvm::cast<Instruction>(part)->getOperand(i));
    if (!llvm::isa<llvm::FixedVectorType>(given[0]->getType())) return nullptr;
    Value* whole = joined(given);
    any |= whole != nullptr;
    operands.push_back(whole ? whole : llvm::concatenateVectors(ir, given));
  }
  if (!any) return nullptr;
  return operation_on(ir, parts, operands);
}

Value* Joiner::joined_load(const Parts& parts) {
  auto* begin = llvm::cast<LoadInst>(parts[0]);
  LoadInst *first = begin, *last = begin;
  int64_t at = 0;
  for (Value* part : parts) {
    auto* load = llvm::cast<LoadInst>(part);
    if (!load->isSimple()) return nullptr;
    if (addresses_.distance(begin->getPointerOperand(), load->getPointerOperand()) != at) return nullptr;
    at += bits_of(load) / 8;
    if (load->comesBefore(first)) first = load;
    if (last->comesBefore(load)) last = load;
  }
  for (Instruction* i = first; i != last; i = i->getNextNode())
    if (i->mayWriteToMemory()) return nullptr;
  Builder ir(last->getNextNode());
  auto* load = ir.CreateAlignedLoad(type_of(parts), begin->getPointerOperand(), begin->getAlign());
  keep_alias_class(*load, *begin, *llvm::cast<LoadInst>(parts.back()));
  return load;
}

Value* Joiner::joined_phi(const Parts& parts) {
  auto* first = llvm::cast<PHINode>(parts[0]);
  const std::set<llvm::BasicBlock*> before(first->block_begin(), first->block_end());
  if (before.size() != first->getNumIncomingValues()) return nullptr;  // several ways from one block
  Builder ir(first);
  auto* phi = ir.CreatePHI(type_of(parts), first->getNumIncomingValues());
  known_[parts] = phi;
  for (llvm::BasicBlock* from : first->blocks()) {
    Parts incoming;
    for (Value* part : parts) incoming.push_back(llvm::cast<PHINode>(part)->getIncomingValueForBlock(from));
    Value* value = joined(incoming);
    ir.SetInsertPoint(from->getTerminator());
    phi->addIncoming(value ? value : llvm::concatenateVectors(ir, incoming), from);
  }
  ir.SetInsertPoint(first->getParent(), first->getParent()->getFirstInsertionPt());
  int lane = 0;
  for (Value* part : parts) {
    const int lanes = lanes_of(part);
    part->replaceAllUsesWith(ir.CreateShuffleVector(
        phi, llvm::createSequentialMask(static_cast<unsigned>(lane), static_cast<unsigned>(lanes), 0)));
    lane += lanes;
  }
  return phi;
}

void Joiner::join_shuffle(ShuffleVectorInst& shuffle) {
  if (!joins_two(&shuffle) || bits_of(&shuffle) > vector_bits_) return;
  Value* whole = joined({&shuffle});
  if (!whole || whole == &shuffle) return;
  shuffle.replaceAllUsesWith(whole);
  erase_joins(&shuffle);
}

/// Whether `first` and the stores behind it, `count` in all, have become one.
bool Joiner::join_stores(StoreInst& first, int count) {
  std::vector<StoreInst*> stores;
  Parts parts;
  int64_t at = 0;
  for (Instruction* i = &first; i && std::ssize(stores) < count; i = i->getNextNode()) {
    if (!i->mayReadOrWriteMemory()) continue;
    auto* store = llvm::dyn_cast<StoreInst>(i);
    if (!store || !store->isSimple() ||
        store->getValueOperand()->getType() != first.getValueOperand()->getType() ||
        addresses_.distance(first.getPointerOperand(), store->getPointerOperand()) != at)
      return false;
    stores.push_back(store);
    parts.push_back(store->getValueOperand());
    at += bits_of(parts[0]) / 8;
  }
  Value* whole = std::ssize(stores) == count ? joined(parts) : nullptr;
  if (!whole) return false;
  Builder ir(stores.back());
  auto* store = ir.CreateAlignedStore(whole, first.getPointerOperand(), first.getAlign());
  keep_alias_class(*store, first, *stores.back());
  for (auto* part : stores) part->eraseFromParent();
  return true;
}

void Joiner::run() {
  std::vector<llvm::WeakVH> shuffles, stores;
  for (auto& block : function_)
    for (auto& instruction : block) {
      if (llvm::isa<ShuffleVectorInst>(instruction)) shuffles.emplace_back(&instruction);
      if (auto* store = llvm::dyn_cast<StoreInst>(&instruction))
        if (llvm::isa<llvm::FixedVectorType>(store->getValueOperand()->getType())) stores.emplace_back(store);
    }
  // What joins more is behind what it joins.
  for (auto handle = shuffles.rbegin(); handle != shuffles.rend(); ++handle) {
    Value* value = *handle;
    if (auto* shuffle = llvm::dyn_cast_or_null<ShuffleVectorInst>(value)) join_shuffle(*shuffle);
  }
  for (auto& handle : stores) {
    Value* value = handle;
    auto* store = llvm::dyn_cast_or_null<StoreInst>(value);
    if (!store) continue;
    for (int count = vector_bits_ / bits_of(store->getValueOperand()); count > 1; count /= 2)
      if (join_stores(*store, count)) break;
  }
}

}  // namespace

void join_memory_accesses(llvm::Module& module, unsigned vector_bits) {
  for (auto& function : module)
    if (!function.isDeclaration()) Joiner(function, static_cast<int>(vector_bits)).run();
}

}  // namespace halite::codegen
