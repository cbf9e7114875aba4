// halite verify: does the compiled model give the expected outputs? By JIT, by the reference semantics, or
// ahead of time on targets, each compared with the files of a data folder.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "tools/arguments.h"
#include "tools/candidates.h"
#include "tools/command.h"
#include "tools/compare.h"
#include "tools/execute.h"
#include "tools/firmware.h"
#include "tools/report.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

struct Arguments {
  ModelArguments model;
  TargetArguments target;
  CompileArguments compile;
  ToleranceArguments tolerance;
  std::string data;
  bool interpret = false;
  int threads = 1;
  Format format = Format::text;
};

struct Way {
  std::string name;  ///< "interpret", "jit" or a target's
  std::optional<targets::Target> target;
  std::string forced = {};    ///< of --strategy each: "winograd4", "choice 2"
  std::string strategy = {};  ///< forced wherever it is offered
  Choices choices = {};       ///< forced in groups
};

/// One output of one way, compared.
struct Row {
  std::string way, output;
  size_t step = 0;
  ir::Type type, found;  ///< of another shape: not compared, all elements differ
  Difference difference;
  bool same_shape() const { return found.shape == type.shape; }
};

struct Outcome {
  std::string way;
  std::optional<Error> error;  ///< it did not run
  std::vector<Row> rows;
  std::string first_step;  ///< on a target: where it first differs from the interpreter, in words
  double seconds = 0;
  bool agrees() const {
    if (error) return false;
    for (const Row& r : rows) {
      if (r.difference.count > 0) return false;
    }
    return true;
  }
};

Result<std::vector<Way>> ways_of(const Arguments& a) {
  std::vector<Way> ways;
  if (a.interpret) ways.push_back({"interpret", {}});
  if (!a.target.names.empty()) {
    auto targets = resolve(a.target, "host");
    if (!targets) return targets.error();
    for (auto& target : *targets) ways.push_back({target.name, target});
  }
  if (ways.empty()) ways.push_back({"jit", {}});
  return ways;
}

constexpr const char* kEach = "each";  ///< of --strategy
constexpr int kVerifiedTiles = 1;      ///< of each strategy, besides the best

/// Options by which a way compiles.
codegen::CompileOptions options_of(const Way& way, const targets::Target& target,
                                   codegen::CompileOptions options) {
  options.target = target;
  if (!way.strategy.empty()) options.strategy = way.strategy;
  if (!way.choices.empty()) options.choices[target.name] = way.choices;
  return options;
}

/// The JIT's machine is the host, refined as the command line says.
Result<targets::Target> machine_of(const Way& way, const Arguments& a) {
  if (way.target) return *way.target;
  auto host = resolve(TargetArguments{{"host"}, a.target.cpu, a.target.features}, "host");
  if (!host) return host.error();
  return host->front();
}

/// --strategy each: a way as it is, with each strategy that has rivals forced, then with other tiles.
Result<std::vector<Way>> with_each_strategy(const Way& way, const Arguments& a, const Model& model,
                                            codegen::CompileOptions options) {
  if (way.name == "interpret") return std::vector<Way>{way};
  const auto machine = machine_of(way, a);
  if (!machine) return machine.error();
  options.tile_alternatives = kVerifiedTiles;
  const auto artifact = compile_with_progress(model, options_of(way, *machine, options));
  if (!artifact) return artifact.error();
  std::vector<Way> ways{way};
  const auto add = [&](const std::string& forced, std::string strategy, Choices choices) {
    ways.push_back({way.name, way.target, forced, std::move(strategy), std::move(choices)});
  };
  for (const std::string& strategy : rival_strategies(artifact->report)) add(strategy, strategy, {});
  const auto candidates = candidates_of(artifact->report);
  for (size_t i = 0; !round_of(candidates, i).empty(); ++i)
    add("choice " + std::to_string(i + 1), "", round_of(candidates, i));
  return ways;
}

Result<Sequence> execute(const Way& way, const Arguments& a, const Model& model,
                         codegen::CompileOptions options, const Sequence& inputs) {
  if (way.name == "interpret") return run_interpreted(in_precision(model.graph(), options), inputs);
  const auto machine = machine_of(way, a);
  if (!machine) return machine.error();
  options = options_of(way, *machine, std::move(options));
  if (way.target) return run_on_target(model, options, inputs);
  return run_jit(model, options, inputs, a.threads);
}

