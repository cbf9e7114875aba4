#include "codegen/vector_parts.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halite::codegen {

using llvm::FixedVectorType;
using llvm::Instruction;
using llvm::ShuffleVectorInst;
using llvm::Value;

int lanes_of(const Value* vector) {
  return static_cast<int>(llvm::cast<FixedVectorType>(vector->getType())->getNumElements());
}

int bits_of(const Value* vector) {
  return static_cast<int>(vector->getType()->getScalarSizeInBits()) * lanes_of(vector);
}

namespace {

/// The first lane of those in a row that `shuffle` picks out of its operands; -1 if they are in no row.
int first_lane(const ShuffleVectorInst& shuffle) {
  const int first = shuffle.getMaskValue(0);
  for (int i = 0; i < lanes_of(&shuffle); i++)
    if (first < 0 || shuffle.getMaskValue(i) != first + i) return -1;
  return first;
}

/// The vector of which `value` is some lanes in a row, and the first of them.
std::pair<Value*, int> part_of(Value* value) {
  const auto* shuffle = llvm::dyn_cast<ShuffleVectorInst>(value);
  const int first = shuffle ? first_lane(*shuffle) : -1;
  if (first < 0 || first + lanes_of(shuffle) > lanes_of(shuffle->getOperand(0))) return {value, 0};
  return {shuffle->getOperand(0), first};
}

}  // namespace

bool joins_two(Value* value) {
  const auto* shuffle = llvm::dyn_cast<ShuffleVectorInst>(value);
  return shuffle && first_lane(*shuffle) == 0 && lanes_of(shuffle) == 2 * lanes_of(shuffle->getOperand(0));
}

void add_parts(Value* value, Parts& parts) {
  if (!joins_two(value)) return parts.push_back(value);
  auto* shuffle = llvm::cast<ShuffleVectorInst>(value);
  add_parts(shuffle->getOperand(0), parts);
  add_parts(shuffle->getOperand(1), parts);
}

void erase_joins(Value* value) {
  if (!joins_two(value) || !value->use_empty()) return;
  auto* shuffle = llvm::cast<ShuffleVectorInst>(value);
  Value *first = shuffle->getOperand(0), *second = shuffle->getOperand(1);
  shuffle->eraseFromParent();
  erase_joins(first);
  if (second != first) erase_joins(second);
}

FixedVectorType* type_of(const Parts& parts) {
  int lanes = 0;
  for (const Value* part : parts) lanes += lanes_of(part);
  return FixedVectorType::get(parts[0]->getType()->getScalarType(), static_cast<unsigned>(lanes));
}

Value* whole_of(const Parts& parts) {
  Value* whole = part_of(parts[0]).first;
  int lanes = 0;
  for (Value* part : parts) {
    if (part_of(part) != std::pair{whole, lanes}) return nullptr;
    lanes += lanes_of(part);
  }
  return lanes == lanes_of(whole) ? whole : nullptr;
}

Value* scalar_of(const Parts& parts) {
  Value* scalar = llvm::getSplatValue(parts[0]);
  const auto same = [&](const Value* part) { return llvm::getSplatValue(part) == scalar; };
  return scalar && std::ranges::all_of(parts, same) ? scalar : nullptr;
}

Instruction* last_of(const Parts& parts) {
  auto* last = llvm::dyn_cast<Instruction>(parts[0]);
  for (Value* part : parts) {
    auto* other = llvm::dyn_cast<Instruction>(part);
    if (!last || !other || other->getParent() != last->getParent()) return nullptr;
    if (last->comesBefore(other)) last = other;
  }
  return last;
}

bool are_one_operation(const Parts& parts) {
  const auto* first = llvm::cast<Instruction>(parts[0]);
  const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(first);
  if (call ? !llvm::isTriviallyVectorizable(call->getIntrinsicID())
           : !llvm::isa<llvm::BinaryOperator, llvm::UnaryOperator, llvm::CastInst, llvm::CmpInst,
                        llvm::SelectInst>(first))
    return false;
  return std::ranges::all_of(
      parts, [&](const Value* part) { return llvm::cast<Instruction>(part)->isSameOperationAs(first); });
}

Value* operation_on(llvm::IRBuilder<>& ir, const Parts& parts, const Parts& operands) {
  auto* first = llvm::cast<Instruction>(parts[0]);
  auto* type = type_of(parts);
  Value* result;
  if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(first)) {
    result = ir.CreateIntrinsic(type, call->getIntrinsicID(), operands);
  } else if (auto* cast = llvm::dyn_cast<llvm::CastInst>(first)) {
    result = ir.CreateCast(cast->getOpcode(), operands[0], type);
  } else if (auto* compare = llvm::dyn_cast<llvm::CmpInst>(first)) {
    result = ir.CreateCmp(compare->getPredicate(), operands[0], operands[1]);
  } else if (llvm::isa<llvm::SelectInst>(first)) {
    result = ir.CreateSelect(operands[0], operands[1], operands[2]);
  } else {
    result = ir.CreateNAryOp(first->getOpcode(), operands);
  }
  if (auto* instruction = llvm::dyn_cast<Instruction>(result)) {
    instruction->copyIRFlags(first);
    for (Value* part : parts) instruction->andIRFlags(part);
  }
  return result;
}

}  // namespace halite::codegen
