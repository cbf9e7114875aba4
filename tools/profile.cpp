#include "tools/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tools/table.h"

namespace halite::tools {

Profile::Profile(const codegen::Report& report)
    : report_(report), seconds_(report.steps.size()), current_(report.steps.size()) {}

void Profile::attach(Session& session) {
  session.observe([this](size_t step, bool done, std::span<void* const>) {
    const auto now = std::chrono::steady_clock::now();
    if (!done) {
      begun_ = now;
      return;
    }
    // Steps of loops' bodies run several times.
    current_.at(step) += std::chrono::duration<double>(now - begun_).count();
    if (step + 1 < current_.size()) return;
    for (size_t s = 0; s < current_.size(); ++s) seconds_[s].push_back(std::exchange(current_[s], 0));
  });
}

double Profile::mean(size_t step) const {
  const auto& runs = seconds_[step];
  return std::accumulate(runs.begin(), runs.end(), 0.0) /
         static_cast<double>(std::max<size_t>(runs.size(), 1));
}

double Profile::least(size_t step) const {
  const auto& runs = seconds_[step];
  return runs.empty() ? 0 : *std::ranges::min_element(runs);
}

double Profile::median(size_t step) const {
  std::vector<double> runs = seconds_[step];
  if (runs.empty()) return 0;
  std::ranges::sort(runs);
  return (runs[(runs.size() - 1) / 2] + runs[runs.size() / 2]) / 2;
}

double Profile::share(size_t step) const {
  double all = 0;
  for (size_t s = 0; s < seconds_.size(); ++s) all += mean(s);
  return all > 0 ? mean(step) / all : 0;
}

double Profile::gflops(size_t step) const {
  const double flops = 2.0 * static_cast<double>(report_.steps[step].macs);
  return mean(step) > 0 ? flops / mean(step) * 1e-9 : 0;
}

std::string Profile::text() const {
  Table table({">step", "name", "operator", "strategy", ">us", ">share", ">MACs", ">GFLOP/s"});
  for (size_t s = 0; s < seconds_.size(); ++s) {
    const codegen::StepReport& step = report_.steps[s];
    table.add({std::to_string(s), step.name, step.op, step.strategy, fmt::format("{:.1f}", mean(s) * 1e6),
               fmt::format("{:.1f} %", 100 * share(s)),
               step.macs ? human_count(static_cast<double>(step.macs)) : "-",
               step.macs ? fmt::format("{:.1f}", gflops(s)) : "-"});
  }
  return table.text();
}

Json Profile::json() const {
  Json rows = Json::array();
  for (size_t s = 0; s < seconds_.size(); ++s) {
    const codegen::StepReport& step = report_.steps[s];
    rows.push_back({{"step", s},
                    {"name", step.name},
                    {"operator", step.op},
                    {"strategy", step.strategy},
                    {"us", mean(s) * 1e6},
                    {"share", share(s)},
                    {"macs", step.macs},
                    {"gflops", gflops(s)}});
  }
  return rows;
}

}  // namespace halite::tools
