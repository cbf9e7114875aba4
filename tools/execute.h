// The three ways of running a model: by the operators' reference functions, compiled into this process, and
// compiled ahead of time for a target and run here or under its emulator.
#pragma once

#include "codegen/compile.h"
#include "tools/arguments.h"
#include "tools/data.h"

namespace halite::tools {

Result<Sequence> run_interpreted(const ir::Graph&, const Sequence& inputs);
Result<Sequence> run_jit(const Model&, const codegen::CompileOptions&, const Sequence& inputs, int threads);
Result<Sequence> run_on_target(const Model&, const codegen::CompileOptions&, const Sequence& inputs);

}  // namespace halite::tools
