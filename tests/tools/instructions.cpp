// halite bench --instructions and tools/bench-mcu. The plugin is built from the source beside this project;
// where that or an emulator is missing, the case is skipped.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/halite_process.h"

namespace {

using halite::test::halite;
using halite::test::shell;
using halite::test::TempDir;
using Json = nlohmann::json;

const std::string kFolder = halite::test::model_folder("mnist_8");
const std::string kModel = kFolder + "/model.onnx";
const std::string kPluginSource = HALITE_SOURCE_DIR "/../shared/tools/insn-count";

bool can_count() {
  const bool can = std::filesystem::exists(kPluginSource) && shell("qemu-system-arm --version").status == 0;
  if (!can) MESSAGE("skipped: needs " << kPluginSource << " and qemu-system-arm");
  return can;
}

TEST_CASE("instructions are counted for the whole inference and for each step") {
  if (!can_count()) return;
  const TempDir dir;
  REQUIRE(shell("sh " + kPluginSource + "/build.sh " + dir.string()).status == 0);
  const auto run = halite({"bench", kModel, "--instructions", dir / "insn_count.so", "--target", "cortex-m4",
                           "--per-step", "--json"});
  REQUIRE_MESSAGE(run.status == 0, run.out);
  const Json result = Json::parse(run.out).at("results").at(0);
  const int64_t all = result.at("instructions"), macs = result.at("macs");
  CHECK(all > macs);
  CHECK(all < 20 * macs);
  int64_t sum = 0;
  for (const Json& step : result.at("steps")) sum += step.at("instructions").get<int64_t>();
  CHECK(std::abs(sum - all) < all / 100);
  CHECK(result.at("code_bytes") > 1000);
  CHECK(result.at("stack_bytes") > 100);
}

TEST_CASE("a plugin that is missing or none is refused in words") {
  const auto missing = halite({"bench", kModel, "--instructions", "/nowhere.so", "--target", "cortex-m4"});
  CHECK(missing.status == 1);
  CHECK(missing.err.find("/nowhere.so: is missing; expected a plugin of QEMU") != std::string::npos);
  if (!can_count()) return;
  const auto other = halite({"bench", kModel, "--instructions", kModel, "--target", "cortex-m4"});
  CHECK(other.status == 1);
  CHECK(other.err.find("cortex-m4: the program on the target ended with exit code") != std::string::npos);
}

TEST_CASE("bench-mcu prints a row for each model and board, and names what it cannot compile") {
  if (!can_count()) return;
  const std::string tool = "HALITE=$HALITE " HALITE_SOURCE_DIR "/tools/bench-mcu ";
  const auto table = shell(tool + "--boards cortex-m33,cortex-m55 " + kFolder);
  REQUIRE_MESSAGE(table.status == 0, table.err);
  CHECK(table.out.find("mnist_8  cortex-m33") != std::string::npos);
  CHECK(table.out.find("mnist_8  cortex-m55") != std::string::npos);
  const auto json = shell(tool + "--json --boards cortex-m33,cortex-m55 " + kFolder);
  REQUIRE(json.status == 0);
  CHECK(Json::parse(json.out).at("results").size() == 2);
  const TempDir dir;
  REQUIRE(shell("echo nonsense > " + (dir / "model.onnx")).status == 0);
  const auto bad = shell(tool + "--boards cortex-m33 " + (dir / "model.onnx"));
  CHECK(bad.status == 1);
  CHECK(bad.err.find("model.onnx, cortex-m33: ") != std::string::npos);
}

}  // namespace
