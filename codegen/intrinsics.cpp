// hl_word4_s8(a, b, c, d): the word that four bytes make which follow each other in memory.
// hl_dot4_s8(x, w, sum): sum plus the products of the four signed bytes of x and w. SXTB16 spreads two bytes
// of a word, the first and third or, rotated, the second and fourth, over halfwords, which SMLAD multiplies
// in pairs. LLVM folds the rotation and shares what is spread once for several sums.
// hl_pair4_s8(x, even, odd, sum, both): sum plus the products of the four signed bytes of x with halfwords of
// even, odd, even, odd, or, if not `both`, with the lower bytes of these (schedules/pairs.h).
// hl_mla(x, w, sum, columns): sum plus x times w, in its place; of a kernel that has so many columns.
#include "codegen/intrinsics.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsARM.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <algorithm>

#include "codegen/vector_calls.h"
#include "ir/base/check.h"

namespace halite::codegen {
namespace {

void use_float_intrinsics(llvm::Module& module) {
  const std::pair<const char*, llvm::Intrinsic::ID> kIntrinsics[] = {
      {"sqrtf", llvm::Intrinsic::sqrt},           {"floorf", llvm::Intrinsic::floor},
      {"ceilf", llvm::Intrinsic::ceil},           {"truncf", llvm::Intrinsic::trunc},
      {"nearbyintf", llvm::Intrinsic::nearbyint},
  };
  for (auto [name, id] : kIntrinsics) {
    auto* function = module.getFunction(name);
    if (!function || !function->isDeclaration()) continue;
    function->replaceAllUsesWith(
        llvm::Intrinsic::getDeclaration(&module, id, {llvm::Type::getFloatTy(module.getContext())}));
    function->eraseFromParent();
  }
}

using Arguments = std::vector<llvm::Value*>;

/// The instruction as it stands: unlike an intrinsic it keeps its place, so that kernels compute in the order
/// that their schedule gave them, which fits the registers.
llvm::Value* in_place(llvm::IRBuilder<>& ir, const char* mnemonic, llvm::Value* a, llvm::Value* b,
                      llvm::Value* sum) {
  auto* i32 = ir.getInt32Ty();
  auto* type = llvm::FunctionType::get(i32, {i32, i32, i32}, false);
  auto* code = llvm::InlineAsm::get(type, std::string(mnemonic) + " $0, $1, $2, $3", "=r,r,r,r", true);
  return ir.CreateCall(type, code, {a, b, sum});
}

llvm::Value* spread(llvm::IRBuilder<>& ir, llvm::Value* word, bool odd) {
  if (odd) word = ir.CreateIntrinsic(llvm::Intrinsic::fshr, {ir.getInt32Ty()}, {word, word, ir.getInt32(8)});
  return ir.CreateIntrinsic(llvm::Intrinsic::arm_sxtb16, {}, {word});
}

llvm::Value* dot4_s8(llvm::IRBuilder<>& ir, const Arguments& a) {
  const auto [x, w, sum] = std::tuple(a[0], a[1], a[2]);
  auto* first =
      ir.CreateIntrinsic(llvm::Intrinsic::arm_smlad, {}, {spread(ir, x, false), spread(ir, w, false), sum});
  return in_place(ir, "smlad", spread(ir, x, true), spread(ir, w, true), first);
}

llvm::Value* pair4_s8(llvm::IRBuilder<>& ir, const Arguments& a) {
  const bool both = !llvm::cast<llvm::ConstantInt>(a[4])->isZero();
  const auto factor = [&](llvm::Value* w) { return both ? w : spread(ir, w, false); };
  auto* first =
      ir.CreateIntrinsic(llvm::Intrinsic::arm_smlad, {}, {spread(ir, a[0], false), factor(a[1]), a[3]});
  return in_place(ir, "smlad", spread(ir, a[0], true), factor(a[2]), first);
}

llvm::Value* mla(llvm::IRBuilder<>& ir, const Arguments& a) { return in_place(ir, "mla", a[0], a[1], a[2]); }

using Make = llvm::Value* (*)(llvm::IRBuilder<>&, const Arguments&);

void use_products(llvm::Module& module, const char* name, Make make) {
  auto* function = module.getFunction(name);
  if (!function) return;
  for (auto* user : llvm::make_early_inc_range(function->users())) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    llvm::IRBuilder<> ir(call);
    call->replaceAllUsesWith(make(ir, Arguments(call->arg_begin(), call->arg_end())));
    call->eraseFromParent();
  }
  function->eraseFromParent();
}

/// One load instead of four, before they are shared with those of other words.
void use_words(llvm::Module& module) {
  auto* function = module.getFunction("hl_word4_s8");
  if (!function) return;
  for (auto* user : llvm::make_early_inc_range(function->users())) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    auto* first = llvm::dyn_cast<llvm::LoadInst>(call->getArgOperand(0));
    HALITE_CHECK(first, "a word of bytes that are not loaded");
    llvm::IRBuilder<> ir(first);
    call->replaceAllUsesWith(
        ir.CreateAlignedLoad(ir.getInt32Ty(), first->getPointerOperand(), llvm::Align(1)));
    call->eraseFromParent();
  }
  function->eraseFromParent();
}

