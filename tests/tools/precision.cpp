// --precision on a real model: its answers against those of f32, by the interpreter, on this machine and on
// one that computes with f16; what the report says; where it is refused.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "targets/target.h"
#include "tests/support/halite_process.h"

namespace {

using halite::test::halite;
using halite::test::shell;
using halite::test::TempDir;
using Json = nlohmann::json;

const std::string kFolder = halite::test::model_folder("mnist_8");
const std::string kModel = kFolder + "/model.onnx";
const std::string kData = kFolder + "/test_data_set_0";
/// The largest of the expected outputs is 6575: 3 in 1000 of it.
const std::string kTolerance = "19";

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> verify(std::vector<std::string> more, const std::string& precision = "f16") {
  std::vector<std::string> command{"verify",  kModel,   "--data", kData,    "--precision",
                                   precision, "--rtol", "0",      "--atol", kTolerance};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

TEST_CASE("f16 answers as f32 does within 3 in 1000 of the largest output, and rounds at all") {
  const auto interpreted = halite(verify({"--interpret"}));
  CHECK_MESSAGE(interpreted.status == 0, (interpreted.out + interpreted.err));
  const auto exact = halite({"verify", kModel, "--data", kData, "--precision", "f16", "--interpret"});
  CHECK(exact.status == 1);
  if (halite::targets::find("host")->facts.converts_f16) {
    const auto here = halite(verify({"--no-cache"}));
    CHECK_MESSAGE(here.status == 0, (here.out + here.err));
  }
  if (shell("qemu-aarch64 --version").status != 0) {
    MESSAGE("skipped: needs qemu-aarch64");
    return;
  }
  for (const char* target : {"arm64-v8.2", "arm64"}) {
    const auto there = halite(verify({"--target", target, "--no-cache"}));
    CHECK_MESSAGE(there.status == 0, (there.out + there.err));
  }
}

TEST_CASE("bf16 answers as f32 does within 3 in 1000 of the largest output, by dot products") {
  const auto interpreted = halite(verify({"--interpret"}, "bf16"));
  CHECK_MESSAGE(interpreted.status == 0, (interpreted.out + interpreted.err));
  const auto exact = halite({"verify", kModel, "--data", kData, "--precision", "bf16", "--interpret"});
  CHECK(exact.status == 1);
  const TempDir dir;
  const auto compiled =
      halite({"compile", kModel, "--precision", "bf16", "--target", "x86-64-v4", "--cpu", "znver4", "--name",
              "digits", "--no-cache", "--emit", "asm", "-o", dir / "out"});
  REQUIRE_MESSAGE(compiled.status == 0, (compiled.out + compiled.err));
  const std::string code = halite::test::contents(dir / "out/digits.s");
  CHECK(mentions(code, "vdpbf16ps"));
  CHECK(mentions(code, "ps2bf16"));
  if (!halite::targets::find("host")->facts.bf16_dot) {
    MESSAGE("skipped: the run, this machine has no products of bf16");
    return;
  }
  const auto here = halite(verify({"--no-cache"}, "bf16"));
  CHECK_MESSAGE(here.status == 0, (here.out + here.err));
}

TEST_CASE("the report names the precision and what stays f32, a configuration file asks for it") {
  const TempDir dir;
  std::ofstream(dir / "c.json") << R"({"precision": "f16", "target": "arm64-v8.2"})";
  const auto run = halite({"compile", kModel, "--config", dir / "c.json", "--name", "digits", "--no-cache",
                           "--emit", "asm", "-o", dir / "out"});
  REQUIRE_MESSAGE(run.status == 0, (run.out + run.err));
  CHECK(mentions(run.out, "f16; "));
  const Json report = Json::parse(halite::test::contents(dir / "out/digits.json"));
  CHECK(report.at("precision") == "f16");
  for (const Json& kept : report.at("kept_f32")) CHECK(!kept.at("why").get<std::string>().empty());
  CHECK(mentions(halite::test::contents(dir / "out/digits.h"), "for arm64-v8.2, in f16"));
  CHECK(mentions(halite::test::contents(dir / "out/digits.s"), ".8h"));
  const auto wide = halite({"compile", kModel, "--target", "arm64-v8.2", "--name", "digits", "--no-cache",
                            "--json", "-o", dir / "out"});
  const Json of_wide = Json::parse(wide.out).at("compiled").at(0);
  CHECK(of_wide.at("precision") == "f32");
  CHECK(!of_wide.contains("kept_f32"));
  CHECK(report.at("weights_bytes").get<double>() < 0.6 * of_wide.at("weights_bytes").get<double>());
}

TEST_CASE("f16 is refused where no instruction converts it, with the targets that have one") {
  for (const char* target : {"cortex-m4", "x86-64-v4", "riscv64"}) {
    const TempDir dir;
    const auto run =
        halite({"compile", kModel, "--precision", "f16", "--target", target, "-o", dir.string()});
    CHECK(run.status == 1);
    CHECK(mentions(run.err, std::string(target) + " has no instructions for f16; arm64-v8.2 computes"));
    CHECK(mentions(run.err, "arm64, arm64-none store it"));
    CHECK(dir.files().empty());
  }
}

TEST_CASE("bf16 is refused where no instruction multiplies it, with the CPUs that have one") {
  for (const char* target : {"x86-64-v4", "arm64-v8.2", "cortex-m4"}) {
    const TempDir dir;
    const auto run =
        halite({"compile", kModel, "--precision", "bf16", "--target", target, "-o", dir.string()});
    CHECK(run.status == 1);
    CHECK(mentions(run.err,
                   std::string(target) + " has no dot products of bf16; x86-64-v4 has them with --cpu"));
    CHECK(dir.files().empty());
  }
}

}  // namespace
