// Options that several subcommands share: which model, for which target, compiled how.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codegen/compile.h"
#include "frontend/import.h"
#include "ir/graph.h"
#include "targets/target.h"
#include "tools/data.h"
#include "tools/report.h"

namespace CLI {
class App;
}

namespace halite::tools {

void add_json(CLI::App&, Format&);

/// A model file and how to read it.
struct ModelArguments {
  std::string path;
  std::vector<std::string> shapes;      ///< "name=1x3x224x224", "name=Nx3x224x224"
  std::vector<std::string> ranges;      ///< "N=1..8"
  std::string rounding = "production";  ///< of quantized TFLite operators, or "reference"
};
/// --shape, --range and --rounding: all but the path.
void add_import_options(CLI::App&, ModelArguments&);
void add_model(CLI::App&, ModelArguments&);

/// A model as imported, and what the front end has to say about it.
struct Model {
  std::vector<ir::Graph> variants;  ///< one for each assignment of shapes; at least one
  bool extents_vary = false;        ///< they come of --range
  size_t chosen = 0;                ///< which of them is run, interpreted or described
  const ir::Graph& graph() const { return variants[chosen]; }
  std::vector<std::string> notes;  ///< decisions taken for the user
};

/// Imports a model. Where that fails, `status` is the exit status after the error has been printed, with the
/// table of all operators that are not supported.
struct Imported {
  Model model;
  int status = kExitOk;
};
Imported import_or_report(const ModelArguments&, Format);

/// Reads data for the first variant that they fit, which becomes the chosen one.
Result<Sequence> choose_by_data(Model&, const std::function<Result<Sequence>(const ir::Graph&)>& read);
/// What a model is measured with: the first inference of a directory of input_N.{npy,pb}, of the shapes that
/// it has; seeded random numbers if `directory` is empty.
Result<std::vector<ir::Tensor>> measured_inputs(Model&, const std::string& directory);
/// What an artifact of the model says of the chosen variant.
const codegen::Report& chosen_report(const codegen::Artifact&, const Model&);

struct TargetArguments {
  std::vector<std::string> names;
  std::string cpu, features;
};
void add_targets_option(CLI::App&, TargetArguments&, const std::string& help);
/// The targets in the order given, without repeats, refined by --cpu and --features; `fallback` where none is
/// named.
Result<std::vector<targets::Target>> resolve(const TargetArguments&, const std::string& fallback);

struct CompileArguments {
  std::string optimize = "speed", precision = "f32";
  int jobs = 0;  ///< 0: one a processor
  std::string cache_directory;
  bool no_cache = false;
  std::string inputs = "arena", outputs = "arena", rows = "auto", max_ram, max_flash;
  std::vector<std::string> memories;  ///< "dtcm:32K@fast"
  std::string strategy;
  std::vector<std::string> tunings;  ///< files (tuning_file.h)
};
void add_compile_options(CLI::App&, CompileArguments&);
/// Everything but name, target and emit_*.
Result<codegen::CompileOptions> resolve(const CompileArguments&);

/// The graph as --precision computes it; what it is where that is f32.
ir::Graph in_precision(const ir::Graph&, const codegen::CompileOptions&);

/// A C identifier made from a model's file name.
std::string identifier_of(const std::string& path);

/// codegen::compile of all variants with a progress line. What of a tuning file was of no use is said on
/// standard error.
Result<codegen::Artifact> compile_with_progress(const Model&, codegen::CompileOptions);

}  // namespace halite::tools