/// Halide multiplies bytes in 16 bits and widens the product: extend(mul i16 (extend a), (extend b)) becomes
/// mul i32 (extend a), (extend b), in which back ends see a dot product. The 16-bit product is exact.
void widen_products(llvm::Function& function) {
  for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    if (!llvm::isa<llvm::SExtInst, llvm::ZExtInst>(instruction)) continue;
    auto* product = llvm::dyn_cast<llvm::BinaryOperator>(instruction.getOperand(0));
    if (!product || product->getOpcode() != llvm::Instruction::Mul || !product->getType()->isVectorTy())
      continue;
    llvm::Value* factors[2];
    bool bytes = product->getType()->getScalarSizeInBits() == 16;
    for (int i : {0, 1}) {
      auto* factor = llvm::dyn_cast<llvm::CastInst>(product->getOperand(i));
      bytes &= factor && llvm::isa<llvm::SExtInst, llvm::ZExtInst>(factor) &&
               factor->getOperand(0)->getType()->getScalarSizeInBits() == 8;
      if (!bytes) break;
      llvm::IRBuilder<> ir(&instruction);
      factors[i] = ir.CreateCast(factor->getOpcode(), factor->getOperand(0), instruction.getType());
    }
    if (!bytes) continue;
    llvm::IRBuilder<> ir(&instruction);
    instruction.replaceAllUsesWith(ir.CreateNSWMul(factors[0], factors[1]));
    instruction.eraseFromParent();
  }
}

/// minimum(x, c) for `x > c ? c : x`, or maximum for `x < c ? c : x`; c: a number other than zero.
llvm::Value* bound_of(llvm::SelectInst& select) {
  auto* compare = llvm::dyn_cast<llvm::FCmpInst>(select.getCondition());
  llvm::Constant* bound = nullptr;
  const auto* splat = llvm::dyn_cast<llvm::Constant>(select.getTrueValue());
  const auto* number = splat && splat->getType()->isVectorTy()
                           ? llvm::dyn_cast_or_null<llvm::ConstantFP>(splat->getSplatValue())
                           : nullptr;
  if (number && number->getValueAPF().isFiniteNonZero())
    bound = llvm::cast<llvm::Constant>(select.getTrueValue());
  llvm::Value* x = select.getFalseValue();
  if (!compare || !bound || compare->getOperand(0) != x || compare->getOperand(1) != bound) return nullptr;
  const auto predicate = compare->getPredicate();
  if (predicate != llvm::CmpInst::FCMP_OGT && predicate != llvm::CmpInst::FCMP_OLT) return nullptr;
  const bool upper = predicate == llvm::CmpInst::FCMP_OGT;
  llvm::IRBuilder<> ir(&select);
  return ir.CreateBinaryIntrinsic(upper ? llvm::Intrinsic::minimum : llvm::Intrinsic::maximum, x, bound);
}

/// What the value is, rounded to even; nullptr if it is no such value.
llvm::Value* rounded_by(llvm::Value* whole) {
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(whole);
  if (!call) return nullptr;
  const auto id = call->getIntrinsicID();
  const bool to_even =
      id == llvm::Intrinsic::x86_sse41_round_ps || id == llvm::Intrinsic::x86_avx_round_ps_256;
  const auto* mode = to_even ? llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(1)) : nullptr;
  return mode && mode->isZero() ? call->getArgOperand(0) : nullptr;
}

