// Instructions of one inference, or of one of its steps, under a target's emulator. A count is the difference
// between two runs of the program, of which one does a thing once more: start-up, files and the first
// inference drop out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codegen/link.h"
#include "tools/arguments.h"

namespace halite::tools {

class InstructionCounter {
 public:
  /// `plugin` of QEMU prints "insns: N" at the end. Everything must outlive the counter.
  InstructionCounter(const codegen::Artifact&, const Model&, const targets::Target&,
                     const std::vector<ir::Tensor>& inputs, const std::string& plugin);
  Result<int64_t> inference() { return once_more({}); }
  Result<int64_t> step(uint32_t index) { return once_more({.repeated_step = index}); }

 private:
  Result<int64_t> once_more(codegen::RunOptions);
  Result<int64_t> total(codegen::RunOptions) const;

  const codegen::Artifact& artifact_;
  const Model& model_;
  const targets::Target& target_;
  const std::vector<std::vector<ir::Tensor>> inputs_;
  const std::string& plugin_;
  std::optional<int64_t> base_;  ///< of the program that does nothing twice
};

}  // namespace halite::tools
