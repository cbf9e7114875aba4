// See instruction_counter.h.
#include "tools/instruction_counter.h"

#include <cstdlib>

#include "tools/report.h"

namespace halite::tools {
namespace {

/// What the plugin printed: the number behind the last "insns: ".
Result<int64_t> number_of(const std::string& console, const std::string& plugin) {
  const auto at = console.rfind("insns: ");
  if (at != std::string::npos) return std::strtoll(console.c_str() + at + 7, nullptr, 10);
  return invalid_input("the emulator's output has no \"insns: N\", which the plugin should print at the end",
                       plugin);
}

}  // namespace

InstructionCounter::InstructionCounter(const codegen::Artifact& artifact, const Model& model,
                                       const targets::Target& target, const std::vector<ir::Tensor>& inputs,
                                       const std::string& plugin)
    : artifact_(artifact), model_(model), target_(target), inputs_{inputs}, plugin_(plugin) {}

Result<int64_t> InstructionCounter::once_more(codegen::RunOptions options) {
  if (!base_) {
    auto base = total({});
    if (!base) return base;
    base_ = *base;
  }
  options.repeats = 1;
  auto with = total(options);
  if (!with) return with;
  return *with - *base_;
}

Result<int64_t> InstructionCounter::total(codegen::RunOptions options) const {
  options.plugin = plugin_;
  auto outcome = codegen::run_program(artifact_, model_.graph(), target_, inputs_, options);
  if (!outcome) return outcome.error();
  return number_of(outcome->console, plugin_);
}

}  // namespace halite::tools
