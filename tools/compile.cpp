// halite compile: model files to objects, headers and reports, for one target or several.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <set>

#include "tools/arguments.h"
#include "tools/command.h"
#include "tools/config.h"
#include "tools/explain.h"
#include "tools/firmware.h"
#include "tools/report.h"
#include "tools/report_json.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

struct Arguments {
  std::vector<std::string> models;
  ModelArguments import;  ///< but for the path
  TargetArguments target;
  CompileArguments compile;
  std::string directory = ".", name, weights = "embed", config;
  std::string weights_section, code_section;
  std::string board, data;  ///< of the firmware
  std::vector<std::string> emit;
  bool explain = false;
  Format format = Format::text;
};

bool is_identifier(const std::string& s) {
  auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  return !s.empty() && !std::isdigit(static_cast<unsigned char>(s.front())) &&
         std::all_of(s.begin(), s.end(), plain);
}

// One name a model: given, or from the file.
Result<std::vector<std::string>> names_of(const Arguments& a) {
  if (a.name.empty()) {
    std::vector<std::string> names;
    for (const std::string& model : a.models) names.push_back(identifier_of(model));
    const std::set<std::string> distinct(names.begin(), names.end());
    if (distinct.size() == names.size()) return names;
    return invalid_input(
        "two of the models would leave files of the same name; compile them one by one with --name");
  }
  if (a.models.size() > 1) {
    return invalid_input("one name cannot serve " + std::to_string(a.models.size()) +
                             " models; leave it out (the files' names are taken) or compile them one by one",
                         "--name");
  }
  if (!is_identifier(a.name)) {
    return invalid_input(
        "found '" + a.name + "'; expected a C identifier, because it prefixes files and symbols", "--name");
  }
  return std::vector<std::string>{a.name};
}

std::string summary(const codegen::Artifact& artifact, const std::filesystem::path& directory) {
  const codegen::Report& r = artifact.report;
  const std::string cached = r.cached_kernels ? fmt::format(" ({} from the cache)", r.cached_kernels) : "";
  return fmt::format(
      "{} for {}: {}\n"
      "  code {}, weights {}, arena {} (lower bound {}), stack {}\n"
      "  {} steps, {} kernels{}, {}MAC an inference, compiled in {:.2f} s\n{}{}",
      r.name, r.target, (directory / (r.name + ".o")).string(), human_bytes(r.code_bytes),
      human_bytes(r.weights_bytes), human_bytes(r.arena_bytes), human_bytes(r.arena_lower_bound),
      stack_text(r), r.steps.size(), r.kernels, cached, human_count(r.macs), r.compile_seconds,
      r.precision == ir::Precision::f32
          ? ""
          : fmt::format("  {}; {} nodes stay f32 (kept_f32 in {}.json says why)\n",
                        ir::to_string(r.precision), r.kept_wide.size(), r.name),
      r.variants.empty()
          ? ""
          : fmt::format("  {} shapes; that of these figures is {}\n", r.variants.size(), r.shapes));
}

bool asks(const Arguments& a, const char* kind) {
  return std::find(a.emit.begin(), a.emit.end(), kind) != a.emit.end();
}

Result<void> compile_one(const Arguments& a, const Model& model, codegen::CompileOptions options,
                         const std::filesystem::path& directory, Json& results, std::string& text) {
  options.separate_weights = a.weights == "separate";
  options.weights_section = a.weights_section;
  options.code_section = a.code_section;
  options.emit_asm = asks(a, "asm");
  options.emit_llvm = asks(a, "llvm");
  options.emit_stmt = asks(a, "stmt");
  if (asks(a, "firmware")) {
    if (auto fits = check_board(options.target, a.board); !fits) return fits.error();
    auto inputs = self_test_inputs(a.data, model.graph());
    if (!inputs) return inputs.error();
    options.self_test = *std::move(inputs);
  }
  auto artifact = compile_with_progress(model, options);
  if (!artifact) return artifact.error();
  if (auto written = codegen::write_artifact(*artifact, directory); !written) return written.error();
  Json result = to_json(artifact->report);
  result["directory"] = directory.string();
  text += summary(*artifact, directory);
  if (a.explain) {
    result["explained"] = explain_json(artifact->report);
    text += "\n" + explain_text(artifact->report) + "\n";
  }
  if (artifact->self_test) {
    auto firmware = write_firmware(*artifact, options.target, directory);
    if (!firmware) return firmware.error();
    result["firmware"] = firmware->path.string();
    result["firmware_command"] = firmware->command;
    text += "  firmware with self-test: " + firmware->command + "\n";
  }
  results.push_back(std::move(result));
  return {};
}