/// The vector of which `whole` is every element, rounded, whatever parts it was rounded in; nullptr: none.
llvm::Value* rounded_in_parts(llvm::Value* whole) {
  llvm::Value* from = nullptr;
  const unsigned lanes = llvm::cast<llvm::FixedVectorType>(whole->getType())->getNumElements();
  for (unsigned lane = 0; lane < lanes; ++lane) {
    llvm::Value* vector = whole;
    unsigned at = lane;
    bool rounded = false;
    while (true) {
      if (auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(vector)) {
        const auto* first = llvm::cast<llvm::FixedVectorType>(shuffle->getOperand(0)->getType());
        if (shuffle->getMaskValue(at) < 0) return nullptr;
        at = static_cast<unsigned>(shuffle->getMaskValue(at));
        const bool second = at >= first->getNumElements();
        if (second) at -= first->getNumElements();
        vector = shuffle->getOperand(second);
      } else if (auto* given = rounded ? nullptr : rounded_by(vector)) {
        vector = given;
        rounded = true;
      } else {
        break;
      }
    }
    if (!rounded || at != lane || (from && vector != from)) return nullptr;
    from = vector;
  }
  return from && from->getType() == whole->getType() ? from : nullptr;
}

/// cvtps2dq of 4, 8 or 16 lanes, in the rounding mode that is set: to even.
llvm::Value* converted(llvm::IRBuilder<>& ir, llvm::Value* x, unsigned lanes) {
  if (lanes == 4) return ir.CreateIntrinsic(llvm::Intrinsic::x86_sse2_cvtps2dq, {}, {x});
  if (lanes == 8) return ir.CreateIntrinsic(llvm::Intrinsic::x86_avx_cvt_ps2dq_256, {}, {x});
  constexpr uint32_t kCurrentMode = 4;
  auto* none = llvm::PoisonValue::get(llvm::FixedVectorType::get(ir.getInt32Ty(), lanes));
  return ir.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_cvtps2dq_512, {},
                            {x, none, ir.getInt16(UINT16_MAX), ir.getInt32(kCurrentMode)});
}

/// The conversion by instructions of at most so many lanes; nullptr where the vector is none of theirs.
llvm::Value* converted_in_parts(llvm::FPToSIInst& conversion, unsigned lanes) {
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(conversion.getType());
  if (!type || !type->getElementType()->isIntegerTy(32)) return nullptr;
  llvm::Value* x = rounded_in_parts(conversion.getOperand(0));
  if (!x) return nullptr;
  const unsigned all = type->getNumElements(), part = std::min(lanes, all);
  if ((part != 4 && part != 8 && part != 16) || all % part != 0) return nullptr;
  llvm::IRBuilder<> ir(&conversion);
  if (part == all) return converted(ir, x, part);
  llvm::SmallVector<llvm::Value*, 4> parts;
  for (unsigned first = 0; first < all; first += part)
    parts.push_back(
        converted(ir, ir.CreateShuffleVector(x, llvm::createSequentialMask(first, part, 0)), part));
  return llvm::concatenateVectors(ir, parts);
}

}  // namespace

void use_rounding_conversions(llvm::Module& module, unsigned lanes) {
  for (auto& function : module) {
    for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto* conversion = llvm::dyn_cast<llvm::FPToSIInst>(&instruction);
      llvm::Value* made = conversion ? converted_in_parts(*conversion, lanes) : nullptr;
      if (!made) continue;
      conversion->replaceAllUsesWith(made);
      conversion->eraseFromParent();
    }
  }
}

void use_minima(llvm::Module& module) {
  for (auto& function : module) {
    for (auto& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto* select = llvm::dyn_cast<llvm::SelectInst>(&instruction);
      auto* bound = select ? bound_of(*select) : nullptr;
      if (!bound) continue;
      select->replaceAllUsesWith(bound);
      select->eraseFromParent();
    }
  }
}

void use_intrinsics(llvm::Module& module) {
  use_float_intrinsics(module);
  use_fused_calls(module);
  use_words(module);
  use_products(module, "hl_dot4_s8", dot4_s8);
  for (auto& function : module) widen_products(function);
}

void use_remaining_products(llvm::Module& module) {
  use_products(module, "hl_pair4_s8", pair4_s8);
  use_products(module, "hl_mla", mla);
}

}  // namespace halite::codegen
