// halite tune: which strategies and tiles are fastest, found by trying them. Every round compiles the model
// with another candidate for each group at once and compares it, group by group, with the build by the cost
// model; groups are measured where they run, among the others. What won is compiled together and measured
// once more; what does not win again is dropped.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <filesystem>

#include "tools/arguments.h"
#include "tools/candidates.h"
#include "tools/command.h"
#include "tools/compare_builds.h"
#include "tools/data.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/table.h"
#include "tools/tuning_file.h"

namespace halite::tools {
namespace {

struct Arguments {
  ModelArguments model;
  TargetArguments target;
  CompileArguments compile;
  std::string data, plugin, output, budget = "5m";
  int threads = 1, tiles = 4;
  Format format = Format::text;
};

constexpr double kComparedSeconds = 1.0;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// "90s", "5m", "1h"
Result<double> parse_budget(const std::string& text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const double factor = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (code == std::errc() && factor > 0 && number > 0 && number * factor <= 1e6) return number * factor;
  return invalid_input("found '" + text + "'; expected a time, as in 90s, 5m or 1h", "--budget");
}

struct Found {
  schedules::Choice choice, usual;
  double before = 0, after = 0;
  double gain() const { return after > 0 ? before / after : 0; }
};

/// What came out of the search.
struct Outcome {
  std::map<std::string, Found> found;  ///< groups that gain, by key
  double before = 0, after = 0;        ///< of an inference
  size_t rounds = 0, all_rounds = 0;
  size_t groups = 0;
};

class Search {
 public:
  Search(const Model& model, codegen::CompileOptions options, BuildComparer& comparer, double budget)
      : model_(model), options_(std::move(options)), comparer_(comparer), end_(now() + budget) {}

  Result<Outcome> run() {
    auto before = compile_with_progress(model_, options_);
    if (!before) return before.error();
    before_.emplace(*std::move(before));
    candidates_ = candidates_of(before_->report);
    outcome_.groups = candidates_.size();
    while (!round_of(candidates_, outcome_.all_rounds).empty()) ++outcome_.all_rounds;
    if (auto done = try_all(); !done) return done.error();
    if (auto done = confirm(); !done) return done.error();
    return std::move(outcome_);
  }

 private:
  /// A round is left out if the one before took more time than is left; of it, a part is for confirming.
  Result<void> try_all() {
    Progress progress("Tuning");
    double longest = 0;
    for (size_t i = 0; i < outcome_.all_rounds; ++i) {
      const double start = now();
      if (start + 2 * longest > end_) break;
      progress.update(int64_t(i), int64_t(outcome_.all_rounds));
      const Choices choices = round_of(candidates_, i);
      const auto comparison = compare(choices);
      if (!comparison) return comparison.error();
      for (const auto& [key, choice] : choices) keep_better(key, choice, *comparison);
      outcome_.rounds = i + 1;
      longest = std::max(longest, now() - start);
    }
    return {};
  }

  void keep_better(const std::string& key, const schedules::Choice& choice, const Comparison& c) {
    const Found found{choice, candidates_.at(key).taken, cost(c.before, key), cost(c.after, key)};
    if (found.gain() < comparer_.least_gain()) return;
    const auto [known, is_new] = outcome_.found.emplace(key, found);
    if (!is_new && found.gain() > known->second.gain()) known->second = found;
  }

  /// All that won at once, until all that is left wins again.
  Result<void> confirm() {
    while (!outcome_.found.empty()) {
      Choices choices;
      for (const auto& [key, found] : outcome_.found) choices[key] = found.choice;
      const auto comparison = compare(choices);
      if (!comparison) return comparison.error();
      outcome_.before = comparison->before.total, outcome_.after = comparison->after.total;
      for (auto& [key, found] : outcome_.found) {
        found.before = cost(comparison->before, key);
        found.after = cost(comparison->after, key);
      }
      const size_t dropped = std::erase_if(
          outcome_.found, [&](const auto& entry) { return entry.second.gain() < comparer_.least_gain(); });
      if (dropped == 0) break;
    }
    return {};
  }

  Result<Comparison> compare(const Choices& choices) {
    codegen::CompileOptions options = options_;
    auto& of_target = options.choices[options.target.name];
    std::vector<std::string> keys;
    for (const auto& [key, choice] : choices) of_target[key] = choice, keys.push_back(key);
    const auto after = compile_with_progress(model_, options);
    if (!after) return after.error();
    return comparer_.compare(*before_, *after, keys);
  }

  static double cost(const Costs& costs, const std::string& key) {
    const auto found = costs.groups.find(key);
    return found == costs.groups.end() ? 0 : found->second;
  }

