#include "tools/profile.h"

#include <fmt/format.h>

#include <numeric>

#include "tools/table.h"

namespace halite::tools {

Profile::Profile(const codegen::Report& report) : report_(report), seconds_(report.steps.size()) {}

void Profile::attach(Session& session) {
  session.observe([this](size_t step, bool done, std::span<void* const>) {
    const auto now = std::chrono::steady_clock::now();
    if (!done) {
      begun_ = now;
      return;
    }
    seconds_.at(step) += std::chrono::duration<double>(now - begun_).count();
    if (step + 1 == seconds_.size()) ++runs_;
  });
}

double Profile::share(size_t step) const {
  const double all = std::accumulate(seconds_.begin(), seconds_.end(), 0.0);
  return all > 0 ? seconds_[step] / all : 0;
}

double Profile::gflops(size_t step) const {
  const double flops = 2.0 * static_cast<double>(report_.steps[step].macs * runs_);
  return seconds_[step] > 0 ? flops / seconds_[step] * 1e-9 : 0;
}

std::string Profile::text() const {
  Table table({">step", "name", "operator", "strategy", ">us", ">share", ">MACs", ">GFLOP/s"});
  const double runs = static_cast<double>(std::max<int64_t>(runs_, 1));
  for (size_t s = 0; s < seconds_.size(); ++s) {
    const codegen::StepReport& step = report_.steps[s];
    table.add({std::to_string(s), step.name, step.op, step.strategy,
               fmt::format("{:.1f}", seconds_[s] / runs * 1e6), fmt::format("{:.1f} %", 100 * share(s)),
               step.macs ? human_count(static_cast<double>(step.macs)) : "-",
               step.macs ? fmt::format("{:.1f}", gflops(s)) : "-"});
  }
  return table.text();
}

Json Profile::json() const {
  Json rows = Json::array();
  const double runs = static_cast<double>(std::max<int64_t>(runs_, 1));
  for (size_t s = 0; s < seconds_.size(); ++s) {
    const codegen::StepReport& step = report_.steps[s];
    rows.push_back({{"step", s},
                    {"name", step.name},
                    {"operator", step.op},
                    {"strategy", step.strategy},
                    {"us", seconds_[s] / runs * 1e6},
                    {"share", share(s)},
                    {"macs", step.macs},
                    {"gflops", gflops(s)}});
  }
  return rows;
}

}  // namespace halite::tools
