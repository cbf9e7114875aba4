// halite tune, --explain and --per-group: what they print and leave. That anything gets faster is not
// asserted.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/halite_process.h"
#include "tools/tuning_file.h"

namespace {

using halite::test::contents;
using halite::test::halite;
using halite::test::shell;
using halite::test::TempDir;
using namespace halite::tools;
using Json = nlohmann::json;

const std::string kFolder = halite::test::model_folder("mnist_8");
const std::string kModel = kFolder + "/model.onnx";
const std::string kData = kFolder + "/test_data_set_0";
const std::string kPluginSource = HALITE_SOURCE_DIR "/../shared/tools/insn-count";

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("tune leaves a file that compile, verify, run and bench take without complaint") {
  const TempDir dir;
  const auto tuned = halite({"tune", kModel, "-o", dir / "t", "--budget", "20s", "--tiles", "1", "--json"});
  REQUIRE_MESSAGE(tuned.status == 0, tuned.out);
  // Progress is for terminals. AddressSanitizer may say there that Halide switches stacks when it compiles.
  CHECK_MESSAGE(!mentions(tuned.err, "Tuning"), tuned.err);
  CHECK_MESSAGE(!mentions(tuned.err, "Compiling"), tuned.err);
  const Json result = Json::parse(tuned.out);
  CHECK(result.at("groups") > 1);
  CHECK(result.at("rounds") <= result.at("all_rounds"));
  CHECK(result.at("unit") == "us");
  const auto file = parse_tuning(contents(dir / "t"), "t");
  REQUIRE(file);
  CHECK(file->target == "host");
  CHECK(file->lines.size() == result.at("tuned").size());
  for (const std::vector<std::string>& rest : {std::vector<std::string>{"compile", kModel, "-o", dir / "out"},
                                               {"verify", kModel, "--data", kData},
                                               {"run", kModel, "--data", kData},
                                               {"bench", kModel, "--runs", "2", "--no-peak"}}) {
    auto arguments = rest;
    arguments.insert(arguments.end(), {"--tuning", dir / "t"});
    const auto run = halite(arguments);
    CHECK_MESSAGE(run.status == 0, run.err);
    CHECK_MESSAGE(!mentions(run.err, "warning"), run.err);
  }
}

TEST_CASE("a budget that does not parse, two targets and a place that cannot be written are refused") {
  const TempDir dir;
  for (const char* budget : {"5", "m", "-1m", "0s", "5 m", "5d", "1e9h"}) {
    const auto run = halite({"tune", kModel, "-o", dir / "t", std::string("--budget=") + budget});
    CHECK(run.status == 1);
    CHECK_MESSAGE(mentions(run.err, "--budget: found '" + std::string(budget) + "'; expected a time"),
                  run.err);
  }
  const auto two = halite({"tune", kModel, "-o", dir / "t", "--target", "host", "--target", "arm64"});
  CHECK(two.status == 1);
  CHECK(mentions(two.err, "for one target"));
  CHECK(halite({"tune", kModel, "-o", dir / "no/t", "--budget", "1s", "--tiles", "0"}).status == 1);
  CHECK(halite({"tune", kModel}).status == 2);
  CHECK(dir.files().empty());
}

TEST_CASE("tune counts instructions for targets that this machine cannot run") {
  if (!std::filesystem::exists(kPluginSource) || shell("qemu-aarch64 --version").status != 0) {
    MESSAGE("skipped: needs " << kPluginSource << " and qemu-aarch64");
    return;
  }
  const TempDir dir;
  REQUIRE(shell("sh " + kPluginSource + "/build.sh " + dir.string()).status == 0);
  const auto tuned = halite({"tune", kModel, "-o", dir / "t", "--target", "arm64", "--instructions",
                             dir / "insn_count.so", "--tiles", "1", "--json"});
  REQUIRE_MESSAGE(tuned.status == 0, tuned.out);
  const Json result = Json::parse(tuned.out);
  CHECK(result.at("unit") == "instructions");
  CHECK(result.at("rounds") == result.at("all_rounds"));
  CHECK(result.at("gain") >= 1);  // counts are exact: what is kept wins
  const auto file = parse_tuning(contents(dir / "t"), "t");
  REQUIRE(file);
  CHECK(file->target == "arm64");
}

TEST_CASE("compile explains what was considered for each group") {
  const TempDir dir;
  const auto run = halite({"compile", kModel, "-o", dir.string(), "--explain", "--json"});
  REQUIRE(run.status == 0);
  const Json rows = Json::parse(run.out).at("compiled").at(0).at("explained");
  size_t convolutions = 0;
  for (const Json& row : rows) {
    CHECK(!row.at("steps").empty());
    if (!row.at("group").get<std::string>().starts_with("conv2d")) continue;
    ++convolutions;
    CHECK(row.at("macs") > 0);
    CHECK(row.at("cycles") > 0);
    CHECK(row.at("predicted_share_of_peak") > 0);
    CHECK(row.at("tile").is_string());
    CHECK(row.at("bound") != "unknown");
    CHECK(row.at("considered").at(0).at("strategy") == row.at("strategy"));
  }
  CHECK(convolutions == 2);
  const auto text = halite({"compile", kModel, "-o", dir.string(), "--explain"});
  CHECK(mentions(text.out, "bound by"));
  CHECK(mentions(text.out, "considered"));
}

TEST_CASE("bench times groups together, and sets what is measured beside what was predicted") {
  const auto run = halite({"bench", kModel, "--runs", "5", "--per-group", "--explain", "--json"});
  REQUIRE(run.status == 0);
  const Json json = Json::parse(run.out);
  CHECK(!json.at("machine").get<std::string>().empty());
  double share = 0;
  for (const Json& row : json.at("groups")) {
    CHECK(row.at("min_us") <= row.at("median_us"));
    CHECK(row.at("bytes") > 0);
    share += row.at("share").get<double>();
  }
  CHECK(share == doctest::Approx(1));
  CHECK(json.at("explained").size() == json.at("groups").size());
  CHECK(json.at("explained").at(0).contains("measured_share_of_peak"));
  const auto refused = halite({"bench", kModel, "--instructions", "x.so", "--per-group"});
  CHECK(refused.status == 1);
  CHECK(mentions(refused.err, "leave --per-group and --explain out"));
}

}  // namespace
