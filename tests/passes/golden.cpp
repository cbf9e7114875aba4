// tests/data/ir/PASS.ir holds cases for one pass: a graph, a line of dashes, the graph that the pass (and
// eliminate_dead, so that only the result shows) leaves. BLESS=1 in the environment rewrites the
// expectations.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "ir/interpret.h"
#include "ir/passes/passes.h"
#include "ir/passes/pipeline.h"
#include "ir/passes/precision.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/passes/equivalence.h"

using namespace halite::ir;

namespace {

const std::map<std::string, std::function<void(Graph&)>> kPasses{
    {"merge_common", merge_common},
    {"fold_constants", [](Graph& g) { fold_constants(g); }},
    {"simplify", simplify},
    {"fold_scales", fold_scales},
    {"absorb_pads", absorb_pads},
    {"sink_transposes", sink_transposes},
    {"strengthen", strengthen},
    {"optimize", [](Graph& g) { optimize(g); }},
    {"tabulate", tabulate},
    {"fold_quantization", fold_quantization},
    {"simplify_regions", simplify_regions},
    {"precision_f16", [](Graph& g) { lower_precision(g, Precision::f16); }},
    {"precision_bf16", [](Graph& g) { lower_precision(g, Precision::bf16); }},
};

/// How far a pass may move results, relative to 1 and their size.
double rounding_of(const std::string& pass) {
  return pass == "precision_f16" ? 0x1p-8 : pass == "precision_bf16" ? 0x1p-6 : 1e-5;
}

struct Case {
  std::string comment, before, after;
};

// Cases are separated by "====", the two graphs of one by "----"; lines of // in front of a graph belong to
// the case.
std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<Case> cases(1);
  bool after = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("====")) {
      cases.emplace_back();
      after = false;
    } else if (line.starts_with("----")) {
      after = true;
    } else if (after) {
      cases.back().after += line + "\n";
    } else if (line.starts_with("//") && cases.back().before.empty()) {
      cases.back().comment += line + "\n";
    } else {
      cases.back().before += line + "\n";
    }
  }
  return cases;
}

void write_cases(const std::filesystem::path& path, const std::vector<Case>& cases) {
  std::ofstream out(path);
  for (size_t i = 0; i < cases.size(); ++i)
    out << (i ? "====\n" : "") << cases[i].comment << cases[i].before << "----\n" << cases[i].after;
}

}  // namespace

TEST_CASE("each pass turns the graphs of its text file into the expected ones") {
  const std::filesystem::path directory = HALITE_SOURCE_DIR "/tests/data/ir";
  size_t files = 0;
  for (const auto& [name, pass] : kPasses) {
    const auto path = directory / (name + ".ir");
    CAPTURE(name);
    REQUIRE(std::filesystem::exists(path));
    auto cases = read_cases(path);
    for (Case& c : cases) {
      CAPTURE(c.comment);
      auto parsed = parse(c.before);
      if (!parsed) FAIL(to_string(parsed.error()));
      Graph g = *parsed;
      pass(g);
      eliminate_dead(g);
      const auto valid = verify(g);
      if (!valid) FAIL(to_string(valid.error()));
      check_equivalent(*parsed, g, 1, rounding_of(name));
      const std::string after = print(g);
      if (std::getenv("BLESS")) c.after = after;
      CHECK(after == c.after);
    }
    if (std::getenv("BLESS")) write_cases(path, cases);
    ++files;
  }
  CHECK(files == kPasses.size());
}