Outcome judge(const Way& way, const Arguments& a, const Model& model, const codegen::CompileOptions& options,
              const Sequence& inputs, const Sequence& expected) {
  const ir::Graph& graph = model.graph();
  Outcome outcome{way.name + (way.forced.empty() ? "" : " " + way.forced), {}, {}, {}, 0};
  const auto start = std::chrono::steady_clock::now();
  auto outputs = execute(way, a, model, options, inputs);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!outputs) {
    outcome.error = outputs.error();
    return outcome;
  }
  HALITE_CHECK(outputs->size() == expected.size(), "every inference has outputs");
  for (size_t step = 0; step < expected.size(); ++step) {
    for (size_t o = 0; o < expected[step].size(); ++o) {
      const ir::Tensor& want = expected[step][o];
      const ir::Tensor got = (*outputs)[step][o];
      Row row{outcome.way, graph.value(graph.outputs[o]).name, step, want.type(), got.type(), {}};
      if (row.same_shape()) {
        row.difference = compare(got, want, tolerance_for(want.type().dtype, a.tolerance));
      } else {
        row.difference.elements = row.difference.count = std::max<int64_t>(1, want.type().elements());
      }
      outcome.rows.push_back(std::move(row));
    }
  }
  return outcome;
}

/// Where a wrong answer of a target comes from; no more is said if that cannot be found out.
std::string find_first_step(const Way& way, const ir::Graph& graph, codegen::CompileOptions options,
                            const Sequence& inputs) {
  options = options_of(way, *way.target, std::move(options));
  const auto found = first_wrong_step(graph, options, inputs);
  if (!found) return "not found out: " + halite::to_string(found.error());
  return found->value_or("none: each step computes there what the operators' definitions say");
}

std::string differences_text(const std::vector<Outcome>& outcomes) {
  Table table({"way", "output", ">inference", ">differ", ">of", ">max abs", ">max rel", "first at", ">found",
               ">expected"});
  for (const Outcome& o : outcomes) {
    for (const Row& r : o.rows) {
      const Difference& d = r.difference;
      if (d.count == 0) continue;
      if (!r.same_shape()) {
        table.add({r.way, r.output, std::to_string(r.step), std::to_string(d.count),
                   std::to_string(d.elements), "", "", "shape", ir::to_string(r.found.shape),
                   ir::to_string(r.type.shape)});
        continue;
      }
      table.add({r.way, r.output, std::to_string(r.step), std::to_string(d.count), std::to_string(d.elements),
                 fmt::format("{:.3g}", d.max_abs), fmt::format("{:.3g}", d.max_rel),
                 index_text(d.first, r.type.shape), fmt::format("{:.7g}", d.got),
                 fmt::format("{:.7g}", d.want)});
    }
  }
  return table.empty() ? "" : table.text() + "\n";
}

std::string outcome_text(const Outcome& o) {
  if (o.error) return fmt::format("{}: did not run: {}\n", o.way, halite::to_string(*o.error));
  double max_abs = 0, max_rel = 0;
  int64_t differ = 0, elements = 0;
  for (const Row& r : o.rows) {
    max_abs = std::max(max_abs, r.difference.max_abs);
    max_rel = std::max(max_rel, r.difference.max_rel);
    differ += r.difference.count;
    elements += r.difference.elements;
  }
  std::string text =
      fmt::format("{}: {} ({} of {} elements differ, max abs {:.3g}, max rel {:.3g}, {:.1f} s)\n", o.way,
                  o.agrees() ? "agrees" : "DIFFERS", differ, elements, max_abs, max_rel, o.seconds);
  if (!o.first_step.empty()) text += "  first step that differs: " + o.first_step + "\n";
  return text;
}

