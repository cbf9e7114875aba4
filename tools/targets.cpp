// halite targets: the machines to compile for, their facts, and which of them can be run here.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "targets/target.h"
#include "tools/arguments.h"
#include "tools/command.h"
#include "tools/report.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

bool on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::istringstream directories(path ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (access((std::filesystem::path(directory) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// "yes", or what is missing.
std::string runs_here(const targets::Target& t) {
  if (!t.board || t.board->command.empty()) return t.board ? "yes" : "no emulator known";
  const std::string& emulator = t.board->command.front();
  return emulator == "{image}" || on_path(emulator) ? "yes" : "no: install " + emulator;
}

Json to_json(const targets::Target& t) {
  const targets::Facts& f = t.facts;
  Json facts = {{"vector_bits", f.vector_bits},
                {"vector_registers", f.vector_registers},
                {"register_group", f.register_group},
                {"fma", f.fma},
                {"hard_float", f.hard_float},
                {"int8_dot", f.int8_dot},
                {"load_list", f.load_list},
                {"dot_lanes", f.dot_lanes},
                {"dot_unsigned", f.dot_unsigned},
                {"int8_pairs", f.int8_pairs},
                {"bf16_dot", f.bf16_dot},
                {"int8_tiles", f.int8_tiles},
                {"bf16_tiles", f.bf16_tiles},
                {"rounding_conversion", f.rounding_conversion},
                {"looks_up_bytes", f.looks_up_bytes},
                {"minimum_keeps_nan", f.minimum_keeps_nan},
                {"native_f16", f.native_f16},
                {"converts_f16", f.converts_f16},
                {"unaligned_loads", f.unaligned_loads},
                {"indexed_loads", f.indexed_loads},
                {"l1_bytes", f.l1_bytes},
                {"l2_bytes", f.l2_bytes},
                {"l3_bytes", f.l3_bytes},
                {"cores", f.cores}};
  Json out = {{"name", t.name},
              {"summary", t.summary},
              {"triple", t.triple},
              {"cpu", t.cpu},
              {"features", t.features},
              {"platform", t.platform == targets::Platform::none ? "none" : "posix"},
              {"facts", facts},
              {"toolchain", fmt::format("{}", fmt::join(t.toolchain, " "))},
              {"runs_here", runs_here(t) == "yes"}};
  if (t.board)
    out["board"] = {
        {"name", t.board->name}, {"ram_bytes", t.board->ram_bytes}, {"flash_bytes", t.board->flash_bytes}};
  return out;
}

std::string vectors_text(const targets::Facts& f) {
  if (f.vector_bits == 0) return "-";
  return fmt::format("{} x {}", f.vector_registers, f.vector_bits);
}

std::string arithmetic_text(const targets::Facts& f) {
  std::string text = f.hard_float ? (f.fma ? "f32 fma" : "f32") : "soft f32";
  if (f.native_f16) text += ", f16";
  if (f.int8_dot) text += fmt::format(", i8 dot{}", f.int8_dot);
  return text;
}

int run(Format format) {
  Table table({"target", "for", "system", "vectors", "arithmetic", "runs here"});
  Json list = Json::array();
  for (const targets::Target& t : targets::all()) {
    table.add({t.name, t.summary, t.platform == targets::Platform::none ? "bare metal" : "POSIX",
               vectors_text(t.facts), arithmetic_text(t.facts), runs_here(t)});
    list.push_back(to_json(t));
  }
  return format == Format::json ? answer(Json{{"targets", list}}) : answer(table.text());
}

}  // namespace

void add_targets(CLI::App& app, Action& action) {
  auto format = std::make_shared<Format>(Format::text);
  CLI::App* sub = app.add_subcommand("targets", "List the machines to compile for");
  add_json(*sub, *format);
  sub->callback([format, &action] { action = [format] { return run(*format); }; });
}

}  // namespace halite::tools
