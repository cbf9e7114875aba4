#include "tools/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "codegen/cpus.h"
#include "ir/passes/pipeline.h"
#include "tools/progress.h"
#include "tools/shapes.h"
#include "tools/tuning_file.h"

namespace halite::tools {
namespace {

// "64K": a number of bytes, KiB or MiB.
Result<int64_t> parse_bytes(std::string_view text, const std::string& option) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  const int64_t factor = unit.empty() ? 1 : unit == "K" ? 1024 : unit == "M" ? 1024 * 1024 : 0;
  constexpr int64_t kMost = int64_t{1} << 40;
  if (code == std::errc() && factor > 0 && number > 0 && number < kMost) return number * factor;
  return invalid_input(
      "found '" + std::string(text) + "'; expected a number of bytes, as in 65536, 64K or 1M", option);
}

// "dtcm:32K@fast"
Result<codegen::Memory> parse_memory(const std::string& text) {
  const size_t colon = text.find(':'), at = text.find('@', colon == std::string::npos ? 0 : colon);
  const bool fast = at != std::string::npos && text.substr(at) == "@fast";
  if (colon == std::string::npos || (at != std::string::npos && !fast)) {
    return invalid_input(
        "found '" + text + "'; expected a name and a number of bytes, as in sram:64K or dtcm:32K@fast",
        "--memory");
  }
  const auto end = fast ? at : text.size();
  const auto bytes = parse_bytes(std::string_view(text).substr(colon + 1, end - colon - 1), "--memory");
  if (!bytes) return bytes.error();
  return codegen::Memory{text.substr(0, colon), *bytes, fast};
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

/// The names nearest to one that does not exist, as many as are a misspelling away; failing these, those that
/// contain it.
std::string near_matches(const std::string& name, const std::vector<std::string>& known) {
  constexpr size_t kFar = 4, kMost = 6;
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& k : known) {
    const bool contains = name.size() > 2 && (k.find(name) != std::string::npos);
    const size_t distance = edit_distance(name, k);
    if (distance < std::min(kFar, name.size()))
      near.emplace_back(distance, k);
    else if (contains)
      near.emplace_back(kFar, k);
  }
  std::sort(near.begin(), near.end());
  std::string text;
  for (size_t i = 0; i < std::min(kMost, near.size()); ++i) text += (i ? ", " : "") + near[i].second;
  return text;
}

Error unknown_name(const std::string& what, const std::string& name, const targets::Target& target,
                   const std::vector<std::string>& known, const std::string& option) {
  const std::string near = near_matches(name, known);
  return invalid_input("LLVM knows no " + what + " '" + name + "' for " + target.name +
                           (near.empty() ? ", nor one with a similar name" : "; near it are " + near),
                       option);
}

/// LLVM would go on with another CPU, or without the feature.
Result<void> check_refinement(const targets::Target& target, const TargetArguments& arguments) {
  if (const std::string& cpu = arguments.cpu; !cpu.empty()) {
    const auto known = codegen::known_cpus(target);
    if (std::find(known.begin(), known.end(), cpu) == known.end())
      return unknown_name("CPU", cpu, target, known, "--cpu");
  }
  if (arguments.features.empty()) return {};
  const auto known = codegen::known_features(target);
  std::istringstream list(arguments.features);
  for (std::string feature; std::getline(list, feature, ',');) {
    const bool is_signed = !feature.empty() && (feature[0] == '+' || feature[0] == '-');
    if (!is_signed)
      return invalid_input(
          "found '" + arguments.features + "'; expected features to add or take away, as in +a,-b",
          "--features");
    if (std::find(known.begin(), known.end(), feature.substr(1)) == known.end())
      return unknown_name("feature", feature.substr(1), target, known, "--features");
  }
  return {};
}

Error unknown_target(const std::string& name) {
  const targets::Target* nearest = nullptr;
  size_t least = 4;  // farther than that is no misspelling
  for (const targets::Target& t : targets::all()) {
    const size_t distance = edit_distance(name, t.name);
    if (distance < least) least = distance, nearest = &t;
  }
  const std::string guess = nearest ? " Did you mean " + nearest->name + "?" : "";
  return invalid_input("there is no target '" + name + "'." + guess + " `halite targets` lists them",
                       "--target");
}

std::filesystem::path default_cache() {
  if (const char* dir = std::getenv("XDG_CACHE_HOME"); dir && *dir)
    return std::filesystem::path(dir) / "halite";
  if (const char* home = std::getenv("HOME"); home && *home) {
    return std::filesystem::path(home) / ".cache" / "halite";
  }
  return {};
}

}  // namespace

void add_json(CLI::App& app, Format& format) {
  app.add_flag_callback("--json", [&format] { format = Format::json; }, "Answer with one JSON document");
}

void add_import_options(CLI::App& app, ModelArguments& model) {
  app.add_option("--shape", model.shapes,
                 "An input's shape, NAME=1x3x224x224, or with symbols, NAME=Nx3x224x224 (repeatable; several "
                 "shapes of one input make one object of them all)")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--range", model.ranges,
                 "Values of a symbol in shapes or in the model, N=1..8, or N=16..128:16 for every 16th "
                 "(repeatable): one object for all of them")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option(
         "--rounding", model.rounding,
         "Whose rounding quantized TFLite operators have: that of TFLite's production kernels, or that "
         "of its reference kernels and TFLite Micro")
      ->check(CLI::IsMember({"production", "reference"}))
      ->capture_default_str();
}

