// Kernels of equal signature (kernel_shape.h) make a class. Per place, the class's constants form a tuple:
// equal ones stay constants; a tuple that is a multiple of one already passed, and a constant, is computed
// from it; each other is passed as one extent.
#include "codegen/merge.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/MDBuilder.h>

#include <optional>
#include <set>

#include "codegen/canonical.h"
#include "codegen/kernel_shape.h"
#include "ir/base/check.h"

namespace halite::codegen {
namespace {

using llvm::Function;
using llvm::Instruction;
using llvm::Value;

constexpr unsigned kExtentsArgument = 2;  // of rt_kernel

/// Where a kernel's functions find its extents: an argument of the kernel, which the closures of its parallel
/// loops carry on to their tasks.
class ExtentsPointers {
 public:
  explicit ExtentsPointers(Function& kernel) { pointers_[&kernel] = kernel.getArg(kExtentsArgument); }

  Value* in(Function& function) {
    auto& pointer = pointers_[&function];
    if (!pointer) pointer = carry_to(function);
    return pointer;
  }

 private:
  /// `task` is called by one loop: halide_do_par_for(session, task, first, count, closure).
  Value* carry_to(Function& task) {
    HALITE_CHECK(task.hasOneUse(), "task of more than one loop");
    auto* loop = llvm::cast<llvm::CallInst>(task.user_back());
    auto* closure = llvm::cast<llvm::AllocaInst>(loop->getArgOperand(4)->stripPointerCasts());
    auto* outer = in(*loop->getFunction());
    auto& context = task.getContext();
    auto* longer =
        llvm::StructType::get(context, {closure->getAllocatedType(), llvm::PointerType::get(context, 0)});
    closure->setAllocatedType(longer);
    closure->setAlignment(std::max(closure->getAlign(), llvm::Align(8)));
    llvm::IRBuilder<> ir(loop);
    ir.CreateStore(outer, ir.CreateStructGEP(longer, closure, 1));
    ir.SetInsertPoint(&*task.getEntryBlock().getFirstInsertionPt());
    return ir.CreateLoad(ir.getPtrTy(), ir.CreateStructGEP(longer, task.getArg(2), 1));
  }

  std::map<Function*, Value*> pointers_;
};

/// The places of a class, seen over its members.
class ClassMerger {
 public:
  ClassMerger(Function& kernel, const std::vector<const KernelShape*>& members)
      : members_(members), pointers_(kernel) {}

  /// Rewrites the functions of the first member; gives the extents of each member.
  std::vector<std::vector<int32_t>> run() {
    const KernelShape& first = *members_[0];
    for (size_t i = 0; i < first.places.size(); i++) {
      const auto tuple = tuple_at(i);
      const auto [user, operand, loop] = first.places[i];
      const bool whole = operand == kAsAWhole;
      auto* type = whole ? user->getType() : user->getOperand(operand)->getType();
      const bool same = std::all_of(tuple.begin(), tuple.end(), [&](int64_t n) { return n == tuple[0]; });
      if (same && !whole) continue;
      auto* value =
          same ? llvm::ConstantInt::getSigned(type, tuple[0]) : value_of(tuple, type, *user->getFunction());
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

  /// tuple == times * base + more, everywhere.
  struct Line {
    int64_t times = 1, more = 0;
  };
  static std::optional<Line> line(const Tuple& tuple, const Tuple& base) {
    const auto other = std::ranges::adjacent_find(base, std::ranges::not_equal_to());
    if (other == base.end()) return {};
    const auto i = other - base.begin();
    const int64_t rise = tuple[i + 1] - tuple[i], run = base[i + 1] - base[i];
    if (rise == 0 || rise % run != 0) return {};
    const Line result{rise / run, tuple[i] - rise / run * base[i]};
    for (size_t j = 0; j < tuple.size(); j++)
      if (tuple[j] != result.times * base[j] + result.more) return {};
    return result;
  }

  /// The numbers of a place, in that function.
  Value* value_of(const Tuple& tuple, llvm::Type* type, Function& function) {
    auto& value = values_[{&function, tuple, type}];
    if (value) return value;
    auto base = std::ranges::find_if(passed_, [&](const Tuple& t) { return line(tuple, t).has_value(); });
    if (base == passed_.end()) base = pass(tuple);
    auto* extent = loaded(size_t(base - passed_.begin()), function);
    llvm::IRBuilder<> ir(extent->getNextNode());
    value = ir.CreateSExtOrTrunc(extent, type);
    const auto [times, more] = *line(tuple, *base);
    if (times != 1) value = ir.CreateMul(value, llvm::ConstantInt::getSigned(type, times));
    if (more != 0) value = ir.CreateAdd(value, llvm::ConstantInt::getSigned(type, more));
    return value;
  }

  std::vector<Tuple>::iterator pass(const Tuple& tuple) {
    extents_.resize(members_.size());
    for (size_t i = 0; i < tuple.size(); i++) extents_[i].push_back(int32_t(tuple[i]));
    return passed_.insert(passed_.end(), tuple);
  }

  /// An extent at the entry of a function.
  Instruction* loaded(size_t index, Function& function) {
    auto& load = loads_[{&function, index}];
    if (load) return load;
    auto* pointer = pointers_.in(function);
    auto* task_pointer = llvm::dyn_cast<Instruction>(pointer);
    llvm::IRBuilder<> ir(task_pointer ? task_pointer->getNextNode()
                                      : &*function.getEntryBlock().getFirstInsertionPt());
    load = ir.CreateLoad(ir.getInt32Ty(),
                         ir.CreateConstInBoundsGEP1_32(ir.getInt32Ty(), pointer, unsigned(index)));
    auto& context = function.getContext();
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context, {}));
    const auto [least, most] = std::ranges::minmax(passed_[index]);
    load->setMetadata(llvm::LLVMContext::MD_range,
                      llvm::MDBuilder(context).createRange(llvm::APInt(32, uint64_t(least), true),
                                                           llvm::APInt(32, uint64_t(most + 1), true)));
    return load;
  }