  const Model& model_;
  const codegen::CompileOptions options_;
  BuildComparer& comparer_;
  const double end_;
  std::optional<codegen::Artifact> before_;
  std::map<std::string, Candidates> candidates_;
  Outcome outcome_;
};

/// The lines of --tuning that were begun with, and over them what was found.
Tuning tuning_of(const Outcome& outcome, const codegen::CompileOptions& options) {
  Tuning tuning{options.target.name, {}};
  if (const auto begun = options.choices.find(tuning.target); begun != options.choices.end())
    for (const auto& [key, choice] : begun->second) tuning.lines[key] = {choice, 0};
  for (const auto& [key, found] : outcome.found) tuning.lines[key] = {found.choice, found.gain()};
  return tuning;
}

std::string choice_text(const schedules::Choice& choice) {
  return choice.strategy + (choice.tile ? " " + to_string(*choice.tile) : "");
}

std::string cost_text(double cost, bool is_time) {
  return is_time ? fmt::format("{:.1f}", cost * 1e6) : fmt::format("{:.0f}", cost);
}

int report(const Arguments& a, const Outcome& o, const BuildComparer& comparer) {
  const double gain = o.after > 0 ? o.before / o.after : 1;
  const bool is_time = a.plugin.empty();
  if (a.format == Format::json) {
    Json rows = Json::array();
    for (const auto& [key, f] : o.found) {
      rows.push_back({{"key", key},
                      {"usual", choice_text(f.usual)},
                      {"strategy", f.choice.strategy},
                      {"tile", f.choice.tile ? Json(to_string(*f.choice.tile)) : Json()},
                      {"gain", f.gain()}});
    }
    return answer(Json{{"model", a.model.path},
                       {"file", a.output},
                       {"unit", comparer.unit()},
                       {"groups", o.groups},
                       {"rounds", o.rounds},
                       {"all_rounds", o.all_rounds},
                       {"tuned", rows},
                       {"gain", gain}});
  }
  Table table(
      {"group", "by the cost model", "tuned", std::string(">before, ") + comparer.unit(), ">after", ">gain"});
  for (const auto& [key, f] : o.found) {
    table.add({key.substr(0, key.rfind(" #")), choice_text(f.usual), choice_text(f.choice),
               cost_text(f.before, is_time), cost_text(f.after, is_time), fmt::format("{:.2f}", f.gain())});
  }
  std::string text = table.empty() ? "" : table.text();
  text += fmt::format("{}: {} of {} groups gain, in all {:.2f} ({} of {} rounds{})\n", a.output,
                      o.found.size(), o.groups, gain, o.rounds, o.all_rounds,
                      o.rounds < o.all_rounds ? "; a larger --budget tries the rest" : "");
  return answer(text);
}

int run(const Arguments& a) {
  const auto budget = parse_budget(a.budget);
  if (!budget) return fail(budget.error(), a.format);
  auto options = resolve(a.compile);
  if (!options) return fail(options.error(), a.format);
  auto target = resolve(a.target, "host");
  if (!target) return fail(target.error(), a.format);
  if (target->size() > 1)
    return fail(invalid_input("a file of choices is for one target", "--target"), a.format);
  if (!a.plugin.empty() && !std::filesystem::exists(a.plugin))
    return fail(io_error("is missing; expected a plugin of QEMU (a shared object)", a.plugin), a.format);
  auto imported = import_or_report(a.model, a.format);
  if (imported.status != kExitOk) return imported.status;
  Model& model = imported.model;
  const auto inputs = measured_inputs(model, a.data);
  if (!inputs) return fail(inputs.error(), a.format);
  options->name = identifier_of(a.model.path);
  options->target = target->front();
  options->tile_alternatives = a.tiles;
  const auto comparer = a.plugin.empty() ? compare_times(model, *inputs, a.threads, kComparedSeconds)
                                         : compare_instructions(model, *inputs, target->front(), a.plugin);
  const auto outcome = Search(model, *options, *comparer, *budget).run();
  if (!outcome) return fail(outcome.error(), a.format);
  if (auto written = write_tuning(tuning_of(*outcome, *options), a.output); !written)
    return fail(written.error(), a.format);
  return report(a, *outcome, *comparer);
}

}  // namespace

void add_tune(CLI::App& app, Action& action) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = app.add_subcommand("tune", "Find the fastest strategies and tiles by trying them");
  add_model(*sub, a->model);
  sub->add_option("-o,--output", a->output, "File of what was found, for --tuning")->required();
  sub->add_option("--budget", a->budget, "Time that the search may take: 90s, 5m, 1h")->capture_default_str();
  sub->add_option("--tiles", a->tiles,
                  "Tiles that are tried of each strategy, besides the best by the cost model")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  sub->add_option("--data", a->data, "Directory with input_N.{npy,pb} (default: seeded random inputs)");
  sub->add_option("--threads", a->threads, "Threads of the model")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  sub->add_option(
      "--instructions", a->plugin,
      "Compare instructions under the target's emulator instead of times, with this QEMU plugin, which "
      "prints \"insns: N\" at the end");
  add_targets_option(
      *sub, a->target,
      "Machine to tune for (default: host): one that this machine can run, or with --instructions "
      "any");
  add_compile_options(*sub, a->compile);
  add_json(*sub, a->format);
  sub->callback([a, &action] { action = [a] { return run(*a); }; });
}

}  // namespace halite::tools
