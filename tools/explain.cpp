// See explain.h.
#include "tools/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/table.h"

namespace halite::tools {
namespace {

using codegen::StepReport;
using schedules::Strategy;

/// What of the step's strategies is in use; null: there is only one way.
const Strategy* taken(const StepReport& step) {
  const auto found = std::ranges::find(step.considered, step.strategy, &Strategy::name);
  return found == step.considered.end() || found->cycles <= 0 ? nullptr : &*found;
}

/// A key without its hash; for cascades and the like, what they run.
std::string label_of(const StepReport& step) {
  if (!step.key.empty()) return step.key.substr(0, step.key.rfind(" #"));
  std::string label = step.op;
  for (const auto& type : step.output_types)
    label += ' ' + std::string(ir::to_string(type.dtype)) + ir::to_string(type.shape);
  return label;
}

std::string numbers_text(const std::vector<size_t>& steps) {
  constexpr size_t kMost = 4;
  std::string text;
  for (size_t i = 0; i < std::min(kMost, steps.size()); ++i)
    text += (i ? "," : "") + std::to_string(steps[i]);
  return steps.size() > kMost ? text + fmt::format(" and {} more", steps.size() - kMost) : text;
}

std::string cycles_text(double cycles) { return cycles > 0 ? human_count(cycles) : "-"; }
std::string percent_text(double share) { return share > 0 ? fmt::format("{:.0f} %", 100 * share) : "-"; }

double predicted_share(const Strategy* s) { return s && s->peak_cycles > 0 ? s->peak_cycles / s->cycles : 0; }

/// Of all steps of a group in one run.
struct Times {
  double least = 0, median = 0;
  int64_t macs = 0, bytes = 0;
  double gflops() const { return least > 0 ? 2e-9 * static_cast<double>(macs) / least : 0; }
};

/// What a step reads and writes: weights, and tensors but for its scratch.
int64_t bytes_of(const StepReport& step) {
  int64_t bytes = step.weights_bytes;
  for (const auto& tensor : step.tensors)
    if (tensor.space != "scratch") bytes += tensor.bytes;
  return bytes;
}

Times times_of(const codegen::Report& report, const GroupOfSteps& group, const Measured& measured) {
  Times times;
  for (const size_t s : group.steps) {
    times.least += measured.profile.least(s);
    times.median += measured.profile.median(s);
    times.macs += report.steps[s].macs;
    times.bytes += bytes_of(report.steps[s]);
  }
  return times;
}

double share_of_peak(const Times& times, const Measured& measured) {
  return measured.peak_gflops > 0 ? times.gflops() / measured.peak_gflops : 0;
}

double all_medians(const codegen::Report& report, const Measured& measured) {
  double all = 0;
  for (size_t s = 0; s < report.steps.size(); ++s) all += measured.profile.median(s);
  return all;
}

}  // namespace

std::vector<GroupOfSteps> groups_of(const codegen::Report& report) {
  std::vector<GroupOfSteps> groups;
  std::map<std::string, size_t> known;
  for (size_t s = 0; s < report.steps.size(); ++s) {
    const StepReport& step = report.steps[s];
    const auto [at, is_new] = known.emplace(step.key, groups.size());
    if (step.key.empty() || is_new) {
      groups.push_back({{}, label_of(step)});
      if (!step.key.empty()) at->second = groups.size() - 1;
    }
    groups[step.key.empty() ? groups.size() - 1 : at->second].steps.push_back(s);
  }
  return groups;
}

std::string explain_text(const codegen::Report& report, const Measured* measured) {
  std::vector<std::string> headings{"steps", "group", ">MACs", "strategy", "tile", ">cycles", ">of peak"};
  if (measured) headings.push_back(">measured");
  headings.insert(headings.end(), {"bound by", "considered"});
  Table table(headings);
  for (const GroupOfSteps& group : groups_of(report)) {
    const StepReport& step = report.steps[group.steps[0]];
    const Strategy* s = taken(step);
    std::string considered;
    for (const auto& other : step.considered)
      if (step.considered.size() > 1)
        considered += (considered.empty() ? "" : ", ") + other.name + " " + cycles_text(other.cycles);
    std::vector<std::string> row{numbers_text(group.steps),
                                 group.label,
                                 step.macs ? human_count(static_cast<double>(step.macs)) : "-",
                                 step.strategy,
                                 s && !s->tiles.empty() ? to_string(s->tiles[0]) : "-",
                                 cycles_text(s ? s->cycles : 0),
                                 percent_text(predicted_share(s))};
    if (measured) row.push_back(percent_text(share_of_peak(times_of(report, group, *measured), *measured)));
    row.insert(row.end(), {s ? std::string(to_string(s->bound)) : "-", considered});
    table.add(std::move(row));
  }
  return table.text();
}

Json explain_json(const codegen::Report& report, const Measured* measured) {
  Json rows = Json::array();
  for (const GroupOfSteps& group : groups_of(report)) {
    const StepReport& step = report.steps[group.steps[0]];
    const Strategy* s = taken(step);
    Json row = {{"steps", group.steps},
                {"group", group.label},
                {"key", step.key},
                {"operator", step.op},
                {"macs", step.macs},
                {"strategy", step.strategy},
                {"tile", s && !s->tiles.empty() ? Json(to_string(s->tiles[0])) : Json()},
                {"cycles", s ? Json(s->cycles) : Json()},
                {"predicted_share_of_peak", predicted_share(s) > 0 ? Json(predicted_share(s)) : Json()},
                {"bound", s ? Json(std::string(to_string(s->bound))) : Json()},
                {"considered", Json::array()}};
    for (const auto& other : step.considered)
      row["considered"].push_back({{"strategy", other.name}, {"cycles", other.cycles}});
    if (measured)
      row["measured_share_of_peak"] = share_of_peak(times_of(report, group, *measured), *measured);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string group_times_text(const codegen::Report& report, const Measured& measured) {
  Table table(
      {"steps", "group", "strategy", ">min us", ">median us", ">share", ">GFLOP/s", ">of peak", ">bytes"});
  const double all = all_medians(report, measured);
  for (const GroupOfSteps& group : groups_of(report)) {
    const Times times = times_of(report, group, measured);
    table.add({numbers_text(group.steps), group.label, report.steps[group.steps[0]].strategy,
               fmt::format("{:.1f}", times.least * 1e6), fmt::format("{:.1f}", times.median * 1e6),
               fmt::format("{:.1f} %", all > 0 ? 100 * times.median / all : 0),
               times.macs ? fmt::format("{:.1f}", times.gflops()) : "-",
               percent_text(share_of_peak(times, measured)), human_bytes(static_cast<double>(times.bytes))});
  }
  return table.text();
}

Json group_times_json(const codegen::Report& report, const Measured& measured) {
  Json rows = Json::array();
  const double all = all_medians(report, measured);
  for (const GroupOfSteps& group : groups_of(report)) {
    const Times times = times_of(report, group, measured);
    rows.push_back({{"steps", group.steps},
                    {"group", group.label},
                    {"key", report.steps[group.steps[0]].key},
                    {"strategy", report.steps[group.steps[0]].strategy},
                    {"min_us", times.least * 1e6},
                    {"median_us", times.median * 1e6},
                    {"share", all > 0 ? times.median / all : 0},
                    {"macs", times.macs},
                    {"gflops", times.gflops()},
                    {"share_of_peak", share_of_peak(times, measured)},
                    {"bytes", times.bytes}});
  }
  return rows;
}

}  // namespace halite::tools
