// Runs a compiled model where it is meant to run. The program around it is made of bitcode that the compiler
// carries (targets/driver and the start-up code of the target's board) and linked with LLD: no cross compiler
// is needed, only an emulator, and not even that for this machine's own kind.
#pragma once

#include "codegen/compile.h"

namespace halite::codegen {

struct RunOptions {
  const ir::Graph* signature = nullptr;  ///< states which of several shapes to run; null: the first, or the
                                         ///< self-test's
  int repeats = 0;  ///< further inferences at the end whose outputs are not kept: for counting
  bool self_test =
      false;  ///< link the program that checks itself (Artifact::self_test), not the one for files
  std::optional<uint32_t> repeated_step;  ///< repeat this step alone
  std::filesystem::path
      plugin;  ///< a QEMU plugin; the emulator is then used even where this machine could run
  double timeout_seconds = 3600;  ///< of the whole run
  int layout = 0;  ///< other than 0: the program's functions in another order, one for each number
};

struct RunOutcome {
  std::vector<std::vector<ir::Tensor>> outputs;  ///< per inference, in the model's order
  std::string console;                           ///< what program and emulator printed
};

/// The image: an ELF executable that reads in.bin and writes out.bin in its working directory, or the
/// self-test, whose inferences are its own. Fails with a clear error if it does not fit the board's memories.
Result<std::vector<uint8_t>> link_program(const Artifact&, const targets::Target&, int inferences,
                                          const RunOptions& = {});

/// Links, runs and reads the outputs back. `inputs`: one set per inference; state is kept between them. Fails
/// with what the emulator said if it does not end well.
Result<RunOutcome> run_program(const Artifact&, const ir::Graph& signature, const targets::Target&,
                               std::span<const std::vector<ir::Tensor>> inputs, const RunOptions& = {});

struct SelfTestOutcome {
  bool passed = false;
  std::string first_difference;  ///< "inference 0, step 3 conv_2 (conv2d+relu)"; empty if passed
  std::string console;
};

/// Links and runs the self-test of an artifact that has one.
Result<SelfTestOutcome> run_self_test(const Artifact&, const targets::Target&);

/// The outputs of run_program.
Result<std::vector<std::vector<ir::Tensor>>> run_on_target(const Artifact&, const ir::Graph& signature,
                                                           const targets::Target&,
                                                           std::span<const std::vector<ir::Tensor>> inputs);

}  // namespace halite::codegen
