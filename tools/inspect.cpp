// halite inspect: what is in a model, and what the compiler makes of it: operators, parameters, MACs, steps,
// memory.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "ir/text.h"
#include "tools/arguments.h"
#include "tools/command.h"
#include "tools/files.h"
#include "tools/plan_svg.h"
#include "tools/report.h"
#include "tools/report_json.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

struct Arguments {
  ModelArguments model;
  TargetArguments target;
  CompileArguments compile;
  std::string svg, ir;
  Format format = Format::text;
};

/// What can be said of a model without compiling it.
struct Facts {
  std::map<std::string, int> operators;
  int64_t parameters = 0, parameter_bytes = 0;
};

Facts facts_of(const ir::Graph& graph) {
  Facts facts;
  for (const ir::Node& node : graph.nodes) ++facts.operators[std::string(ir::name_of(node.op))];
  for (const ir::Value& value : graph.values) {
    if (!value.constant) continue;
    facts.parameters += value.type.elements();
    facts.parameter_bytes += value.type.bytes();
  }
  return facts;
}

std::string tensors_text(const ir::Graph& graph, const std::vector<ir::ValueId>& ids, const char* what) {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    const ir::Value& v = graph.value(ids[i]);
    text += fmt::format("  {} {}: {} {}\n", what, i, v.name, ir::to_string(v.type));
  }
  return text;
}

Json tensors_json(const ir::Graph& graph, const std::vector<ir::ValueId>& ids) {
  Json list = Json::array();
  for (const ir::ValueId id : ids) {
    Json one = {{"name", graph.value(id).name}};
    one.update(to_json(graph.type(id)));
    list.push_back(one);
  }
  return list;
}

Json extents_json(const ir::Graph& graph) {
  Json list = Json::array();
  for (const ir::Extent& e : graph.extents)
    list.push_back({{"output", graph.value(graph.outputs[e.output]).name},
                    {"axis", e.axis},
                    {"bound", graph.type(graph.outputs[e.output]).shape[e.axis]}});
  return list;
}

std::vector<ir::ValueId> states_of(const ir::Graph& graph) {
  std::vector<ir::ValueId> ids;
  for (const ir::State& state : graph.states) ids.push_back(state.input);
  return ids;
}

std::string graph_text(const ir::Graph& graph, const Facts& facts, const std::string& path) {
  std::string text = fmt::format("{}: {} nodes, {} parameters ({})\n", path, graph.nodes.size(),
                                 human_count(static_cast<double>(facts.parameters)),
                                 human_bytes(static_cast<double>(facts.parameter_bytes)));
  text += tensors_text(graph, graph.inputs, "input") + tensors_text(graph, graph.outputs, "output");
  for (const ir::Extent& e : graph.extents)
    text += fmt::format("  data decide how long '{}' is along axis {}\n",
                        graph.value(graph.outputs[e.output]).name, e.axis);
  text += tensors_text(graph, states_of(graph), "state");
  Table table({"operator", ">count"});
  for (const auto& [name, count] : facts.operators) table.add({name, std::to_string(count)});
  return text + "\n" + table.text();
}

// Code that several steps share is stated at the first of them.
void add_step(Table& table, const codegen::StepReport& step, const std::string& number,
              std::map<std::string, std::string>& seen) {
  const auto [first, is_new] = seen.emplace(step.kernel, number);
  const std::string code = !step.parts.empty() ? "-"
                           : is_new            ? std::to_string(step.code_bytes)
                                               : "as " + first->second;
  table.add({number, step.name, step.op, step.strategy,
             step.macs ? human_count(static_cast<double>(step.macs)) : "-", code,
             step.weights_bytes ? std::to_string(step.weights_bytes) : "-", step.kernel});
}

std::string memory_of(const codegen::Report& r, const codegen::Placement& p) {
  const std::string& name = r.memories[size_t(p.memory)].name;
  return name.empty() ? "" : " in " + name;
}

std::string peak_text(const codegen::Report& r) {
  if (r.steps.empty()) return "";
  std::string text = fmt::format(
      "exactly: arena {} bytes, stack {}, code {} ({} of it runtime and tables), "
      "weights {}\npeak: {} bytes in use at step {} ({}):",
      r.arena_bytes, r.stack_bytes == codegen::kUnknownStack ? "unknown" : std::to_string(r.stack_bytes),
      r.code_bytes, r.rest_bytes, r.weights_bytes, r.peak_bytes, r.peak_step,
      r.steps[size_t(r.peak_step)].name);
  for (const codegen::Placement& p : r.arena) {
    if (p.first <= r.peak_step && r.peak_step <= p.last)
      text += fmt::format(" {} ({} {}{})", p.tensor, p.space, p.bytes, memory_of(r, p));
  }
  return text + "\n\n";
}

/// Which tensor is where; which memory that is, is told where memories were named.
Table plan_table(const codegen::Report& r) {
  const bool named = !r.memories[0].name.empty();
  std::vector<std::string> head{"tensor", "space", ">offset", ">bytes", ">first", ">last"};
  if (named) head.insert(head.begin() + 1, "memory");
  Table table(head);
  for (const codegen::Placement& p : r.arena) {
    std::vector<std::string> row{p.tensor,
                                 p.space,
                                 std::to_string(p.offset),
                                 std::to_string(p.bytes),
                                 std::to_string(p.first),
                                 std::to_string(p.last)};
    if (named) row.insert(row.begin() + 1, r.memories[size_t(p.memory)].name);
    table.add(row);
  }
  return table;
}

