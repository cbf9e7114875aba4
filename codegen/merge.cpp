// Functions are compared instruction by instruction. What must agree becomes a signature; integer constants
// that a value could take the place of are collected beside it, in order of their use. Functions of equal
// signature make a class. Per place, the class's constants form a tuple: equal ones stay constants; a tuple
// that is a multiple of one already passed is computed from it; each other is passed as one extent.
#include "codegen/merge.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/MDBuilder.h>

#include "codegen/canonical.h"
#include "ir/base/check.h"

namespace halite::codegen {
namespace {

using llvm::Function;
using llvm::Instruction;
using llvm::Value;

constexpr unsigned kExtentsArgument = 2;  // of rt_kernel

/// Whether a value that is computed at run time may stand there instead of a constant.
bool may_vary(const Instruction& user, unsigned operand) {
  if (user.getOperand(operand)->getType()->getIntegerBitWidth() < 32) return false;
  if (const auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&user))
    return !gep->getSourceElementType()->isStructTy();
  if (const auto* call = llvm::dyn_cast<llvm::CallBase>(&user)) {
    return operand < call->arg_size() && !call->paramHasAttr(operand, llvm::Attribute::ImmArg);
  }
  return llvm::isa<llvm::BinaryOperator, llvm::ICmpInst, llvm::PHINode, llvm::SelectInst, llvm::StoreInst>(
      user);
}

/// An operand, or an instruction that stands for a number itself.
struct Place {
  Instruction* user;
  unsigned operand;
};
constexpr unsigned kAsAWhole = ~0u;

bool is_number(const Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
  return call && call->getCalledFunction() && call->getCalledFunction()->getName() == kNumber;
}
size_t number_of(const Instruction& call) {
  return llvm::cast<llvm::ConstantInt>(call.getOperand(0))->getZExtValue();
}

/// A function's signature, and the constants that it leaves open.
struct Shape {
  std::vector<uint64_t> signature;
  std::vector<Place> places;
  std::vector<int64_t> numbers;  ///< parallel to places
};

class ShapeReader {
 public:
  ShapeReader(Function& function, const std::vector<int>& numbers) : known_(numbers) {
    add(uint64_t{function.hasMinSize()});
    for (auto& argument : function.args()) number(&argument);
    for (auto& block : function) {
      number(&block);
      for (auto& instruction : block) number(&instruction);
    }
    for (auto& instruction : llvm::instructions(function)) read(instruction);
  }
  Shape shape;

 private:
  void number(const Value* value) { numbers_.emplace(value, numbers_.size()); }
  void add(uint64_t word) { shape.signature.push_back(word); }
  void add(const void* pointer) { add(reinterpret_cast<uint64_t>(pointer)); }

  void read(Instruction& instruction) {
    add(instruction.getOpcode());
    add(instruction.getType());
    add(numbers_.at(instruction.getParent()));
    add(instruction.getNumOperands());
    add(instruction.getRawSubclassOptionalData());
    if (auto* compare = llvm::dyn_cast<llvm::CmpInst>(&instruction)) add(compare->getPredicate());
    if (auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) add(gep->getSourceElementType());
    if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
      // Arrays of a type may differ in length (make_room_for).
      auto* type = slot->getAllocatedType();
      add(type->isArrayTy() ? type->getArrayElementType() : type);
    }
    if (auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(&instruction)) {
      for (int lane : shuffle->getShuffleMask()) add(uint64_t(lane));
    }
    if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
      for (auto* block : phi->blocks()) add(numbers_.at(block));
    }
    if (is_number(instruction)) {
      shape.places.push_back({&instruction, kAsAWhole});
      shape.numbers.push_back(known_.at(number_of(instruction)));
    }
    for (unsigned i = 0; i < instruction.getNumOperands(); i++) read_operand(instruction, i);
  }

  void read_operand(Instruction& user, unsigned i) {
    Value* operand = user.getOperand(i);
    if (const auto known = numbers_.find(operand); known != numbers_.end()) return add(known->second + 1);
    const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(operand);
    if (constant && constant->getBitWidth() <= 64 && may_vary(user, i) &&
        llvm::isInt<32>(constant->getSExtValue())) {
      shape.places.push_back({&user, i});
      shape.numbers.push_back(constant->getSExtValue());
      return add(uint64_t{0});
    }
    // Functions of other modules differ by address; a name says what is called.
    if (llvm::isa<Function>(operand)) {
      for (char c : operand->getName()) add(uint64_t(c));
      return;
    }
    add(operand);
  }

  std::map<const Value*, uint64_t> numbers_;
  const std::vector<int>& known_;
};

/// The places of a class, seen over its members.
class ClassMerger {
 public:
  ClassMerger(Function& function, const std::vector<const Shape*>& members)
      : function_(function), members_(members) {}

  /// Rewrites `function`, which is the first member's; gives the extents of each member.
  std::vector<std::vector<int32_t>> run() {
    const Shape& first = *members_[0];
    llvm::IRBuilder<> ir(&*function_.getEntryBlock().getFirstInsertionPt());
    for (size_t i = 0; i < first.places.size(); i++) {
      const auto tuple = tuple_at(i);
      const auto [user, operand] = first.places[i];
      const bool whole = operand == kAsAWhole;
      auto* type = whole ? user->getType() : user->getOperand(operand)->getType();
      const bool same = std::all_of(tuple.begin(), tuple.end(), [&](int64_t n) { return n == tuple[0]; });
      if (same && !whole) continue;
      auto* value = same ? llvm::ConstantInt::getSigned(type, tuple[0]) : value_of(tuple, type, ir);
      if (whole) {
        user->replaceAllUsesWith(value);
      } else {
        user->setOperand(operand, value);
      }
    }
    return extents_;
  }

