// halite compile --emit firmware: NAME.elf, a complete image for a target's board, which checks itself.
#pragma once

#include <filesystem>
#include <optional>

#include "codegen/compile.h"
#include "tools/data.h"

namespace halite::tools {

/// The inputs that the image carries: those of a data folder, or, where none is named, seeded ones.
Result<Sequence> self_test_inputs(const std::string& data, const ir::Graph&);

/// Fails if the target has no board, or another than the one that is asked for (empty: any).
Result<void> check_board(const targets::Target&, const std::string& board);

struct Firmware {
  std::filesystem::path path;
  std::string command;  ///< that runs it under the board's emulator
};
/// The artifact must have a self-test.
Result<Firmware> write_firmware(const codegen::Artifact&, const targets::Target&,
                                const std::filesystem::path& directory);

/// For an answer that is wrong on a target: compiles the model with a self-test and names the first step that
/// computes something else there than the interpreter does; nullopt if none does.
Result<std::optional<std::string>> first_wrong_step(const ir::Graph&, codegen::CompileOptions,
                                                    const Sequence& inputs);

}  // namespace halite::tools
