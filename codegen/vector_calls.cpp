// Halide writes f(v) as insert(... insert(insert(undef, f(extract(v, 0)), 0), f(extract(v, 1)), 1) ...). Such
// a chain is found from its first call and becomes instructions for four lanes each.
#include "codegen/vector_calls.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsARM.h>

namespace halite::codegen {
namespace {

using llvm::CallInst;
using llvm::FixedVectorType;
using llvm::InsertElementInst;
using llvm::Value;
using llvm::Intrinsic::ID;
using Builder = llvm::IRBuilder<>;
using Arguments = llvm::SmallVector<Value*, 3>;

constexpr unsigned kLanes = 4;

/// One operation: of a single element, and of a vector of four or of any length.
struct Operation {
  const char* name;
  Value* (*single)(Builder&, const Arguments&);
  Value* (*vector)(Builder&, const Arguments&);
  bool any_length = false;
};

Value* product(Builder& ir, const Arguments& a, int64_t addend, unsigned shift) {
  auto* i64 = ir.getInt64Ty();
  Value* wide = ir.CreateNSWMul(ir.CreateSExt(a[0], i64), ir.CreateSExt(a[1], i64));
  if (addend != 0) wide = ir.CreateAdd(wide, llvm::ConstantInt::get(i64, static_cast<uint64_t>(addend)));
  return ir.CreateTrunc(ir.CreateAShr(wide, shift), ir.getInt32Ty());
}

/// Two steps of saturation; each leaves in the low half of a lane what counts.
Value* saturated(Builder& ir, Value* x) {
  auto *halves = FixedVectorType::get(ir.getInt16Ty(), 8), *bytes = FixedVectorType::get(ir.getInt8Ty(), 16);
  const auto narrow = [&](Value* from, llvm::Type* to) {
    Value* no = ir.getInt32(0);
    return ir.CreateIntrinsic(llvm::Intrinsic::arm_mve_vqmovn, {to, from->getType()},
                              {ir.CreateBitCast(from, to), from, no, no, no});
  };
  return ir.CreateBitCast(narrow(narrow(x, halves), bytes), x->getType());
}

/// Those that use the results of others come first: LLVM has joined the two, and the calls of the first make
/// a vector of the results of the second.
const Operation kOperations[] = {
    {"hl_sat8",
     [](Builder& ir, const Arguments& a) -> Value* {
       Value* low = ir.CreateBinaryIntrinsic(llvm::Intrinsic::smin, a[0], ir.getInt32(127));
       return ir.CreateBinaryIntrinsic(llvm::Intrinsic::smax, low, ir.getInt32(static_cast<uint32_t>(-128)));
     },
     [](Builder& ir, const Arguments& a) { return saturated(ir, a[0]); }},
    {"hl_shl",
     [](Builder& ir, const Arguments& a) {
       Value* right = ir.CreateAShr(a[0], ir.CreateNeg(a[1]));
       return ir.CreateSelect(ir.CreateICmpSLT(a[1], ir.getInt32(0)), right, ir.CreateShl(a[0], a[1]));
     },
     [](Builder& ir, const Arguments& a) -> Value* {
       Value* no = ir.getInt32(0);
       return ir.CreateIntrinsic(llvm::Intrinsic::arm_mve_vshl_vector, {a[0]->getType(), a[1]->getType()},
                                 {a[0], a[1], no, no, no});
     }},
    {"hl_mulh", [](Builder& ir, const Arguments& a) { return product(ir, a, 0, 32); },
     [](Builder& ir, const Arguments& a) -> Value* {
       return ir.CreateIntrinsic(llvm::Intrinsic::arm_mve_vmulh, {a[0]->getType()},
                                 {a[0], a[1], ir.getInt32(0)});
     }},
    {"hl_qrdmulh", [](Builder& ir, const Arguments& a) { return product(ir, a, int64_t{1} << 30, 31); },
     [](Builder& ir, const Arguments& a) -> Value* {
       return ir.CreateIntrinsic(llvm::Intrinsic::arm_mve_vqrdmulh, {a[0]->getType()}, {a[0], a[1]});
     }},
};

Value* rounded(Builder& ir, Value* x, llvm::Type* to) {
  return ir.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_fcvtns, {to, x->getType()}, {x});
}

Value* fused(Builder& ir, const Arguments& a) {
  return ir.CreateIntrinsic(llvm::Intrinsic::fma, {a[0]->getType()}, a);
}

/// Of vectors of any length, which LLVM cuts up where the machine's are shorter.
const Operation kFused = {"fmaf", fused, fused, true};

/// Of vectors that convert to integers in one instruction.
const Operation kRounding = {
    "hl_round_even", [](Builder& ir, const Arguments& a) { return rounded(ir, a[0], ir.getInt32Ty()); },
    [](Builder& ir, const Arguments& a) {
      return rounded(ir, a[0], FixedVectorType::get(ir.getInt32Ty(), kLanes));
    }};

bool inserts_at(const InsertElementInst* insert, unsigned lane) {
  const auto* index = insert ? llvm::dyn_cast<llvm::ConstantInt>(insert->getOperand(2)) : nullptr;
  return index && index->getZExtValue() == lane;
}

/// The inserts of the chain that begins with a call; empty if there is none for a whole vector.
std::vector<InsertElementInst*> chain_of(CallInst* call, bool any_length) {
  const auto insert_of = [](Value* value) {
    return value->hasOneUse() ? llvm::dyn_cast<InsertElementInst>(*value->user_begin()) : nullptr;
  };
  InsertElementInst* insert = insert_of(call);
  if (!insert) return {};
  const unsigned lanes = llvm::cast<FixedVectorType>(insert->getType())->getNumElements();
  std::vector<InsertElementInst*> chain;
  for (unsigned lane = 0; lane < lanes; lane++) {
    if (!inserts_at(insert, lane)) return {};
    const auto* of_lane = llvm::dyn_cast<CallInst>(insert->getOperand(1));
    if (!of_lane || of_lane->getCalledFunction() != call->getCalledFunction()) return {};
    chain.push_back(insert);
    if (lane + 1 < lanes && !(insert = insert_of(insert))) return {};
  }
  return any_length || lanes % kLanes == 0 ? chain : std::vector<InsertElementInst*>{};
}

/// Argument `i` of all calls of a chain as one vector.
Value* gather(Builder& ir, const std::vector<InsertElementInst*>& chain, unsigned i) {
  auto* type = FixedVectorType::get(
      llvm::cast<CallInst>(chain[0]->getOperand(1))->getArgOperand(i)->getType(), chain.size());
  Value *whole = nullptr, *elements = llvm::PoisonValue::get(type);
  bool same = true;
  for (unsigned lane = 0; lane < chain.size(); lane++) {
    Value* element = llvm::cast<CallInst>(chain[lane]->getOperand(1))->getArgOperand(i);
    auto* extract = llvm::dyn_cast<llvm::ExtractElementInst>(element);
    const auto* index = extract ? llvm::dyn_cast<llvm::ConstantInt>(extract->getIndexOperand()) : nullptr;
    Value* from = extract ? extract->getVectorOperand() : nullptr;
    same &= index && index->getZExtValue() == lane && from->getType() == elements->getType() &&
            (lane == 0 || from == whole);
    whole = from;
    elements = ir.CreateInsertElement(elements, element, lane);
  }
  return same ? whole : elements;
}

Value* vector_of(Builder& ir, const Operation& operation, const Arguments& arguments) {
  const unsigned lanes = llvm::cast<FixedVectorType>(arguments[0]->getType())->getNumElements();
  if (lanes == kLanes || operation.any_length) return operation.vector(ir, arguments);
  llvm::SmallVector<Value*, 4> results;
  for (unsigned first = 0; first < lanes; first += kLanes) {
    Arguments parts;
    for (auto* a : arguments)
      parts.push_back(ir.CreateShuffleVector(a, llvm::createSequentialMask(first, kLanes, 0)));
    results.push_back(operation.vector(ir, parts));
  }
  return llvm::concatenateVectors(ir, results);
}

void use_operation(llvm::Module& module, const Operation& operation) {
  auto* function = module.getFunction(operation.name);
  if (!function) return;
  while (!function->use_empty()) {
    auto* call = llvm::cast<CallInst>(*function->user_begin());
    const auto chain = [&] {
      // Users come in any order: the chain begins where its first lane is inserted.
      for (auto* user : function->users())
        if (auto found = chain_of(llvm::cast<CallInst>(user), operation.any_length); !found.empty())
          return found;
      return std::vector<InsertElementInst*>{};
    }();
    if (!chain.empty()) {
      Builder ir(chain.back());
      Arguments arguments;
      for (unsigned i = 0; i < function->arg_size(); i++) arguments.push_back(gather(ir, chain, i));
      chain.back()->replaceAllUsesWith(vector_of(ir, operation, arguments));
      for (auto insert = chain.rbegin(); insert != chain.rend(); ++insert) {
        auto* of_lane = llvm::cast<CallInst>((*insert)->getOperand(1));
        (*insert)->eraseFromParent();
        if (of_lane->use_empty()) of_lane->eraseFromParent();  // equal lanes share a call
      }
      continue;
    }
    Builder ir(call);
    call->replaceAllUsesWith(operation.single(ir, Arguments(call->arg_begin(), call->arg_end())));
    call->eraseFromParent();
  }
  function->eraseFromParent();
}

/// Whether a vector that is carried through a loop is put together from its elements each time.
bool is_gathered(const llvm::PHINode& phi) {
  const auto* type = llvm::dyn_cast<FixedVectorType>(phi.getType());
  if (!type || !type->getElementType()->isIntegerTy(32)) return false;
  for (const Value* value : phi.incoming_values())
    if (llvm::isa<InsertElementInst>(value)) return true;
  return false;
}

void split(llvm::PHINode& phi) {
  Builder ir(&phi);
  auto* type = llvm::cast<FixedVectorType>(phi.getType());
  std::vector<llvm::PHINode*> elements;
  for (unsigned i = 0; i < type->getNumElements(); i++)
    elements.push_back(ir.CreatePHI(type->getElementType(), phi.getNumIncomingValues()));
  for (unsigned k = 0; k < phi.getNumIncomingValues(); k++) {
    ir.SetInsertPoint(phi.getIncomingBlock(k)->getTerminator());
    for (unsigned i = 0; i < elements.size(); i++)
      elements[i]->addIncoming(ir.CreateExtractElement(phi.getIncomingValue(k), i), phi.getIncomingBlock(k));
  }
  ir.SetInsertPoint(phi.getParent(), phi.getParent()->getFirstInsertionPt());
  Value* whole = llvm::PoisonValue::get(type);
  for (unsigned i = 0; i < elements.size(); i++) whole = ir.CreateInsertElement(whole, elements[i], i);
  phi.replaceAllUsesWith(whole);
  phi.eraseFromParent();
}

}  // namespace

void use_vector_calls(llvm::Module& module) {
  for (const auto& operation : kOperations) use_operation(module, operation);
}

void use_fused_calls(llvm::Module& module) { use_operation(module, kFused); }

void use_rounding_calls(llvm::Module& module) { use_operation(module, kRounding); }

void split_gathered_sums(llvm::Module& module) {
  for (auto& function : module)
    for (auto& block : function)
      for (auto& phi : llvm::make_early_inc_range(block.phis()))
        if (is_gathered(phi)) split(phi);
}

}  // namespace halite::codegen
