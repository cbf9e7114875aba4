// halite compile --emit firmware, and what verify says of a wrong answer on a target.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/halite_process.h"
#include "tools/npy.h"

namespace {

using halite::test::halite;
using halite::test::shell;
using halite::test::TempDir;
using Json = nlohmann::json;

const std::string kFolder = halite::test::model_folder("mnist_8");
const std::string kModel = kFolder + "/model.onnx";
const std::string kData = kFolder + "/test_data_set_0";

bool has_emulator() {
  const bool has = shell("qemu-system-arm --version").status == 0;
  if (!has) MESSAGE("skipped: qemu-system-arm is not installed");
  return has;
}

TEST_CASE("firmware is a complete image that runs and checks itself") {
  if (!has_emulator()) return;
  // Layer by layer each is a step; row by row the two convolutions and their pools are one.
  for (const auto& [rows, step] : {std::pair{"never", "step 0 Convolution28 (conv2d+relu): "},
                                   {"always", "step 0 Convolution110 (conv2d+relu, pool2d, "}}) {
    CAPTURE(rows);
    const TempDir dir;
    const auto run =
        halite({"compile", kModel, "--name", "digits", "-o", dir.string(), "--target", "cortex-m4", "--board",
                "mps2-an386", "--emit", "firmware", "--data", kData, "--json", "--rows", rows});
    REQUIRE_MESSAGE(run.status == 0, run.out);
    const Json compiled = Json::parse(run.out).at("compiled").at(0);
    CHECK(compiled.at("firmware") == dir / "digits.elf");
    const auto ran =
        shell("timeout 120 " + compiled.at("firmware_command").get<std::string>() + " </dev/null 2>&1");
    CHECK_MESSAGE(ran.status == 0, ran.out);
    CHECK_MESSAGE(ran.out.find(step) != std::string::npos, ran.out);
    CHECK(ran.out.find("output 0 Plus214_Output_0: ") != std::string::npos);
    CHECK(ran.out.find("self-test passed") != std::string::npos);
  }
}

TEST_CASE("firmware for a board that the target does not have is refused") {
  const TempDir dir;
  const auto other = halite({"compile", kModel, "-o", dir.string(), "--target", "cortex-m4", "--board",
                             "mps3-an547", "--emit", "firmware"});
  CHECK(other.status == 1);
  CHECK(other.err.find("--board: found 'mps3-an547'; the board of cortex-m4 is mps2-an386") !=
        std::string::npos);
}

TEST_CASE("verify tells a wrong answer of a target from wrong expectations") {
  if (!has_emulator()) return;
  const TempDir dir;
  REQUIRE(shell("cp " + kData + "/input_0.npy " + dir.string()).status == 0);
  auto output = *halite::tools::read_npy(kData + "/output_0.npy");
  output.set(3, output.at(3) + 5);
  REQUIRE(halite::tools::write_npy(dir / "output_0.npy", output));
  const auto run = halite({"verify", kModel, "--data", dir.string(), "--target", "cortex-m4"});
  CHECK(run.status == 1);
  CHECK_MESSAGE(run.out.find("first step that differs: none: each step computes there") != std::string::npos,
                run.out);
}

}  // namespace