 private:
  using Tuple = std::vector<int64_t>;

  Tuple tuple_at(size_t place) const {
    Tuple tuple;
    for (const auto* member : members_) tuple.push_back(member->numbers[place]);
    return tuple;
  }

  /// k such that tuple == k * base everywhere; 0 if there is none.
  static int64_t factor(const Tuple& tuple, const Tuple& base) {
    if (base[0] == 0 || tuple[0] % base[0] != 0) return 0;
    const int64_t k = tuple[0] / base[0];
    for (size_t i = 0; i < tuple.size(); i++) {
      if (tuple[i] != k * base[i]) return 0;
    }
    return k;
  }

  Value* value_of(const Tuple& tuple, llvm::Type* type, llvm::IRBuilder<>& ir) {
    const auto known = values_.find({tuple, type});
    if (known != values_.end()) return known->second;
    Value* value = nullptr;
    for (const auto& [base, loaded] : passed_) {
      if (const int64_t k = factor(tuple, base)) {
        value = ir.CreateMul(ir.CreateSExtOrTrunc(loaded, type), llvm::ConstantInt::getSigned(type, k));
        break;
      }
    }
    if (!value) value = ir.CreateSExtOrTrunc(pass(tuple, ir), type);
    return values_[{tuple, type}] = value;
  }

  Value* pass(const Tuple& tuple, llvm::IRBuilder<>& ir) {
    extents_.resize(members_.size());
    const unsigned index = unsigned(passed_.size());
    for (size_t i = 0; i < tuple.size(); i++) extents_[i].push_back(int32_t(tuple[i]));
    auto* at = ir.CreateConstInBoundsGEP1_32(ir.getInt32Ty(), function_.getArg(kExtentsArgument), index);
    auto* loaded = ir.CreateLoad(ir.getInt32Ty(), at);
    auto& context = function_.getContext();
    loaded->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context, {}));
    const auto [least, most] = std::minmax_element(tuple.begin(), tuple.end());
    loaded->setMetadata(llvm::LLVMContext::MD_range,
                        llvm::MDBuilder(context).createRange(llvm::APInt(32, uint64_t(*least), true),
                                                             llvm::APInt(32, uint64_t(*most + 1), true)));
    passed_.push_back({tuple, loaded});
    return loaded;
  }

  Function& function_;
  const std::vector<const Shape*>& members_;
  std::vector<std::pair<Tuple, Value*>> passed_;
  std::map<std::pair<Tuple, llvm::Type*>, Value*> values_;
  std::vector<std::vector<int32_t>> extents_;
};

/// Loads and stores promise no more alignment than every member has, and arrays have the length of the
/// longest.
void make_room_for(Function& kept, Function& other) {
  auto theirs = llvm::inst_begin(other);
  for (auto& mine : llvm::instructions(kept)) {
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&mine)) {
      load->setAlignment(std::min(load->getAlign(), llvm::cast<llvm::LoadInst>(&*theirs)->getAlign()));
    } else if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&mine)) {
      auto* type = llvm::cast<llvm::AllocaInst>(&*theirs)->getAllocatedType();
      if (type->isArrayTy() && type->getArrayNumElements() > slot->getAllocatedType()->getArrayNumElements())
        slot->setAllocatedType(type);
    } else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&mine)) {
      store->setAlignment(std::min(store->getAlign(), llvm::cast<llvm::StoreInst>(&*theirs)->getAlign()));
    }
    ++theirs;
  }
}

}  // namespace

Merged merge_kernels(std::vector<Unmerged> all) {
  std::vector<Shape> shapes;
  std::map<std::pair<std::string, std::vector<uint64_t>>, std::vector<size_t>> classes;
  std::vector<const std::vector<size_t>*> order;  // by first member
  for (auto& kernel : all) {
    Function& function = *kernel.module->getFunction(kernel.symbol);
    canonicalize(function);
    shapes.push_back(ShapeReader(function, kernel.numbers).shape);
  }
  for (size_t i = 0; i < shapes.size(); i++) {
    auto& members = classes[{all[i].scope, shapes[i].signature}];
    if (members.empty()) order.push_back(&members);
    members.push_back(i);
  }
  Merged merged;
  merged.kernels.resize(all.size());
  for (const auto* members : order) {
    auto& [module, symbol, numbers, scope] = all[members->front()];
    Function& function = *module->getFunction(symbol);
    std::vector<const Shape*> of_class;
    for (size_t i : *members) {
      of_class.push_back(&shapes[i]);
      make_room_for(function, *all[i].module->getFunction(all[i].symbol));
    }
    const auto extents = ClassMerger(function, of_class).run();
    for (size_t k = 0; k < members->size(); k++) {
      merged.kernels[(*members)[k]] = {symbol, extents.empty() ? std::vector<int32_t>{} : extents[k]};
    }
    merged.functions.push_back(symbol);
    merged.modules.push_back(std::move(module));
  }
  return merged;
}

}  // namespace halite::codegen
