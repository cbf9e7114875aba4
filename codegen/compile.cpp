// The way of a model through the compiler, one call a line.
#include "codegen/compile.h"

#include <chrono>
#include <set>

#include "codegen/budget.h"
#include "codegen/choices.h"
#include "codegen/fuse_rows.h"
#include "codegen/header.h"
#include "codegen/order.h"
#include "codegen/partition.h"
#include "codegen/program.h"
#include "codegen/states.h"
#include "codegen/temp_dir.h"
#include "codegen/variants.h"
#include "ir/passes/pipeline.h"
#include "ir/verify.h"
#include "rt/bitcode.h"

namespace halite::codegen {
namespace {

/// What stays visible of an object: the model, and the runtime's API (rt/halite.h). Who always has one shape
/// carries no code for others.
std::vector<std::string> public_symbols(const std::string& name, const Report& report) {
  std::vector<std::string> symbols{name + "_model"};
  for (const char* function :
       {"open",         "open_memories", "memory_count", "memory_bytes", "set_weights", "input_count",
        "output_count", "step_count",    "arena_bytes",  "input_info",   "output_info", "find_input",
        "find_output",  "input",         "output",       "bind_input",   "bind_output", "run",
        "run_steps",    "observe",       "set_parallel", "status_text",  "reset",       "state_bytes",
        "save_state",   "restore_state"}) {
    symbols.push_back(std::string("halite_") + function);
  }
  if (!report.variants.empty() || !report.extents.empty())
    for (const char* function : {"set_input_shape", "input_shape", "output_shape"})
      symbols.push_back(std::string("halite_") + function);
  return symbols;
}

Result<void> check_name(const std::string& name) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; };
  bool good = !name.empty() && letter(name[0]);
  for (char c : name) good = good && (letter(c) || std::isdigit(static_cast<unsigned char>(c)));
  if (good) return {};
  return Error{ErrorCode::kInvalidInput, "\"" + name + "\" cannot name a model: expected a C identifier",
               "--name"};
}

/// What the linker would not load, or takes for something else, is no place for weights or code.
Result<void> check_section(const std::string& name, const char* option) {
  if (name.empty()) return {};
  bool good = true;
  for (const unsigned char c : name) good = good && (std::isalnum(c) || c == '_' || c == '.');
  for (const char* taken :
       {".bss", ".sbss", ".tbss", ".tdata", ".debug", ".note", ".comment", ".rel", ".symtab", ".strtab",
        ".shstrtab", ".stack_sizes", ".group", ".init_array", ".fini_array"})
    good = good && !name.starts_with(taken);
  if (good) return {};
  return Error{ErrorCode::kInvalidInput,
               "\"" + name +
                   "\" cannot name a section: expected letters, digits, _ and ., and no name that "
                   "linkers give a meaning to, as in .extflash",
               option};
}

/// Memory names become macros, and each is told from the others.
Result<void> check_memories(const CompileOptions& options) {
  std::set<std::string> names;
  for (const auto& memory : options.memories) {
    if (auto good = check_name(memory.name); !good)
      return Error{ErrorCode::kInvalidInput,
                   "\"" + memory.name + "\" cannot name a memory: expected a C identifier", "--memory"};
    std::string macro = memory.name;
    for (char& c : macro) c = char(std::toupper(static_cast<unsigned char>(c)));
    if (!names.insert(macro).second)
      return Error{ErrorCode::kInvalidInput, "there are two memories named " + memory.name, "--memory"};
  }
  return {};
}

/// Where f16 is neither computed with nor converted by an instruction, or bf16 not multiplied, it would cost
/// time and save little.
Result<void> check_precision(const CompileOptions& options) {
  if (options.precision == ir::Precision::bf16 && !options.target.facts.bf16_dot)
    return unsupported(options.target.name +
                           " has no dot products of bf16; x86-64-v4 has them with --cpu cooperlake, "
                           "sapphirerapids, znver4 or later: compile for that, or leave --precision at f32",
                       "--precision");
  if (options.precision != ir::Precision::f16 || options.target.facts.native_f16 ||
      options.target.facts.converts_f16)
    return {};
  std::string computing, storing;
  for (const auto& target : targets::all()) {
    std::string* list = target.facts.native_f16 ? &computing : target.facts.converts_f16 ? &storing : nullptr;
    if (list && target.name != "host") *list += (list->empty() ? "" : ", ") + target.name;
  }
  return unsupported(options.target.name + " has no instructions for f16; " + computing +
                         " computes with it, and " + storing +
                         " store it: compile for one of these, or leave --precision at f32",
                     "--precision");
}

