// Vectors in parts: values whose lanes, one behind the other, are those of a longer vector.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <algorithm>
#include <vector>

namespace halite::codegen {

using Parts = std::vector<llvm::Value*>;

int lanes_of(const llvm::Value* vector);
int bits_of(const llvm::Value* vector);
/// Whether `value` is two vectors of one length, one behind the other.
bool joins_two(llvm::Value* value);
/// Adds what `value` has been put together from, or itself.
void add_parts(llvm::Value* value, Parts&);
/// Erases what only put parts together. Parts stay: they may still be asked for.
void erase_joins(llvm::Value*);

llvm::FixedVectorType* type_of(const Parts&);
/// The vector whose lanes, all of them, are those of the parts; null if there is none.
llvm::Value* whole_of(const Parts&);
/// The one scalar that all lanes of all parts are; null if there is none.
llvm::Value* scalar_of(const Parts&);
/// The last of instructions of one block; null if they are anything else.
llvm::Instruction* last_of(const Parts&);

/// Whether the parts, instructions, do the same to their operands, lane by lane.
bool are_one_operation(const Parts&);
/// What they do, done to whole operands.
llvm::Value* operation_on(llvm::IRBuilder<>&, const Parts&, const Parts& operands);

template <class T>
bool all_are(const Parts& parts) {
  return std::ranges::all_of(parts, [](const llvm::Value* part) { return llvm::isa<T>(part); });
}

}  // namespace halite::codegen
