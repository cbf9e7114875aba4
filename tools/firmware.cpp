#include "tools/firmware.h"

#include "codegen/link.h"
#include "codegen/temp_dir.h"
#include "tools/arguments.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

std::string command_text(const targets::Target& target, const std::filesystem::path& image) {
  std::string text;
  for (const std::string& word : target.board->command)
    text += (text.empty() ? "" : " ") + (word == "{image}" ? image.string() : word);
  return text;
}

}  // namespace

Result<Sequence> self_test_inputs(const std::string& data, const ir::Graph& graph) {
  if (!data.empty()) return read_inputs(data, graph);
  return Sequence{random_inputs(graph)};
}

Result<void> check_board(const targets::Target& target, const std::string& board) {
  if (!target.board)
    return Error{ErrorCode::kUnsupported, "no board is known for it, so no image can be linked", target.name};
  if (board.empty() || board == target.board->name) return {};
  return invalid_input("found '" + board + "'; the board of " + target.name + " is " + target.board->name,
                       "--board");
}

Result<Firmware> write_firmware(const codegen::Artifact& artifact, const targets::Target& target,
                                const std::filesystem::path& directory) {
  codegen::RunOptions options;
  options.self_test = true;
  auto image =
      codegen::link_program(artifact, target, static_cast<int>(artifact.self_test->inputs.size()), options);
  if (!image) return image.error();
  const auto path = directory / (artifact.name + ".elf");
  if (auto written = codegen::write_file(path, *image); !written) return written.error();
  std::error_code ignored;  // a debugger or an emulator needs no permission to execute
  std::filesystem::permissions(path, std::filesystem::perms::owner_exec, std::filesystem::perm_options::add,
                               ignored);
  return Firmware{path, command_text(target, path)};
}

Result<std::optional<std::string>> first_wrong_step(const ir::Graph& graph, codegen::CompileOptions options,
                                                    const Sequence& inputs) {
  options.self_test = inputs;
  auto artifact = codegen::compile(graph, options);
  if (!artifact) return artifact.error();
  auto outcome = codegen::run_self_test(*artifact, options.target);
  if (!outcome) return outcome.error();
  if (outcome->passed) return std::optional<std::string>{};
  return std::optional(outcome->first_difference);
}

}  // namespace halite::tools
