// LLVM takes an unknown CPU or feature for a slip that a warning is enough for; the lists let us refuse it.
#include "codegen/cpus.h"

#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>

#include "codegen/machine.h"
#include "ir/base/check.h"

namespace halite::codegen {
namespace {

std::unique_ptr<llvm::MCSubtargetInfo> subtarget_of(const targets::Target& target) {
  const Machine initializes_llvm(target);
  std::string error;
  const llvm::Target* known = llvm::TargetRegistry::lookupTarget(target.triple, error);
  HALITE_CHECK(known, error);
  return std::unique_ptr<llvm::MCSubtargetInfo>(known->createMCSubtargetInfo(target.triple, "", ""));
}

template <class Rows>
std::vector<std::string> keys_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.Key);
  return names;
}

}  // namespace

std::vector<std::string> known_cpus(const targets::Target& target) {
  return keys_of(subtarget_of(target)->getAllProcessorDescriptions());
}

std::vector<std::string> known_features(const targets::Target& target) {
  return keys_of(subtarget_of(target)->getAllProcessorFeatures());
}

}  // namespace halite::codegen