void add_model(CLI::App& app, ModelArguments& model) {
  app.add_option("MODEL", model.path, "The model file (ONNX or TFLite)")->required();
  add_import_options(app, model);
}

Imported import_or_report(const ModelArguments& arguments, Format format) {
  const auto assignments = assignments_of(arguments.shapes, arguments.ranges);
  if (!assignments) return {{}, fail(assignments.error(), format)};
  Imported imported;
  imported.model.extents_vary = !arguments.ranges.empty();
  for (const Assignment& shapes : *assignments) {
    const bool first = imported.model.variants.empty();
    std::vector<frontend::UnsupportedNode> unsupported;
    frontend::ImportOptions options;
    options.input_shapes = shapes.shapes;
    options.axes = shapes.axes;
    options.reference_rounding = arguments.rounding == "reference";
    options.notes = first ? &imported.model.notes : nullptr;
    options.unsupported = &unsupported;
    auto graph = frontend::import_model(arguments.path, options);
    if (!graph) {
      std::vector<UnsupportedOperator> operators;
      for (auto& u : unsupported) operators.push_back({u.node, u.op, u.attribute, u.why});
      Error error = graph.error();
      if (assignments->size() > 1) error.message = "with " + to_string(shapes) + ": " + error.message;
      imported.status =
          operators.empty() ? fail(error, format) : fail_unsupported(arguments.path, operators, format);
      return imported;
    }
    imported.model.variants.push_back(std::move(*graph));
  }
  if (format == Format::text) {
    for (const std::string& note : imported.model.notes) fmt::print(stderr, "halite: note: {}\n", note);
  }
  return imported;
}

Result<Sequence> choose_by_data(Model& model, const std::function<Result<Sequence>(const ir::Graph&)>& read) {
  std::optional<Error> first;
  for (size_t v = 0; v < model.variants.size(); ++v) {
    auto data = read(model.variants[v]);
    if (data) {
      model.chosen = v;
      return data;
    }
    if (!first) first = data.error();
  }
  if (model.variants.size() > 1)
    first->message += ", and none of the other " + std::to_string(model.variants.size() - 1) + " shapes fits";
  return *first;
}

Result<std::vector<ir::Tensor>> measured_inputs(Model& model, const std::string& directory) {
  if (directory.empty()) return random_inputs(model.graph());
  auto read = choose_by_data(model, [&](const ir::Graph& graph) { return read_inputs(directory, graph); });
  if (!read) return read.error();
  return std::move(read->front());
}

const codegen::Report& chosen_report(const codegen::Artifact& artifact, const Model& model) {
  const codegen::Report& report = artifact.report;
  return report.variants.empty() ? report : report.variants.at(model.chosen);
}

void add_targets_option(CLI::App& app, TargetArguments& arguments, const std::string& help) {
  app.add_option("-t,--target", arguments.names, help)->allow_extra_args(false)->take_all();
  app.add_option("--cpu", arguments.cpu, "LLVM's name of the CPU to tune for, instead of the target's");
  app.add_option("--features", arguments.features, "LLVM features to add or take away: +a,-b");
}

Result<std::vector<targets::Target>> resolve(const TargetArguments& arguments, const std::string& fallback) {
  std::vector<std::string> names = arguments.names;
  if (names.empty()) names.push_back(fallback);
  std::vector<targets::Target> found;
  for (const std::string& name : names) {
    auto target = targets::find(name);
    if (!target) return unknown_target(name);
    const bool repeated =
        std::any_of(found.begin(), found.end(), [&](const auto& t) { return t.name == target->name; });
    if (repeated) continue;
    const bool refined = !arguments.cpu.empty() || !arguments.features.empty();
    if (auto good = check_refinement(*target, arguments); !good) return good.error();
    found.push_back(refined ? targets::refine(*target, arguments.cpu, arguments.features) : *target);
  }
  return found;
}