  const std::vector<const KernelShape*>& members_;
  ExtentsPointers pointers_;
  std::vector<Tuple> passed_;
  std::map<std::pair<Function*, size_t>, Instruction*> loads_;
  std::map<std::tuple<Function*, Tuple, llvm::Type*>, Value*> values_;
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

using Members = std::vector<size_t>;

/// The most numbers that one innermost loop would have in registers if these were merged. Loops that move
/// elements wait for memory, and read such numbers from it.
size_t numbers_in_loop(const std::vector<KernelShape>& shapes, const Members& members,
                       bool offsets_are_free) {
  std::map<int, std::set<std::vector<int64_t>>> of_loop;
  const auto& places = shapes[members.front()].places;
  for (size_t place = 0; place < places.size(); place++) {
    if (places[place].loop < 0 || !shapes[members.front()].computes[places[place].loop]) continue;
    std::vector<int64_t> tuple;
    for (size_t i : members) tuple.push_back(shapes[i].numbers[place]);
    if (std::ranges::adjacent_find(tuple, std::ranges::not_equal_to()) == tuple.end()) continue;
    if (const int64_t offset = tuple[0]; offsets_are_free)
      for (auto& number : tuple) number -= offset;
    of_loop[places[place].loop].insert(std::move(tuple));
  }
  size_t most = 0;
  for (const auto& [loop, tuples] : of_loop) most = std::max(most, tuples.size());
  return most;
}

/// Those of equal numbers in innermost loops.
std::vector<Members> split_by_loops(const std::vector<KernelShape>& shapes, const Members& members) {
  std::map<std::vector<int64_t>, Members> alike;
  for (size_t i : members) {
    std::vector<int64_t> numbers;
    for (size_t place = 0; place < shapes[i].places.size(); place++)
      if (shapes[i].places[place].loop >= 0) numbers.push_back(shapes[i].numbers[place]);
    alike[numbers].push_back(i);
  }
  std::vector<Members> parts;
  for (auto& [numbers, part] : alike) parts.push_back(std::move(part));
  return parts;
}

/// What is merged, by first member.
std::vector<Members> classes_of(const std::vector<Unmerged>& all, const std::vector<KernelShape>& shapes,
                                const LoopNumbers& limit) {
  std::map<std::pair<std::string, std::vector<uint64_t>>, Members> of_signature;
  for (size_t i = 0; i < shapes.size(); i++) of_signature[{all[i].scope, shapes[i].signature}].push_back(i);
  std::vector<Members> classes;
  for (auto& [signature, members] : of_signature) {
    if (numbers_in_loop(shapes, members, limit.offsets_are_free) <= limit.most) {
      classes.push_back(std::move(members));
    } else {
      std::ranges::move(split_by_loops(shapes, members), std::back_inserter(classes));
    }
  }
  std::ranges::sort(classes, {}, [](const Members& members) { return members.front(); });
  return classes;
}

}  // namespace

Merged merge_kernels(std::vector<Unmerged> all, const LoopNumbers& limit) {
  std::vector<KernelShape> shapes;
  std::vector<std::vector<Function*>> functions;  // parallel to `all`
  for (auto& kernel : all) {
    functions.push_back(functions_of(*kernel.module->getFunction(kernel.symbol)));
    for (auto* function : functions.back()) canonicalize(*function);
    shapes.push_back(read_shape(functions.back(), kernel.numbers));
  }
  Merged merged;
  merged.kernels.resize(all.size());
  for (const auto& members : classes_of(all, shapes, limit)) {
    auto& [module, symbol, numbers, scope] = all[members.front()];
    const auto& kept = functions[members.front()];
    std::vector<const KernelShape*> of_class;
    for (size_t i : members) {
      of_class.push_back(&shapes[i]);
      for (size_t f = 0; f < kept.size(); f++) make_room_for(*kept[f], *functions[i][f]);
    }
    const auto extents = ClassMerger(*kept.front(), of_class).run();
    for (size_t k = 0; k < members.size(); k++) {
      merged.kernels[members[k]] = {symbol, extents.empty() ? std::vector<int32_t>{} : extents[k]};
    }
    merged.functions.push_back(symbol);
    merged.modules.push_back(std::move(module));
  }
  return merged;
}

}  // namespace halite::codegen
