// See bench_instructions.h.
#include "tools/bench_instructions.h"

#include <fmt/format.h>

#include <filesystem>

#include "tools/arguments.h"
#include "tools/instruction_counter.h"
#include "tools/progress.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

struct Counts {
  codegen::Report report;
  int64_t instructions = 0;
  std::vector<int64_t> steps;  ///< empty unless asked for
};

Result<Counts> counts_of(const InstructionBench& bench, const targets::Target& target,
                         const codegen::Artifact& artifact) {
  Counts counts{artifact.report, 0, {}};
  counts.report.steps = chosen_report(artifact, bench.graphs).steps;
  counts.report.macs = chosen_report(artifact, bench.graphs).macs;
  Progress progress("Counting on " + target.name);
  InstructionCounter counter(artifact, bench.graphs, target, bench.inputs, bench.plugin);
  auto once = counter.inference();
  if (!once) return once.error();
  counts.instructions = *once;
  const size_t steps = bench.per_step ? counts.report.steps.size() : 0;
  for (uint32_t i = 0; i < steps; ++i) {
    progress.update(i, static_cast<int64_t>(steps));
    auto step = counter.step(i);
    if (!step) return step.error();
    counts.steps.push_back(*step);
  }
  return counts;
}

Result<Counts> count(const InstructionBench& bench, const targets::Target& target) {
  codegen::CompileOptions options = bench.options;
  options.target = target;
  auto artifact = compile_with_progress(bench.graphs, options);
  if (!artifact) return artifact.error();
  return counts_of(bench, target, *artifact);
}

double per_mac(int64_t instructions, int64_t macs) {
  return macs ? static_cast<double>(instructions) / static_cast<double>(macs) : 0;
}

std::string per_mac_text(int64_t instructions, int64_t macs) {
  return macs ? fmt::format("{:.3f}", per_mac(instructions, macs)) : "-";
}

Json to_json(const Counts& c, const std::string& model) {
  const codegen::Report& r = c.report;
  Json json = {{"model", model},
               {"target", r.target},
               {"instructions", c.instructions},
               {"macs", r.macs},
               {"instructions_per_mac", per_mac(c.instructions, r.macs)},
               {"code_bytes", r.code_bytes},
               {"weights_bytes", r.weights_bytes},
               {"arena_bytes", r.arena_bytes},
               {"stack_bytes", r.stack_bytes == codegen::kUnknownStack ? Json() : Json(r.stack_bytes)}};
  for (size_t i = 0; i < c.steps.size(); ++i) {
    const auto& step = r.steps[i];
    json["steps"].push_back({{"name", step.name},
                             {"operator", step.op},
                             {"strategy", step.strategy},
                             {"instructions", c.steps[i]},
                             {"macs", step.macs},
                             {"instructions_per_mac", per_mac(c.steps[i], step.macs)}});
  }
  return json;
}

std::string steps_text(const Counts& c) {
  Table table({">step", "name", "operator", "strategy", ">instructions", ">%", ">MACs", ">per MAC"});
  for (size_t i = 0; i < c.steps.size(); ++i) {
    const auto& step = c.report.steps[i];
    const double share = 100.0 * static_cast<double>(c.steps[i]) / static_cast<double>(c.instructions);
    table.add({std::to_string(i), step.name, step.op, step.strategy, std::to_string(c.steps[i]),
               fmt::format("{:.1f}", share), std::to_string(step.macs), per_mac_text(c.steps[i], step.macs)});
  }
  return fmt::format("\n{}:\n{}", c.report.target, table.text());
}

std::string to_text(const std::vector<Counts>& all) {
  Table table({"target", ">instructions", ">MACs", ">per MAC", ">code", ">weights", ">arena", ">stack"});
  std::string steps;
  for (const Counts& c : all) {
    const codegen::Report& r = c.report;
    table.add({r.target, std::to_string(c.instructions), std::to_string(r.macs),
               per_mac_text(c.instructions, r.macs), std::to_string(r.code_bytes),
               std::to_string(r.weights_bytes), std::to_string(r.arena_bytes),
               r.stack_bytes == codegen::kUnknownStack ? "unknown" : std::to_string(r.stack_bytes)});
    if (!c.steps.empty()) steps += steps_text(c);
  }
  return table.text() + steps;
}

}  // namespace

int bench_instructions(InstructionBench bench, Format format) {
  if (!std::filesystem::exists(bench.plugin))
    return fail(io_error("is missing; expected a plugin of QEMU (a shared object)", bench.plugin), format);
  std::vector<Counts> all;
  for (const targets::Target& target : bench.targets) {
    auto counts = count(bench, target);
    if (!counts) return fail(counts.error(), format);
    all.push_back(*std::move(counts));
  }
  if (format == Format::text) return answer(to_text(all));
  Json list = Json::array();
  for (const Counts& c : all) list.push_back(to_json(c, bench.model));
  return answer(Json{{"results", list}});
}

}  // namespace halite::tools