/// The most that tensors may take: what the memories hold, what --max-ram allows; 0: as much as they need.
int64_t most_arena(const CompileOptions& options) {
  int64_t memories = 0;
  for (const auto& memory : options.memories) memories += memory.bytes;
  if (!memories || !options.max_ram) return std::max(memories, options.max_ram);
  return std::min(memories, options.max_ram);
}

/// Kernels, tables and runtime as one relocatable object; measures it before names are dropped.
Result<std::vector<uint8_t>> link_model(const Kernels& kernels, const Program& program,
                                        const CompileOptions& options, Report& report) {
  std::vector<NamedObject> objects;
  objects.push_back({"model", compile_model_tables(program.tables, Machine(options.target))});
  objects.insert(objects.end(), kernels.objects.begin(), kernels.objects.end());
  for (auto& object : compile_runtime(options)) objects.push_back(std::move(object));
  const auto symbols = public_symbols(options.name, program.report);
  auto linked = link_relocatable(objects, symbols);
  if (!linked) return linked;
  const auto facts = measure_object(*linked, symbols.front(), weights_section(options.name));
  report.code_bytes = facts.code_bytes;
  report.stack_bytes = facts.stack_bytes;
  attribute(report, facts);
  return strip_object(*linked, symbols,
                      {weights_section(options.name), options.weights_section, options.code_section});
}

/// All that is decided of a graph before its kernels are made.
Result<Variant> settle(ir::Graph graph, const CompileOptions& options) {
  // The front end has checked the model; from here on shapes are static and every node is one of ir/op.h.
  if (auto good = ir::verify(graph); !good) return good.error();
  // Rewrites that no target minds: folding, cleaning, channel-first to channel-last.
  ir::optimize(graph, options.dump);
  // In a narrower type what may be: weights are converted, casts stand where types meet.
  auto kept_wide = ir::lower_precision(graph, options.precision);
  if (options.dump && options.precision != ir::Precision::f32) options.dump("precision", graph);
  // Which tensors are mere windows of others. One kernel a group, one step a group.
  Views views = assign_views(graph);
  auto groups = partition(graph, views, options);
  // A new state must not overwrite an old one that is still needed. From here on the graph does not change.
  while (copy_endangered_states(graph, views, groups)) {
    views = assign_views(graph);
    groups = partition(graph, views, options);
  }
  // Of all valid orders one that needs little memory.
  groups = order_steps(graph, views, std::move(groups));
  // Where the peak is, several of them one row at a time; only nodes for rows are added to the graph.
  const size_t whole_nodes = graph.nodes.size();
  auto [steps, cascades] = fuse_rows(graph, views, groups, options);
  // Steps of branches and loops, in front of the step that runs them.
  Flat flat = flatten(graph, views, steps, cascades, options);
  // Which buffers exist, and when.
  Storage storage = assign_storage(graph, views, flat, options);
  return Variant{std::move(graph),         whole_nodes,           std::move(views),
                 std::move(steps),         std::move(flat.steps), std::move(flat.cascades),
                 std::move(flat.controls), std::move(storage),    std::move(kept_wide)};
}

Result<Artifact> compile_once(const std::vector<ir::Graph>& graphs, CompileOptions options) {
  const auto start = std::chrono::steady_clock::now();
  // A parallel loop is a function of its own with a closure; who optimises for size gets plain loops.
  if (options.optimize_size) options.target.facts.cores = 1;

  // Each assignment of shapes has steps and a plan of its own.
  std::vector<Variant> variants;
  for (const auto& graph : graphs) {
    auto variant = settle(graph, options);
    if (!variant) return variant.error();
    variants.push_back(*std::move(variant));
    options.dump = nullptr;  // the first stands for all
  }
  // Halide lowers and schedules, LLVM compiles; from here on only bytes and tables are left.
  const Kernels kernels = compile_kernels(variants, options);
  std::vector<Settled> settled;
  for (size_t v = 0; v < variants.size(); v++) {
    const Variant& of = variants[v];
    settled.push_back({of.graph, of.views, of.steps, of.storage, of.cascades, of.controls, kernels,
                       kernels.of_group[v], options});
  }
  // Offsets, packed weights, argument tables.
  auto program = build_program(settled);
  if (!program) return program.error();
  program->tables.weights = &program->weights;

  Artifact artifact{options.name};
  artifact.report = program->report;
  artifact.report.unmet_choices = unmet_choices(kernels, options);
  artifact.report.precision = options.precision;
  artifact.report.kept_wide = variants[0].kept_wide;
  auto object = link_model(kernels, *program, options, artifact.report);
  if (!object) return object.error();
  artifact.object = *std::move(object);
  if (options.separate_weights) artifact.weights = weights_file(program->weights);
  artifact.header = make_header(artifact.report, program->tables.inputs, program->tables.outputs);
  artifact.assembly = kernels.assembly;
  artifact.llvm = kernels.llvm;
  artifact.stmt = kernels.stmt;
  if (!options.self_test.empty()) {
    Variant& first = variants[0];
    // What rows and bodies compute is computed by whole nodes already.
    first.graph.nodes.resize(first.whole_nodes);
    auto self_test = make_self_test(first.graph, first.views, first.whole_steps, options.self_test);
    if (!self_test) return self_test.error();
    artifact.self_test = *std::move(self_test);
  }
  artifact.report.compile_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return artifact;
}

