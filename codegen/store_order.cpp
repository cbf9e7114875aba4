// A tile whose loops are all unrolled, as that of a depthwise convolution, is one block: its sums grow side
// by side, tap by tap, as its schedule says for the sake of loops. LLVM's schedulers keep close to the order
// that they are given, so all sums and all that they are made of would be kept at once, most of it on the
// stack.
#include "codegen/store_order.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/IR/Instructions.h>

#include <algorithm>
#include <vector>

#include "codegen/buffers.h"

namespace halite::codegen {
namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using Order = std::vector<Instruction*>;

/// All but phi nodes and the terminator.
Order order_of(BasicBlock& block) {
  Order order;
  for (auto& instruction : block)
    if (!llvm::isa<llvm::PHINode>(instruction) && !instruction.isTerminator()) order.push_back(&instruction);
  return order;
}

int64_t registers_of(const Instruction& value, int vector_bits) {
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(value.getType());
  if (!type) return 0;
  const auto bits = static_cast<int64_t>(type->getPrimitiveSizeInBits().getFixedValue());
  return (bits + vector_bits - 1) / vector_bits;
}

/// The most registers that vectors of the block would take at once.
int64_t most_registers(const Order& order, int vector_bits) {
  llvm::DenseMap<const Instruction*, size_t> place;
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<int64_t> change(order.size() + 1);
  for (size_t i = 0; i < order.size(); ++i) {
    const int64_t registers = registers_of(*order[i], vector_bits);
    size_t last = i;
    for (const auto* user : order[i]->users()) {
      const auto found = place.find(llvm::cast<Instruction>(user));
      last = std::max(last, found == place.end() ? order.size() : found->second);
    }
    change[i] += registers;
    change[last] -= registers;
  }
  int64_t now = 0, most = 0;
  for (const int64_t by : change) most = std::max(most, now += by);
  return most;
}

/// What must keep its place among its like: all that writes, and what reads from where something is written.
/// Empty if it is not known of an instruction.
Order fixed_of(const Order& order) {
  llvm::DenseSet<const llvm::Value*> written;
  for (const auto* instruction : order) {
    if (!instruction->mayWriteToMemory()) continue;
    const auto* address = written_by(*instruction);
    const auto* buffer = address ? buffer_of(address) : nullptr;
    if (!buffer) return {};
    written.insert(buffer);
  }
  Order fixed;
  for (auto* instruction : order) {
    if (!instruction->mayReadOrWriteMemory()) continue;
    const auto* address = read_by(*instruction);
    const auto* buffer = address ? buffer_of(address) : nullptr;
    if (!buffer || written.contains(buffer)) fixed.push_back(instruction);
  }
  return fixed;
}

/// What each of `last` is made of, right before it.
class Depth {
 public:
  explicit Depth(const Order& all) : left_(all.begin(), all.end()) {}

  void add(Instruction* last) {
    if (!left_.erase(last)) return;
    for (auto& operand : last->operands())
      if (auto* value = llvm::dyn_cast<Instruction>(operand)) add(value);
    order.push_back(last);
  }

  Order order;

 private:
  llvm::DenseSet<Instruction*> left_;
};

void order_block(BasicBlock& block, const targets::Facts& facts) {
  const Order given = order_of(block);
  const int64_t most = most_registers(given, facts.vector_bits);
  if (most <= facts.vector_registers) return;
  const Order fixed = fixed_of(given);
  if (fixed.empty()) return;
  Depth depth(given);
  for (auto* instruction : fixed) depth.add(instruction);
  for (auto* instruction : given) depth.add(instruction);
  if (most_registers(depth.order, facts.vector_bits) >= most) return;
  for (auto* instruction : depth.order) instruction->moveBefore(block.getTerminator());
}

}  // namespace

void order_by_stores(llvm::Module& module, const targets::Facts& facts) {
  for (auto& function : module)
    for (auto& block : function) order_block(block, facts);
}

}  // namespace halite::codegen
