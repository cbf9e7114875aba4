#pragma once

#include <llvm/IR/Instructions.h>

#include <string>
#include <vector>

namespace halite::codegen {

/// Puts assembly in the place of a call whose results are the first of `changed`. Operands of the text: $0
/// on, registers that begin with `changed` and that the text may write; `scratch` further ones; then, after
/// as many numbers as there are in `changed`, those that hold `kept`.
void replace_by_assembly(llvm::CallInst&, const std::string& text, const std::vector<llvm::Value*>& changed,
                         size_t scratch, const std::vector<llvm::Value*>& kept = {});

}  // namespace halite::codegen
