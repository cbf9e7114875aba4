// See candidates.h.
#include "tools/candidates.h"

#include <algorithm>
#include <functional>
#include <set>

namespace halite::tools {
namespace {

using codegen::StepReport;
using schedules::Strategy;

void for_each_step(const std::vector<StepReport>& steps, const std::function<void(const StepReport&)>& f) {
  for (const auto& step : steps) {
    f(step);
    for_each_step(step.parts, f);
  }
}

/// The first variant's steps are the report's own.
void for_each_step(const codegen::Report& report, const std::function<void(const StepReport&)>& f) {
  for_each_step(report.steps, f);
  for (const auto& variant : report.variants) for_each_step(variant.steps, f);
}

Candidates candidates_of(const StepReport& step) {
  Candidates found;
  size_t most = 1;
  for (const Strategy& s : step.considered) most = std::max(most, s.tiles.size());
  for (size_t rank = 0; rank < most; ++rank) {
    for (const Strategy& s : step.considered) {
      if (rank > 0 && rank >= s.tiles.size()) continue;
      schedules::Choice choice{s.name, {}};
      if (rank < s.tiles.size()) choice.tile = s.tiles[rank];
      if (rank == 0 && s.name == step.strategy)
        found.taken = std::move(choice);
      else
        found.others.push_back(std::move(choice));
    }
  }
  return found;
}

}  // namespace

std::map<std::string, Candidates> candidates_of(const codegen::Report& report) {
  std::map<std::string, Candidates> found;
  for_each_step(report, [&](const StepReport& step) {
    if (!step.key.empty() && !found.contains(step.key)) found[step.key] = candidates_of(step);
  });
  return found;
}

Choices round_of(const std::map<std::string, Candidates>& candidates, size_t i) {
  Choices choices;
  for (const auto& [key, of_group] : candidates)
    if (i < of_group.others.size()) choices[key] = of_group.others[i];
  return choices;
}

std::vector<std::string> rival_strategies(const codegen::Report& report) {
  std::set<std::string> names;
  for_each_step(report, [&](const StepReport& step) {
    if (step.considered.size() < 2) return;
    for (const Strategy& s : step.considered) names.insert(s.name);
  });
  return {names.begin(), names.end()};
}

}  // namespace halite::tools
