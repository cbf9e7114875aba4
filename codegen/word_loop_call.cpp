// A run of steps as a call. Kernels that differ in the count of rounds or in where the second pixel lies can
// then share their code.
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <algorithm>

#include "codegen/chains.h"
#include "codegen/word_loop.h"

namespace halite::codegen {
namespace {

using llvm::Value;

constexpr int64_t kMostSteps = 4;  ///< of a round: counting costs two instructions, a step 70 bytes of flash

llvm::FunctionCallee declare(llvm::Module& module, const WordLoop& loop,
                             const std::vector<Value*>& arguments) {
  auto& context = module.getContext();
  std::vector<llvm::Type*> types;
  for (const auto* argument : arguments) types.push_back(argument->getType());
  const std::vector<llvm::Type*> sums(loop.sums.size(), llvm::Type::getInt32Ty(context));
  auto* type = llvm::FunctionType::get(llvm::StructType::get(context, sums), types, false);
  const std::string name =
      kWordLoop + std::to_string(loop.pixels.size()) + "x" + std::to_string(loop.pairs.size());
  return module.getOrInsertFunction(name, type);
}

}  // namespace

bool call_words(const WordLoop& loop, llvm::Instruction* end, llvm::ScalarEvolution& evolution) {
  if (loop.distance < 0 || loop.distance > kMostWordOffset || loop.pixels.size() > 2) return false;
  llvm::SCEVExpander expander(evolution, end->getModule()->getDataLayout(), "word");
  llvm::IRBuilder<> ir(end);
  std::vector<Value*> arguments;
  for (const auto& [place, sum] : loop.sums) arguments.push_back(sum.start);
  arguments.push_back(expander.expandCodeFor(loop.pixels[0], ir.getPtrTy(), end));
  if (loop.pixels.size() == 2) {
    const auto apart = bytes_between(loop.pixels[1], loop.pixels[0], evolution);
    arguments.push_back(apart ? ir.CreateConstGEP1_32(ir.getInt8Ty(), arguments.back(), unsigned(*apart))
                              : expander.expandCodeFor(loop.pixels[1], ir.getPtrTy(), end));
  }
  arguments.push_back(expander.expandCodeFor(loop.weights, ir.getPtrTy(), end));
  int64_t steps = std::min(loop.steps, kMostSteps);
  while (loop.steps % steps != 0) steps--;
  const int64_t rounds = loop.steps / steps;
  arguments.push_back(ir.getInt32(uint32_t(rounds)));
  const int64_t ahead = loop.rows > 1 ? loop.row_distance - loop.steps * loop.distance : 0;
  for (const int64_t number : {loop.distance, steps, loop.rows, ahead, loop.rows > 1 ? rounds : 0})
    arguments.push_back(ir.getInt16(uint16_t(number)));
  auto* call = ir.CreateCall(declare(*end->getModule(), loop, arguments), arguments);
  call->setMemoryEffects(llvm::MemoryEffects::readOnly());
  call->setDoesNotThrow();
  unsigned i = 0;
  for (const auto& [place, sum] : loop.sums) sum.call->replaceAllUsesWith(ir.CreateExtractValue(call, i++));
  return true;
}

}  // namespace halite::codegen
