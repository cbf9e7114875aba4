// Looks for emulators in PATH. Nothing is started here.
#include "targets/machine.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace halite::targets {
namespace {

bool installed(const std::string& program) {
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "/usr/bin:/bin");
  for (std::string folder; std::getline(path, folder, ':');) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(std::filesystem::path(folder) / program, ignored)) return true;
  }
  return false;
}

bool is_this_kind(const Target& t) {
#if defined(__x86_64__)
  return t.platform == Platform::posix && t.triple.starts_with("x86_64");
#elif defined(__aarch64__)
  return t.platform == Platform::posix && t.triple.starts_with("aarch64");
#else
  return false;
#endif
}

/// QEMU emulates x86 up to AVX2.
bool beyond_emulation(const Target& t) { return t.triple.starts_with("x86_64") && t.facts.vector_bits > 256; }

}  // namespace

bool runs_natively(const Target& t) {
  if (!is_this_kind(t)) return false;
  if (t.name == "host") return true;
  if (t.cpu != "generic" && !this_machine_has(t.cpu)) return false;
  std::istringstream features(t.features);
  for (std::string feature; std::getline(features, feature, ',');) {
    const bool level = feature.starts_with("+v8.");  // what Halite uses of it has features of its own
    if (feature.starts_with('+') && !level && !this_machine_has(feature.substr(1))) return false;
  }
  return true;
}

std::optional<std::vector<std::string>> run_command(const Target& t) {
  if (runs_natively(t)) return std::vector<std::string>{"{image}"};
  if (!t.board || t.board->command.empty() || beyond_emulation(t)) return {};
  if (!installed(t.board->command[0])) return {};
  return t.board->command;
}

std::string how_to_run(const Target& t) {
  if (runs_natively(t)) return "runs natively";
  if (!t.board || t.board->command.empty()) return "cannot be run here: no emulator is known for it";
  if (beyond_emulation(t)) return "cannot be run here: this CPU lacks AVX-512, and QEMU does not emulate it";
  const auto& emulator = t.board->command[0];
  if (!installed(emulator)) return "needs " + emulator + ", which is not installed";
  return t.board->name == "user" ? emulator : emulator + " (" + t.board->name + ")";
}

int64_t fast_memory_bytes(const Target& target) {
  if (!target.board) return 0;
  const std::string& script = target.board->link_script;
  const auto fast = script.find("FAST (rw)");
  if (fast == std::string::npos) return 0;
  constexpr std::string_view kLength = "LENGTH = ";
  return 1024 * std::strtoll(script.c_str() + script.find(kLength, fast) + kLength.size(), nullptr, 10);
}

}  // namespace halite::targets