struct Misfit {
  Error error;
  int64_t ram_excess = 0;
};

/// What stack and code come to is known at the end only: asks for less where it is too much.
Result<Artifact> fit(const std::vector<ir::Graph>& graphs, CompileOptions options, Misfit& misfit) {
  if (!options.arena_target) options.arena_target = most_arena(options);
  constexpr int kAttempts = 4;
  for (int attempt = 1;; attempt++) {
    auto artifact = compile_once(graphs, options);
    if (!artifact) return artifact;
    const Report& report = artifact->report;
    const auto fits = check_budget(report, options);
    if (fits) return artifact;
    const int64_t excess = std::max(ram_excess(report, options), memory_excess(report));
    const int64_t target = std::min(options.arena_target, report.arena_bytes) - excess;
    const bool less_ram = excess > 0 && target > 0;
    const bool less_code = flash_excess(report, options) > 0 && !options.optimize_size;
    if (attempt == 1 || ram_excess(report, options) < misfit.ram_excess)
      misfit = {fits.error(), ram_excess(report, options)};
    if (attempt == kAttempts || (!less_ram && !less_code)) return misfit.error;
    if (less_ram) options.arena_target = target;
    if (less_code) options.optimize_size = true;
  }
}

/// Frames that kernels may take, one after the other until the model fits: strips of padded rows on the stack
/// are fast, but --max-ram counts them.
std::vector<int64_t> stack_limits(const CompileOptions& options) {
  const int64_t most = options.target.facts.max_stack_bytes;
  if (!options.max_ram || most == 0) return {most};
  return {most, std::min<int64_t>(most, 1024), std::min<int64_t>(most, 256)};
}

}  // namespace

Result<Artifact> compile(ir::Graph graph, const CompileOptions& given) {
  std::vector<ir::Graph> one;
  one.push_back(std::move(graph));
  return compile(std::move(one), given);
}

Result<Artifact> compile(std::vector<ir::Graph> variants, const CompileOptions& given) {
  if (auto good = check_name(given.name); !good) return good.error();
  if (auto good = check_memories(given); !good) return good.error();
  if (auto good = check_precision(given); !good) return good.error();
  if (auto good = check_section(given.weights_section, "--weights-section"); !good) return good.error();
  if (auto good = check_section(given.code_section, "--code-section"); !good) return good.error();
  if (auto good = check_variants(variants); !good) return good.error();
  std::optional<Misfit> nearest;
  for (const int64_t stack : stack_limits(given)) {
    CompileOptions options = given;
    options.target.facts.max_stack_bytes = stack;
    Misfit misfit;
    auto artifact = fit(variants, std::move(options), misfit);
    // Less stack is of no help against too much code, or what the memories do not hold.
    if (artifact || misfit.ram_excess == 0) return artifact;
    if (!nearest || misfit.ram_excess < nearest->ram_excess) nearest = std::move(misfit);
  }
  return nearest->error;
}

Result<void> write_artifact(const Artifact& artifact, const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    return Error{ErrorCode::kIo, "cannot create the directory: " + error.message(), directory.string()};

  const auto bytes = [](std::string_view text) {
    return std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  };
  const std::string json = make_json(artifact.report);
  const auto archive = make_archive(artifact.object, artifact.name + ".o");
  const std::pair<std::string, std::span<const uint8_t>> files[] = {
      {artifact.name + ".o", artifact.object},          {"lib" + artifact.name + ".a", archive},
      {artifact.name + ".h", bytes(artifact.header)},   {"halite.h", bytes(rt::halite_header())},
      {artifact.name + ".json", bytes(json)},           {artifact.name + ".weights", artifact.weights},
      {artifact.name + ".s", bytes(artifact.assembly)}, {artifact.name + ".ll", bytes(artifact.llvm)},
      {artifact.name + ".stmt", bytes(artifact.stmt)},
  };
  for (const auto& [name, content] : files) {
    if (content.empty()) continue;
    if (auto written = write_file(directory / name, content); !written) return written.error();
  }
  return {};
}

}  // namespace halite::codegen