std::string memories_text(const codegen::Report& r) {
  if (r.memories[0].name.empty()) return "";
  Table table({"memory", ">bytes", ">allowed", ">lower bound", "kind"});
  for (const codegen::MemoryReport& m : r.memories) {
    table.add({m.name, std::to_string(m.bytes), std::to_string(m.capacity), std::to_string(m.lower_bound),
               m.fast ? "fast" : "-"});
  }
  return "\n" + table.text();
}

/// Of a model with several shapes; the first is what all the rest tells of.
std::string variants_text(const codegen::Report& r) {
  if (r.variants.empty()) return "";
  Table table({"shapes", ">steps", ">MACs", ">arena"});
  for (const codegen::Report& v : r.variants)
    table.add({v.shapes, std::to_string(v.steps.size()), human_count(static_cast<double>(v.macs)),
               std::to_string(v.arena_bytes)});
  return "\n" + table.text();
}

std::string plan_text(const codegen::Report& r) {
  std::string text = fmt::format(
      "\nCompiled for {}: {}MAC, code {}, weights {}, stack {}\n"
      "arena {}: lower bound {}, all tensors side by side {}\n\n",
      r.target, human_count(static_cast<double>(r.macs)), human_bytes(static_cast<double>(r.code_bytes)),
      human_bytes(static_cast<double>(r.weights_bytes)), stack_text(r),
      human_bytes(static_cast<double>(r.arena_bytes)), human_bytes(static_cast<double>(r.arena_lower_bound)),
      human_bytes(static_cast<double>(r.tensor_bytes)));
  text += peak_text(r);
  Table steps({">step", "name", "operator", "strategy", ">MACs", ">code", ">weights", "kernel"});
  std::map<std::string, std::string> seen;
  for (size_t s = 0; s < r.steps.size(); ++s) {
    add_step(steps, r.steps[s], std::to_string(s), seen);
    for (const auto& layer : r.steps[s].parts) add_step(steps, layer, std::to_string(s) + "'", seen);
  }
  const Table plan = plan_table(r);
  return text + steps.text() + (plan.empty() ? "" : "\n" + plan.text()) + memories_text(r) + variants_text(r);
}

// The graph as imported and after each pass that changed it: DIR/NN_pass.ir.
class IrDump {
 public:
  explicit IrDump(std::string directory) : directory_(std::move(directory)) {}
  void write(std::string_view pass, const ir::Graph& graph) {
    std::string text = ir::print(graph);
    if (text == last_) return;
    last_ = text;
    const auto file = std::filesystem::path(directory_) / fmt::format("{:02}_{}.ir", count_++, pass);
    if (auto written = write_file(file, text); !written && status_) status_ = written.error();
  }
  const Result<void>& status() const { return status_; }

 private:
  std::string directory_, last_;
  int count_ = 0;
  Result<void> status_;
};

Json json_of(const Arguments& a, const ir::Graph& graph, const Facts& facts, const codegen::Report& r) {
  Json operators = Json::object();
  for (const auto& [name, count] : facts.operators) operators[name] = count;
  return {{"model", a.model.path},
          {"nodes", graph.nodes.size()},
          {"parameters", facts.parameters},
          {"parameter_bytes", facts.parameter_bytes},
          {"inputs", tensors_json(graph, graph.inputs)},
          {"outputs", tensors_json(graph, graph.outputs)},
          {"extents", extents_json(graph)},
          {"states", tensors_json(graph, states_of(graph))},
          {"operators", operators},
          {"compiled", to_json(r)}};
}

int run(const Arguments& a) {
  auto options = resolve(a.compile);
  if (!options) return fail(options.error(), a.format);
  auto target = resolve(a.target, "host");
  if (!target) return fail(target.error(), a.format);
  auto imported = import_or_report(a.model, a.format);
  if (imported.status != kExitOk) return imported.status;
  const ir::Graph& graph = imported.model.graph();
  options->name = identifier_of(a.model.path);
  options->target = target->front();
  IrDump dump(a.ir);
  if (!a.ir.empty()) {
    if (auto made = make_directory(a.ir); !made) return fail(made.error(), a.format);
    dump.write("imported", graph);
    options->dump = [&](std::string_view pass, const ir::Graph& g) { dump.write(pass, g); };
  }
  auto artifact = compile_with_progress(imported.model, *options);
  if (!artifact) return fail(artifact.error(), a.format);
  if (!dump.status()) return fail(dump.status().error(), a.format);
  if (!a.svg.empty()) {
    if (auto written = write_file(a.svg, plan_svg(artifact->report)); !written)
      return fail(written.error(), a.format);
  }
  const Facts facts = facts_of(graph);
  if (a.format == Format::json) return answer(json_of(a, graph, facts, artifact->report));
  return answer(graph_text(graph, facts, a.model.path) + plan_text(artifact->report));
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = app.add_subcommand("inspect", "Show a model's operators, steps and memory plan");
  add_model(*sub, a->model);
  sub->add_option("--svg", a->svg, "File for a picture of the memory plan");
  sub->add_option("--ir", a->ir, "Directory for the graph before and after each pass, as text");
  add_targets_option(*sub, a->target, "Machine to compile for (default: host)");
  add_compile_options(*sub, a->compile);
  add_json(*sub, a->format);
  sub->callback([a, &action] { action = [a] { return run(*a); }; });
}

}  // namespace halite::tools
