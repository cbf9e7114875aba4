// halite bench: how long one inference takes on this machine, against the machine's own peak. Times are of
// halite_run alone; inputs are written before each run and not measured. With --instructions, how many
// instructions it takes on other machines instead (bench_instructions.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "tools/arguments.h"
#include "tools/bench_instructions.h"
#include "tools/command.h"
#include "tools/data.h"
#include "tools/explain.h"
#include "tools/peak.h"
#include "tools/profile.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/session.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

constexpr int64_t kLeastRuns = 5;

struct Arguments {
  ModelArguments model;
  TargetArguments target;
  CompileArguments compile;
  std::string data, plugin;
  int threads = 1;
  int64_t runs = 0;  ///< 0: for `seconds`
  double seconds = 1.5, warmup = 0.3;
  bool per_step = false, per_group = false, explain = false, no_peak = false;
  bool profiles() const { return per_step || per_group || explain; }
  Format format = Format::text;
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Statistics {
  double min = 0, median = 0, p90 = 0, mean = 0;  ///< seconds
};

Statistics statistics_of(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const size_t n = times.size();
  Statistics s{times.front(), (times[(n - 1) / 2] + times[n / 2]) / 2, times[(n - 1) * 9 / 10], 0};
  for (const double t : times) s.mean += t / static_cast<double>(n);
  return s;
}

Result<std::vector<double>> measure(Session& session, const Arguments& a,
                                    const std::vector<ir::Tensor>& inputs) {
  Progress progress("Measuring");
  std::vector<double> times;
  const double start = now();
  double begin = 0;  // of the measured part; 0 while warming up
  while (true) {
    session.set_inputs(inputs);
    const double before = now();
    if (begin == 0 && before - start >= a.warmup) begin = before;
    if (auto ran = session.run(); !ran) return ran.error();
    const double after = now();
    if (begin == 0) continue;
    times.push_back(after - before);
    const auto runs = static_cast<int64_t>(times.size());
    progress.update(a.runs ? runs : static_cast<int64_t>((after - begin) * 10),
                    a.runs ? a.runs : static_cast<int64_t>(a.seconds * 10));
    if (a.runs ? runs >= a.runs : after - begin >= a.seconds && runs >= kLeastRuns) return times;
  }
}

struct Outcome {
  Statistics time;
  size_t runs = 0;
  double gflops = 0;  ///< two operations a MAC, of the fastest run
  Peak peak;
};

int report(const Arguments& a, const codegen::Report& r, const Outcome& o, const Profile* profile) {
  const double share = o.peak.gflops > 0 ? o.gflops / o.peak.gflops : 0;
  if (a.format == Format::json) {
    Json json = {{"model", a.model.path},
                 {"target", r.target},
                 {"machine", machine_name()},
                 {"threads", a.threads},
                 {"runs", o.runs},
                 {"min_ms", o.time.min * 1e3},
                 {"median_ms", o.time.median * 1e3},
                 {"p90_ms", o.time.p90 * 1e3},
                 {"mean_ms", o.time.mean * 1e3},
                 {"macs", r.macs},
                 {"gflops", o.gflops},
                 {"arena_bytes", r.arena_bytes},
                 {"compile_seconds", r.compile_seconds}};
    if (!a.no_peak) {
      json["peak_gflops"] = o.peak.gflops;
      json["peak_instruction"] = o.peak.instruction;
      json["share_of_peak"] = share;
    }
    if (a.per_step) json["steps"] = profile->json();
    if (a.per_group) json["groups"] = group_times_json(r, {*profile, o.peak.gflops});
    if (a.explain) {
      const Measured measured{*profile, o.peak.gflops};
      json["explained"] = explain_json(r, &measured);
    }
    return answer(json);
  }
  std::string text =
      fmt::format("{}: min {:.4g} ms, median {:.4g} ms, p90 {:.4g} ms ({} runs, {} thread{}, {}, {})\n",
                  a.model.path, o.time.min * 1e3, o.time.median * 1e3, o.time.p90 * 1e3, o.runs, a.threads,
                  a.threads == 1 ? "" : "s", r.target, machine_name());
  text += fmt::format("{}MAC, {:.1f} GFLOP/s", human_count(static_cast<double>(r.macs)), o.gflops);
  if (!a.no_peak) {
    text += fmt::format(", {:.0f} % of this machine's peak ({:.1f} GFLOP/s, {}, {} thread{})", 100 * share,
                        o.peak.gflops, o.peak.instruction, a.threads, a.threads == 1 ? "" : "s");
  }
  text += "\n";
  if (a.per_step) text += "\n" + profile->text();
  if (a.per_group) text += "\n" + group_times_text(r, {*profile, o.peak.gflops});
  if (a.explain) {
    const Measured measured{*profile, o.peak.gflops};
    text += "\n" + explain_text(r, &measured);
  }
  return answer(text);
}

int run(const Arguments& a) {
  auto options = resolve(a.compile);
  if (!options) return fail(options.error(), a.format);
  auto target = resolve(a.target, "host");
  if (!target) return fail(target.error(), a.format);
  auto imported = import_or_report(a.model, a.format);
  if (imported.status != kExitOk) return imported.status;
  Model& model = imported.model;
  const auto inputs = measured_inputs(model, a.data);
  if (!inputs) return fail(inputs.error(), a.format);
  options->name = identifier_of(a.model.path);
  if (!a.plugin.empty() && (a.per_group || a.explain))
    return fail(invalid_input("counts are of whole models and of steps: leave --per-group and --explain out",
                              "--instructions"),
                a.format);
  if (!a.plugin.empty())
    return bench_instructions({a.model.path, model, *options, *target, *inputs, a.plugin, a.per_step},
                              a.format);
  options->target = target->front();
  auto artifact = compile_with_progress(model, *options);
  if (!artifact) return fail(artifact.error(), a.format);
  auto session = Session::open(*artifact, model.graph(), a.threads);
  if (!session) return fail(session.error(), a.format);

  Outcome outcome;
  if (!a.no_peak) outcome.peak = measure_peak(a.threads);
  auto times = measure(*session, a, *inputs);
  if (!times) return fail(times.error(), a.format);
  if (!a.no_peak) {  // before and after: a clock that rose in between must not flatter the model
    const Peak again = measure_peak(a.threads);
    if (again.gflops > outcome.peak.gflops) outcome.peak = again;
  }
  outcome.time = statistics_of(*times);
  outcome.runs = times->size();
  // Of the object as a whole, but the steps of the shape that is measured.
  codegen::Report report_of_shape = artifact->report;
  report_of_shape.macs = chosen_report(*artifact, model).macs;
  report_of_shape.steps = chosen_report(*artifact, model).steps;
  outcome.gflops = 2.0 * static_cast<double>(report_of_shape.macs) / outcome.time.min * 1e-9;
  if (!a.profiles()) return report(a, report_of_shape, outcome, nullptr);

  Profile profile(report_of_shape);  // in runs of its own, because the clock calls take time
  profile.attach(*session);
  auto profiled = measure(*session, a, *inputs);
  if (!profiled) return fail(profiled.error(), a.format);
  return report(a, report_of_shape, outcome, &profile);
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = app.add_subcommand("bench", "Measure a model's speed on this machine");
  add_model(*sub, a->model);
  sub->add_option("--data", a->data, "Directory with input_N.{npy,pb} (default: seeded random inputs)");
  sub->add_option("--threads", a->threads, "Threads of the model, and of the peak")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  sub->add_option("--runs", a->runs, "Measured inferences (default: as many as fit --seconds)")
      ->check(CLI::PositiveNumber);
  sub->add_option("--seconds", a->seconds, "Measured time")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  sub->add_option("--warmup", a->warmup, "Seconds of runs that are not measured")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  sub->add_flag("--per-step", a->per_step, "Also print the time (the instructions) of every step");
  sub->add_flag(
      "--per-group", a->per_group,
      "Also print the time of steps that compute the same, together, as a share of all and of the peak");
  sub->add_flag(
      "--explain", a->explain,
      "Also print what the cost model expects of each group, what it chose from, and what was measured");
  sub->add_option(
      "--instructions", a->plugin,
      "Count the instructions of one inference under the targets' emulators instead, with this QEMU "
      "plugin, which prints \"insns: N\" at the end");
  sub->add_flag("--no-peak", a->no_peak, "Leave the measurement of the machine's peak out");
  add_targets_option(*sub, a->target,
                     "Compile as for this machine, which must be able to run it (default: host); repeatable "
                     "with --instructions");
  add_compile_options(*sub, a->compile);
  add_json(*sub, a->format);
  sub->callback([a, &action] { action = [a] { return run(*a); }; });
}

}  // namespace halite::tools
