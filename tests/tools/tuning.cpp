// Tuning files and forced strategies on the command line.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/halite_process.h"
#include "tools/tuning_file.h"

namespace {

using halite::test::contents;
using halite::test::halite;
using halite::test::TempDir;
using namespace halite::tools;
using Json = nlohmann::json;

const std::string kFolder = halite::test::model_folder("mnist_8");
const std::string kModel = kFolder + "/model.onnx";
const std::string kData = kFolder + "/test_data_set_0";

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a tuning's text can be read again") {
  Tuning tuning{"arm64", {}};
  tuning.lines["conv2d f32[1] -> f32[1] #1"] = {
      {"winograd4", ::halite::schedules::TileShape{8, 1, 3, 4, 4, 2}}, 1.25};
  tuning.lines["matmul f32[1] -> f32[1] #2"] = {{"tiles", {}}, 0};
  const std::string text = to_text(tuning);
  CHECK(mentions(text, "\nconv2d f32[1] -> f32[1] #1 : winograd4 tile=8x1x3x4/4/2 gain=1.25\n"));
  CHECK(mentions(text, "\nmatmul f32[1] -> f32[1] #2 : tiles\n"));
  const auto read = parse_tuning(text, "f");
  REQUIRE(read);
  CHECK(read->target == "arm64");
  CHECK(to_text(*read) == text);
}

TEST_CASE("a line of a tuning file that is none is an error that names it") {
  const auto error_of = [](const std::string& text) {
    const auto read = parse_tuning(text, "my.tuning");
    REQUIRE_FALSE(read);
    return to_string(read.error());
  };
  CHECK(mentions(error_of(""), "my.tuning: names no target"));
  CHECK(mentions(error_of("# nothing\n"), "names no target"));
  CHECK(mentions(error_of("a : direct\n"), "my.tuning:1: found 'a : direct'; expected the target"));
  for (const char* line :
       {"a", "a:direct", "a : ", " : direct", "a : direct fast", "a : tile=1x1x1x1", "a : direct tile=1x1",
        "a : direct gain=big", "a : direct gain=-1", "a : direct tile=1x1x1x1 tile=1x1x1x1"}) {
    const auto error = error_of("# comment\ntarget host\n\n" + std::string(line) + "\n");
    CHECK_MESSAGE(mentions(error, "my.tuning:4: found '" + std::string(line) + "'; expected a group's key"),
                  error);
  }
  CHECK(mentions(error_of("target host\na : x\na : y\n"),
                 "my.tuning:3: found 'a : y'; expected each group once"));
}

TEST_CASE("compile takes a tuning, says what of it is stale, and refuses what is none") {
  const TempDir dir;
  const auto compile = [&](const std::string& tuning) {
    std::ofstream(dir / "t") << tuning;
    return halite({"compile", kModel, "-o", dir / "out", "--tuning", dir / "t"});
  };
  const auto stale = compile("target host\nconv2d f32[1] -> f32[1] #0 : direct\n");
  CHECK(stale.status == 0);
  CHECK(mentions(stale.err, "warning: tuning: conv2d f32[1] -> f32[1] #0: the model has no such group"));
  const auto foreign = compile("target arm64\n");
  CHECK(foreign.status == 0);
  CHECK(mentions(foreign.err, "warning: tuning: no file is for host"));
  const auto bad = compile("target host\nnonsense\n");
  CHECK(bad.status == 1);
  CHECK(mentions(bad.err, "t:2: found 'nonsense'; expected a group's key"));
  CHECK(halite({"compile", kModel, "-o", dir / "out", "--tuning", dir / "none"}).status == 1);
}

TEST_CASE("a strategy that nothing offers is named with those that there are") {
  const TempDir dir;
  const auto run = halite({"compile", kModel, "-o", dir.string(), "--strategy", "winogard4"});
  CHECK(run.status == 0);
  CHECK(mentions(run.err, "warning: --strategy: nothing offers winogard4; there are "));
  CHECK(mentions(run.err, "direct"));
}

TEST_CASE("verify tries each strategy and other tiles, each of them by name") {
  const auto run = halite({"verify", kModel, "--data", kData, "--strategy", "each", "--json"});
  REQUIRE_MESSAGE(run.status == 0, run.out);
  const Json results = Json::parse(run.out).at("results");
  CHECK(results.size() > 1);
  CHECK(results.at(0).at("way") == "jit");
  std::string ways;
  for (const Json& r : results) ways += r.at("way").get<std::string>() + "\n";
  CHECK(mentions(ways, "jit choice 1\n"));
}

}  // namespace
