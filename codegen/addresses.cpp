// See addresses.h.
#include "codegen/addresses.h"

#include <llvm/Analysis/ScalarEvolutionExpressions.h>

namespace halite::codegen {

Addresses::Addresses(llvm::Function& function)
    : library_(impl_),
      assumptions_(function),
      tree_(function),
      loops_(tree_),
      evolution_(function, library_, assumptions_, tree_, loops_) {}

std::optional<int64_t> Addresses::distance(llvm::Value* from, llvm::Value* to) {
  const auto* bytes = llvm::dyn_cast<llvm::SCEVConstant>(
      evolution_.getMinusSCEV(evolution_.getSCEV(to), evolution_.getSCEV(from)));
  if (!bytes) return {};
  return bytes->getValue()->getSExtValue();
}

}  // namespace halite::codegen
