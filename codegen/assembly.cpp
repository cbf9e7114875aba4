#include "codegen/assembly.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>

namespace halite::codegen {

void replace_by_assembly(llvm::CallInst& call, const std::string& text,
                         const std::vector<llvm::Value*>& changed, size_t scratch,
                         const std::vector<llvm::Value*>& kept) {
  llvm::IRBuilder<> ir(&call);
  std::vector<llvm::Type*> results, types;
  std::vector<llvm::Value*> arguments = changed;
  std::string outputs, inputs;
  for (size_t i = 0; i < changed.size() + scratch; i++) outputs += "=&r,";
  for (size_t i = 0; i < changed.size(); i++) {
    inputs += std::to_string(i) + ",";
    results.push_back(changed[i]->getType());
  }
  results.resize(changed.size() + scratch, ir.getInt32Ty());
  for (auto* value : kept) {
    inputs += "r,";
    arguments.push_back(value);
  }
  for (const auto* argument : arguments) types.push_back(argument->getType());
  auto* type = llvm::FunctionType::get(llvm::StructType::get(ir.getContext(), results), types, false);
  auto* code = llvm::InlineAsm::get(type, text, outputs + inputs + "~{cc}", true);
  auto* block = ir.CreateCall(type, code, arguments);
  block->setMemoryEffects(llvm::MemoryEffects::readOnly());
  block->setDoesNotThrow();
  for (auto* user : llvm::make_early_inc_range(call.users())) {
    auto* result = llvm::cast<llvm::ExtractValueInst>(user);
    result->replaceAllUsesWith(ir.CreateExtractValue(block, result->getIndices()));
    result->eraseFromParent();
  }
  call.eraseFromParent();
}

}  // namespace halite::codegen
