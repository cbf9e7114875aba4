// See report.h.
#include "tests/conformance/report.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>

namespace halite::conformance {
namespace {

struct Counts {
  std::array<int, 4> of{};  ///< by Status
  int constant = 0;         ///< of those passed, with every input known at compile time
  void add(const Outcome& o) {
    ++of[static_cast<size_t>(o.status)];
    constant += o.status == Status::passed && o.detail == "everything";
  }
};

struct Sums {
  std::map<std::string, Counts> by_op;
  Counts all;
};

Sums sum(std::span<const NodeTest> tests, std::span<const Outcome> outcomes) {
  Sums sums;
  for (size_t i = 0; i < tests.size(); ++i) {
    sums.by_op[tests[i].op].add(outcomes[i]);
    sums.all.add(outcomes[i]);
  }
  return sums;
}

std::string row(const std::string& name, const Counts& c) {
  return fmt::format("{:<32} {:>7} {:>9} {:>7} {:>12} {:>11}\n", name, c.of[0], c.constant, c.of[1], c.of[2],
                     c.of[3]);
}

nlohmann::ordered_json to_json(const Counts& c) {
  return {{"passed", c.of[0]},
          {"passed_as_constants", c.constant},
          {"failed", c.of[1]},
          {"unsupported", c.of[2]},
          {"not_served", c.of[3]}};
}

}  // namespace

std::string to_string(Status status) {
  constexpr std::array kNames{"passed", "failed", "unsupported", "not_served"};
  return kNames[static_cast<size_t>(status)];
}

std::string table_of(std::span<const NodeTest> tests, std::span<const Outcome> outcomes) {
  const Sums sums = sum(tests, outcomes);
  std::string text = fmt::format("{:<32} {:>7} {:>9} {:>7} {:>12} {:>11}\n", "operator", "passed", "constant",
                                 "failed", "unsupported", "not served");
  for (const auto& [op, counts] : sums.by_op) text += row(op, counts);
  text += row("all", sums.all);
  const auto& of = sums.all.of;
  const int served = of[0] + of[1] + of[2];
  text += fmt::format("{} of {} cases pass ({:.1f} %); not served: {}\n", of[0], served,
                      served ? 100.0 * of[0] / served : 0.0, of[3]);
  for (size_t i = 0; i < tests.size(); ++i)
    if (outcomes[i].status == Status::not_served)
      text += fmt::format("  {} ({})\n", tests[i].name, outcomes[i].detail);
  return text;
}

std::string json_of(std::span<const NodeTest> tests, std::span<const Outcome> outcomes,
                    const std::string& engine) {
  const Sums sums = sum(tests, outcomes);
  nlohmann::ordered_json out = {{"engine", engine}, {"totals", to_json(sums.all)}};
  for (const auto& [op, counts] : sums.by_op) out["operators"][op] = to_json(counts);
  out["cases"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < tests.size(); ++i)
    out["cases"].push_back({{"name", tests[i].name},
                            {"operator", tests[i].op},
                            {"status", to_string(outcomes[i].status)},
                            {"detail", outcomes[i].detail}});
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace halite::conformance
