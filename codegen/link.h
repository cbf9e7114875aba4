// Links a compiled model with start-up code into a program for a target, with LLD and clang's C front end
// left out: the driver program is built from LLVM IR / embedded bitcode, so that no cross compiler is needed.
#pragma once

#include "codegen/compile.h"

namespace halite::codegen {

/// Runs a compiled model on a target under its emulator (or natively, where this machine can): links an image
/// with the target's start-up code, link script and the test driver, feeds `inputs` (one set per inference;
/// state is kept), and reads the outputs back. Fails with what the emulator said if it does not end well, or
/// with a clear error if the image does not fit the board's memories.
Result<std::vector<std::vector<ir::Tensor>>> run_on_target(const Artifact&, const ir::Graph& signature,
                                                           const targets::Target&,
                                                           std::span<const std::vector<ir::Tensor>> inputs);

}  // namespace halite::codegen
