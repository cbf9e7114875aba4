// halite bench --instructions: one inference's instructions on machines that are emulated, with what the
// model takes of their memories. A count says nothing of stalls and caches; it is exact, and the same
// everywhere.
#pragma once

#include "codegen/compile.h"
#include "tools/arguments.h"
#include "tools/report.h"

namespace halite::tools {

struct InstructionBench {
  std::string model;  ///< as the user named it
  const Model& graphs;
  codegen::CompileOptions options;
  std::vector<targets::Target> targets;
  std::vector<ir::Tensor> inputs;
  std::string plugin;  ///< of QEMU: prints "insns: N" at the end
  bool per_step = false;
};

int bench_instructions(InstructionBench, Format);

}  // namespace halite::tools
