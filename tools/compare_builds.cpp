// See compare_builds.h.
#include "tools/compare_builds.h"

#include <algorithm>
#include <chrono>

#include "tools/explain.h"
#include "tools/instruction_counter.h"
#include "tools/profile.h"
#include "tools/session.h"

namespace halite::tools {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The steps of a build by the key of their group.
std::map<std::string, std::vector<size_t>> steps_by_key(const codegen::Report& report) {
  std::map<std::string, std::vector<size_t>> steps;
  for (size_t s = 0; s < report.steps.size(); ++s) steps[report.steps[s].key].push_back(s);
  return steps;
}

/// A build that is loaded, with the least times of its steps.
class Timed {
 public:
  Timed(const codegen::Report& report, Session session)
      : report_(report), session_(std::move(session)), profile_(report) {
    profile_.attach(session_);
  }

  Result<void> run(const std::vector<ir::Tensor>& inputs) {
    session_.set_inputs(inputs);
    const double before = now();
    auto ran = session_.run();
    const double time = now() - before;
    if (total_ == 0 || time < total_) total_ = time;
    return ran;
  }

  Costs costs(const std::vector<std::string>& keys) const {
    Costs costs{{}, total_};
    const auto steps = steps_by_key(report_);
    for (const auto& key : keys)
      if (const auto found = steps.find(key); found != steps.end())
        for (const size_t s : found->second) costs.groups[key] += profile_.least(s);
    return costs;
  }

 private:
  const codegen::Report& report_;
  Session session_;
  Profile profile_;
  double total_ = 0;
};

class Times : public BuildComparer {
 public:
  Times(const Model& model, const std::vector<ir::Tensor>& inputs, int threads, double seconds)
      : model_(model), inputs_(inputs), threads_(threads), seconds_(seconds) {}

  const char* unit() const override { return "us"; }
  double least_gain() const override { return 1.03; }

  Result<Comparison> compare(const codegen::Artifact& before, const codegen::Artifact& after,
                             const std::vector<std::string>& keys) override {
    std::vector<std::unique_ptr<Timed>> builds;
    for (const auto* artifact : {&before, &after}) {
      auto session = Session::open(*artifact, model_.graph(), threads_);
      if (!session) return session.error();
      builds.push_back(std::make_unique<Timed>(chosen_report(*artifact, model_), std::move(*session)));
    }
    constexpr int kLeastRuns = 7;
    const double start = now();
    for (int run = 0; run < kLeastRuns || now() - start < seconds_; ++run) {
      // Who comes second finds the caches as the other left them: they take turns at that, too.
      if (run % 2 == 1) std::swap(builds[0], builds[1]);
      for (auto& build : builds)
        if (auto ran = build->run(inputs_); !ran) return ran.error();
      if (run % 2 == 1) std::swap(builds[0], builds[1]);
    }
    return Comparison{builds[0]->costs(keys), builds[1]->costs(keys)};
  }

 private:
  const Model& model_;
  const std::vector<ir::Tensor>& inputs_;
  const int threads_;
  const double seconds_;
};

class Instructions : public BuildComparer {
 public:
  Instructions(const Model& model, const std::vector<ir::Tensor>& inputs, const targets::Target& target,
               const std::string& plugin)
      : model_(model), inputs_(inputs), target_(target), plugin_(plugin) {}

  const char* unit() const override { return "instructions"; }
  double least_gain() const override { return 1.005; }

  Result<Comparison> compare(const codegen::Artifact& before, const codegen::Artifact& after,
                             const std::vector<std::string>& keys) override {
    // Counts do not change: those of the first build, with which all others are compared, are kept.
    if (&before != counted_) counted_ = &before, known_ = {};
    if (auto done = count(before, keys, known_); !done) return done.error();
    Costs other;
    if (auto done = count(after, keys, other); !done) return done.error();
    return Comparison{known_, other};
  }

 private:
  /// One step of a group stands for all.
  Result<void> count(const codegen::Artifact& artifact, const std::vector<std::string>& keys, Costs& costs) {
    InstructionCounter counter(artifact, model_, target_, inputs_, plugin_);
    const auto steps = steps_by_key(chosen_report(artifact, model_));
    for (const auto& key : keys) {
      const auto found = steps.find(key);
      if (found == steps.end() || costs.groups.contains(key)) continue;
      const auto instructions = counter.step(static_cast<uint32_t>(found->second[0]));
      if (!instructions) return instructions.error();
      costs.groups[key] = static_cast<double>(*instructions) * static_cast<double>(found->second.size());
    }
    if (costs.total > 0) return {};
    const auto all = counter.inference();
    if (!all) return all.error();
    costs.total = static_cast<double>(*all);
    return {};
  }

  const Model& model_;
  const std::vector<ir::Tensor>& inputs_;
  const targets::Target& target_;
  const std::string& plugin_;
  const codegen::Artifact* counted_ = nullptr;
  Costs known_;
};

}  // namespace

std::unique_ptr<BuildComparer> compare_times(const Model& model, const std::vector<ir::Tensor>& inputs,
                                             int threads, double seconds) {
  return std::make_unique<Times>(model, inputs, threads, seconds);
}

std::unique_ptr<BuildComparer> compare_instructions(const Model& model, const std::vector<ir::Tensor>& inputs,
                                                    const targets::Target& target,
                                                    const std::string& plugin) {
  return std::make_unique<Instructions>(model, inputs, target, plugin);
}

}  // namespace halite::tools