Json to_json(const Outcome& o) {
  Json out = {{"way", o.way}, {"agrees", o.agrees()}, {"seconds", o.seconds}};
  if (o.error) {
    out["error"] = {{"code", std::string(to_string(o.error->code))},
                    {"message", halite::to_string(*o.error)}};
    return out;
  }
  if (!o.first_step.empty()) out["first_step"] = o.first_step;
  out["outputs"] = Json::array();
  for (const Row& r : o.rows) {
    const Difference& d = r.difference;
    Json row = {{"output", r.output}, {"inference", r.step},  {"elements", d.elements},
                {"differ", d.count},  {"max_abs", d.max_abs}, {"max_rel", d.max_rel}};
    if (!r.same_shape()) {
      row["found_shape"] = ir::to_string(r.found.shape);
      row["expected_shape"] = ir::to_string(r.type.shape);
    } else if (d.count > 0) {
      row["first"] = index_text(d.first, r.type.shape);
      row["found"] = fmt::format("{:.9g}", d.got);  // as text: JSON has no NaN
      row["expected"] = fmt::format("{:.9g}", d.want);
    }
    out["outputs"].push_back(row);
  }
  return out;
}

int report(const std::vector<Outcome>& outcomes, size_t inferences, Format format) {
  size_t agreed = 0;
  std::string text = differences_text(outcomes);
  Json results = Json::array();
  for (const Outcome& o : outcomes) {
    agreed += o.agrees();
    text += outcome_text(o);
    results.push_back(to_json(o));
  }
  const bool all = agreed == outcomes.size();
  text += fmt::format("{}: {} of {} agree with the expected outputs ({} inference{})\n",
                      all ? "agreed" : "DIFFERS", agreed, outcomes.size(), inferences,
                      inferences == 1 ? "" : "s");
  const int printed = format == Format::json
                          ? answer(Json{{"agrees", all}, {"inferences", inferences}, {"results", results}})
                          : answer(text);
  return printed != kExitOk ? printed : all ? kExitOk : kExitUser;
}

/// All ways, each as often as --strategy asks.
Result<std::vector<Way>> forced_ways(const std::vector<Way>& ways, const Arguments& a, const Model& model,
                                     const codegen::CompileOptions& options) {
  std::vector<Way> all;
  for (const Way& way : ways) {
    auto forced = with_each_strategy(way, a, model, options);
    if (!forced) return forced;
    all.insert(all.end(), forced->begin(), forced->end());
  }
  return all;
}

int run(const Arguments& a) {
  auto ways = ways_of(a);
  if (!ways) return fail(ways.error(), a.format);
  auto options = resolve(a.compile);
  if (!options) return fail(options.error(), a.format);
  options->name = identifier_of(a.model.path);
  auto imported = import_or_report(a.model, a.format);
  if (imported.status != kExitOk) return imported.status;
  auto inputs =
      choose_by_data(imported.model, [&](const ir::Graph& graph) { return read_inputs(a.data, graph); });
  if (!inputs) return fail(inputs.error(), a.format);
  const ir::Graph& graph = imported.model.graph();
  auto expected = read_outputs(a.data, graph, inputs->size());
  if (!expected) return fail(expected.error(), a.format);

  if (options->strategy == kEach) {
    options->strategy.clear();
    ways = forced_ways(*ways, a, imported.model, *options);
    if (!ways) return fail(ways.error(), a.format);
  }
  std::vector<Outcome> outcomes;
  for (const Way& way : *ways) {
    outcomes.push_back(judge(way, a, imported.model, *options, *inputs, *expected));
    Outcome& outcome = outcomes.back();
    if (way.target && !outcome.error && !outcome.agrees())
      outcome.first_step = find_first_step(way, graph, *options, *inputs);
  }
  return report(outcomes, inputs->size(), a.format);
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = app.add_subcommand("verify", "Compare a model's outputs with expected ones");
  add_model(*sub, a->model);
  sub->add_option("--data", a->data, "Directory with input_N.{npy,pb} and output_N.{npy,pb}")->required();
  add_targets_option(
      *sub, a->target,
      "Compile ahead of time for this machine and run there or under its emulator (repeatable); "
      "without it, compile into this process");
  sub->add_flag("--interpret", a->interpret, "Run the reference semantics, which compile nothing");
  sub->add_option("--rtol", a->tolerance.rtol, "Relative tolerance of floating-point outputs (default 1e-3)")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--atol", a->tolerance.atol,
                  "Absolute tolerance (default 1e-4); of integer outputs in quanta (default 0)")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--threads", a->threads, "Threads of the model compiled into this process")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_compile_options(*sub, a->compile);
  add_json(*sub, a->format);
  sub->callback([a, &action] { action = [a] { return run(*a); }; });
}

}  // namespace halite::tools
