// The linked program, natively or under an emulator, in a directory of its own: in.bin holds all inputs of
// all inferences one behind the other, out.bin all outputs, before each its shape.
#include <sys/stat.h>

#include <algorithm>

#include "codegen/link.h"
#include "codegen/subprocess.h"
#include "codegen/temp_dir.h"
#include "targets/machine.h"

namespace halite::codegen {
namespace {

using Sequence = std::vector<std::vector<ir::Tensor>>;

std::vector<uint8_t> join(std::span<const std::vector<ir::Tensor>> inputs) {
  std::vector<uint8_t> bytes;
  for (const auto& set : inputs) {
    for (const auto& tensor : set) {
      const auto* data = reinterpret_cast<const uint8_t*>(tensor.bytes().data());
      bytes.insert(bytes.end(), data, data + tensor.bytes().size());
    }
  }
  return bytes;
}

/// `bytes` cut into the outputs of `inferences` runs; empty if they are too few or too many.
Sequence split(const std::vector<uint8_t>& bytes, const ir::Graph& signature, size_t inferences) {
  Sequence outputs;
  const auto* at = reinterpret_cast<const std::byte*>(bytes.data());
  const auto* end = at + bytes.size();
  for (size_t n = 0; n < inferences; n++) {
    auto& set = outputs.emplace_back();
    for (const auto id : signature.outputs) {
      const ir::Type& type = signature.type(id);
      std::vector<int32_t> shape(type.shape.size());
      const auto head = std::ptrdiff_t(shape.size() * sizeof(int32_t));
      if (end - at < head + type.bytes()) return {};
      std::copy(at, at + head, reinterpret_cast<std::byte*>(shape.data()));
      at += head;
      for (size_t d = 0; d < shape.size(); d++)
        if (shape[d] < 0 || shape[d] > type.shape[d]) return {};
      const ir::Tensor whole(type, std::vector<std::byte>(at, at + type.bytes()));
      set.push_back(whole.leading({shape.begin(), shape.end()}));
      at += type.bytes();
    }
  }
  return at == end ? outputs : Sequence{};
}

Result<std::vector<std::string>> command_for(const targets::Target& target, const RunOptions& options) {
  auto command = targets::run_command(target);
  const bool plugin = !options.plugin.empty();
  if (plugin && target.board) command = target.board->command;
  if (!command) return unsupported(targets::how_to_run(target), target.name);
  const auto image = std::ranges::find(*command, "{image}");
  HALITE_CHECK(image != command->end(), "emulator command without {image}");
  *image = "./program";
  if (plugin) {
    const std::vector<std::string> extra{"-plugin", std::filesystem::absolute(options.plugin).string(), "-d",
                                         "plugin"};
    command->insert(command->begin() + 1, extra.begin(), extra.end());
  }
  return *command;
}

/// QEMU 7.2 fails an assertion of its own on a vector conversion that is the first floating-point instruction
/// of what it translates at once (https://gitlab.com/qemu-project/qemu/-/issues/1441).
bool is_emulators_fault(const ProcessEnd& end) {
  return end.printed.find("decode_save_opc: Assertion") != std::string::npos;
}

Error failure(const targets::Target& target, const ProcessEnd& end, const RunOptions& options) {
  if (is_emulators_fault(end))
    return {ErrorCode::kIo,
            "emulator: this QEMU fails an assertion of its own on a vector conversion (its issue 1441); "
            "QEMU 8.1 or newer runs the program",
            target.name};
  const std::string what = end.timed_out
                               ? "did not end within " + std::to_string(int(options.timeout_seconds)) + " s"
                               : "ended with exit code " + std::to_string(end.exit_code);
  constexpr size_t kTail = 2000;
  const auto tail = end.printed.substr(end.printed.size() - std::min(kTail, end.printed.size()));
  return {ErrorCode::kIo, "the program on the target " + what + (tail.empty() ? "" : ":\n" + tail),
          target.name};
}

/// Links and runs in `dir`. What the emulator translates at once ends with a page, so a program on which the
/// emulator fails is run again with its functions in another order.
Result<ProcessEnd> link_and_run(const Artifact& artifact, const targets::Target& target, int inferences,
                                const std::vector<std::string>& command, const TempDir& dir,
                                RunOptions options) {
  constexpr int kLayouts = 6;
  for (;; options.layout++) {
    const auto image = link_program(artifact, target, inferences, options);
    if (!image) return image.error();
    const auto program = dir / "program";
    if (auto written = write_file(program, *image); !written) return written.error();
    ::chmod(program.c_str(), 0755);
    auto end = run_process(command, dir.path(), options.timeout_seconds);
    if (!end || !is_emulators_fault(*end) || options.layout + 1 == kLayouts) return end;
  }
}

}  // namespace

Result<SelfTestOutcome> run_self_test(const Artifact& artifact, const targets::Target& target) {
  RunOptions options;
  options.self_test = true;
  const auto command = command_for(target, options);
  if (!command) return command.error();
  HALITE_CHECK(artifact.self_test, "compiled without a self-test");
  auto dir = TempDir::create();
  if (!dir) return dir.error();
  const int inferences = int(artifact.self_test->inputs.size());
  auto end = link_and_run(artifact, target, inferences, *command, *dir, options);
  if (!end) return end.error();
  const bool failed = end->printed.find("self-test FAILED") != std::string::npos;
  if (end->timed_out || (end->exit_code && !failed)) return failure(target, *end, options);
  SelfTestOutcome outcome{!failed, {}, std::move(end->printed)};
  static constexpr std::string_view kFirst = "first difference: ";
  if (const auto at = outcome.console.find(kFirst); at != std::string::npos) {
    const auto begin = at + kFirst.size();
    outcome.first_difference = outcome.console.substr(begin, outcome.console.find('\n', begin) - begin);
  }
  return outcome;
}

Result<RunOutcome> run_program(const Artifact& artifact, const ir::Graph& signature,
                               const targets::Target& target, std::span<const std::vector<ir::Tensor>> inputs,
                               const RunOptions& given) {
  RunOptions options = given;
  options.signature = &signature;
  const auto command = command_for(target, options);
  if (!command) return command.error();
  auto dir = TempDir::create();
  if (!dir) return dir.error();
  if (auto written = write_file(*dir / "in.bin", join(inputs)); !written) return written.error();
  auto end = link_and_run(artifact, target, int(inputs.size()), *command, *dir, options);
  if (!end) return end.error();
  if (end->timed_out || end->exit_code) return failure(target, *end, options);
  const auto bytes = read_file(*dir / "out.bin");
  if (!bytes) return failure(target, *end, options);
  RunOutcome outcome{split(*bytes, signature, inputs.size()), std::move(end->printed)};
  if (outcome.outputs.size() != inputs.size())
    return Error{ErrorCode::kIo, "the program on the target wrote outputs of another size than the model's",
                 target.name};
  return outcome;
}

Result<Sequence> run_on_target(const Artifact& artifact, const ir::Graph& signature,
                               const targets::Target& target,
                               std::span<const std::vector<ir::Tensor>> inputs) {
  auto outcome = run_program(artifact, signature, target, inputs);
  if (!outcome) return outcome.error();
  return std::move(outcome->outputs);
}

}  // namespace halite::codegen