int run(const Arguments& a) {
  auto names = names_of(a);
  if (!names) return fail(names.error(), a.format);
  if (a.weights == "separate" && !a.weights_section.empty())
    return fail(invalid_input("with --weights separate the object holds no weights", "--weights-section"),
                a.format);
  auto targets = resolve(a.target, "host");
  if (!targets) return fail(targets.error(), a.format);
  auto options = resolve(a.compile);
  if (!options) return fail(options.error(), a.format);

  Json results = Json::array();
  std::string text;
  for (size_t m = 0; m < a.models.size(); ++m) {
    ModelArguments model = a.import;
    model.path = a.models[m];
    auto imported = import_or_report(model, a.format);
    if (imported.status != kExitOk) return imported.status;
    for (const targets::Target& target : *targets) {
      options->name = (*names)[m];
      options->target = target;
      std::filesystem::path directory = a.directory;
      if (targets->size() > 1) directory /= target.name;
      auto done = compile_one(a, imported.model, *options, directory, results, text);
      if (!done) return fail(done.error(), a.format);
    }
  }
  return a.format == Format::json ? answer(Json{{"compiled", results}}) : answer(text);
}

}  // namespace

void add_compile(CLI::App& app, Action& action) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = app.add_subcommand("compile", "Compile models to objects with a C API");
  sub->add_option("MODEL", a->models, "Model files (ONNX)")->required();
  sub->add_option("-o,--output", a->directory,
                  "Directory of the results, made if needed; with several targets, "
                  "each has a directory of its own in it")
      ->capture_default_str();
  sub->add_option("--name", a->name, "Prefix of files and symbols (default: the model file's name)");
  add_targets_option(*sub, a->target,
                     "Machine to compile for (repeatable; default: host); see `halite targets`");
  add_compile_options(*sub, a->compile);
  add_import_options(*sub, a->import);
  sub->add_option("--weights", a->weights, "embed them in the object, or leave them in a separate file")
      ->check(CLI::IsMember({"embed", "separate"}))
      ->capture_default_str();
  sub->add_option("--weights-section", a->weights_section,
                  "Section of the object for the weights, for your link script to place (default: "
                  ".rodata.NAME_weights)");
  sub->add_option("--code-section", a->code_section, "The same for all functions (default: .text.*)");
  sub->add_option("--emit", a->emit,
                  "Further files: asm, llvm, stmt, firmware (obj and archive are always written)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->take_all()
      ->check(CLI::IsMember({"obj", "archive", "asm", "llvm", "stmt", "firmware"}));
  sub->add_flag(
      "--explain", a->explain,
      "Print which strategies were considered for each group, by how many cycles, and what bounds it");
  sub->add_option("--board", a->board, "Board of the firmware (default: the target's)");
  sub->add_option("--data", a->data,
                  "Directory with input_N.{npy,pb} that the firmware tests itself with (default: seeded "
                  "inputs)");
  sub->add_option("--config", a->config,
                  "JSON file of options by their long names; the command line overrides it");
  add_json(*sub, a->format);
  sub->callback([a, sub, &action] {
    action = [a, sub] {
      if (!a->config.empty()) {
        if (auto applied = apply_config(*sub, a->config); !applied) return fail(applied.error(), a->format);
      }
      return run(*a);
    };
  });
}

}  // namespace halite::tools