void add_compile_options(CLI::App& app, CompileArguments& arguments) {
  app.add_option("--optimize", arguments.optimize, "speed, or size: kernels of one kind share code")
      ->check(CLI::IsMember({"speed", "size"}))
      ->capture_default_str();
  app.add_option(
         "--precision", arguments.precision,
         "What models of f32 are computed in: f16 halves weights and activations, and time where the "
         "machine computes with it; what it would harm stays f32, and the report names it. bf16: factors "
         "of products are rounded to it, sums and all else stay f32")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}))
      ->capture_default_str();
  app.add_option("-j,--jobs", arguments.jobs, "Kernels compiled side by side (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--cache-dir", arguments.cache_directory,
                 "Where compiled kernels are kept (default: $XDG_CACHE_HOME/halite or ~/.cache/halite)");
  app.add_flag("--no-cache", arguments.no_cache, "Compile every kernel anew");
  app.add_option("--rows", arguments.rows,
                 "Layers computed row by row, which takes less arena and a little more time: auto (on bare "
                 "machines, and as --max-ram asks), never, always")
      ->check(CLI::IsMember({"auto", "never", "always"}))
      ->capture_default_str();
  app.add_option("--max-ram", arguments.max_ram,
                 "Most bytes of arena and stack together (64K, 1M): fit, or say what is in the way");
  app.add_option("--max-flash", arguments.max_flash, "Most bytes of code and weights together, likewise");
  app.add_option("--memory", arguments.memories,
                 "A block that the arena may take, NAME:BYTES or NAME:BYTES@fast (sram:64K, dtcm:32K@fast; "
                 "repeatable): tensors are spread over them, those most used to fast ones")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--tuning", arguments.tunings,
                 "File of `halite tune`: strategies and tiles that were found to be fastest (repeatable)")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option(
      "--strategy", arguments.strategy,
      "Compute everything that offers it in this way (`compile --explain` names them; verify also takes "
      "each: all in turn)");
  app.add_option("--inputs", arguments.inputs,
                 "arena: inputs have a place in it; bound: they take none, the program binds its own buffers")
      ->check(CLI::IsMember({"arena", "bound"}))
      ->capture_default_str();
  app.add_option("--outputs", arguments.outputs, "The same for outputs")
      ->check(CLI::IsMember({"arena", "bound"}))
      ->capture_default_str();
}

Result<codegen::CompileOptions> resolve(const CompileArguments& arguments) {
  codegen::CompileOptions options;
  if (arguments.precision == "f16") options.precision = ir::Precision::f16;
  if (arguments.precision == "bf16") options.precision = ir::Precision::bf16;
  options.optimize_size = arguments.optimize == "size";
  options.jobs = arguments.jobs > 0 ? arguments.jobs
                                    : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (!arguments.no_cache) {
    options.cache = arguments.cache_directory.empty() ? default_cache()
                                                      : std::filesystem::path(arguments.cache_directory);
  }
  if (arguments.rows == "never") options.rows = codegen::RowsMode::never;
  if (arguments.rows == "always") options.rows = codegen::RowsMode::always;
  for (const auto& [text, name, bytes] :
       {std::tuple(&arguments.max_ram, "--max-ram", &options.max_ram),
        std::tuple(&arguments.max_flash, "--max-flash", &options.max_flash)}) {
    if (text->empty()) continue;
    const auto parsed = parse_bytes(*text, name);
    if (!parsed) return parsed.error();
    *bytes = *parsed;
  }
  for (const std::string& text : arguments.memories) {
    auto memory = parse_memory(text);
    if (!memory) return memory.error();
    options.memories.push_back(*std::move(memory));
  }
  for (const std::string& file : arguments.tunings)
    if (auto added = add_tuning(file, options); !added) return added.error();
  options.strategy = arguments.strategy;
  if (arguments.inputs == "bound") options.inputs = codegen::Home::bound;
  if (arguments.outputs == "bound") options.outputs = codegen::Home::bound;
  return options;
}

ir::Graph in_precision(const ir::Graph& graph, const codegen::CompileOptions& options) {
  ir::Graph lowered = graph;
  if (options.precision == ir::Precision::f32) return lowered;
  ir::optimize(lowered);
  ir::lower_precision(lowered, options.precision);
  return lowered;
}

namespace {

void collect_strategies(const std::vector<codegen::StepReport>& steps, std::set<std::string>& names) {
  for (const auto& step : steps) {
    for (const auto& strategy : step.considered) names.insert(strategy.name);
    collect_strategies(step.parts, names);
  }
}

/// Files of other targets, lines that are stale and strategies that do not occur are of no use, but no harm.
void warn_of_choices(const codegen::Report& report, const codegen::CompileOptions& options) {
  const auto warn = [](const std::string& text) { fmt::print(stderr, "halite: warning: {}\n", text); };
  for (const std::string& line : report.unmet_choices) warn("tuning: " + line);
  if (!options.choices.empty() && !options.choices.contains(options.target.name))
    warn("tuning: no file is for " + options.target.name);
  std::set<std::string> offered;
  collect_strategies(report.steps, offered);
  for (const auto& variant : report.variants) collect_strategies(variant.steps, offered);
  if (options.strategy.empty() || offered.contains(options.strategy)) return;
  std::string names;
  for (const auto& name : offered) names += (names.empty() ? "" : ", ") + name;
  warn("--strategy: nothing offers " + options.strategy + "; there are " + names);
}

}  // namespace

std::string identifier_of(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80) c = '_';
  }
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front()))) name.insert(0, "m");
  return name;
}

Result<codegen::Artifact> compile_with_progress(const Model& model, codegen::CompileOptions options) {
  Progress progress("Compiling " + options.name + " for " + options.target.name);
  progress.update(0, 0);
  options.progress = [&](int done, int total) { progress.update(done, total); };
  options.extents_vary = model.extents_vary;
  auto artifact = codegen::compile(model.variants, options);
  if (artifact) warn_of_choices(artifact->report, options);
  return artifact;
}

}  // namespace halite::tools
