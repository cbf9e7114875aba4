// halite compile, run, verify, bench and inspect on a real model.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/halite_process.h"
#include "tools/npy.h"

namespace {

using halite::test::contents;
using halite::test::halite;
using halite::test::shell;
using halite::test::TempDir;
using Json = nlohmann::json;

const std::string kFolder = halite::test::model_folder("mnist_8");
const std::string kModel = kFolder + "/model.onnx";
const std::string kData = kFolder + "/test_data_set_0";

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool has(const std::vector<std::string>& files, const std::string& name) {
  return std::find(files.begin(), files.end(), name) != files.end();
}

TEST_CASE("compile leaves the object, the archive, both headers and the report, and says so as JSON") {
  const TempDir dir;
  const auto run =
      halite({"compile", kModel, "-o", dir.string(), "--name", "digits", "--no-cache", "--json"});
  REQUIRE_MESSAGE(run.status == 0, (run.out + run.err));
  CHECK(dir.files() ==
        std::vector<std::string>{"digits.h", "digits.json", "digits.o", "halite.h", "libdigits.a"});
  const Json result = Json::parse(run.out).at("compiled").at(0);
  CHECK(result.at("name") == "digits");
  CHECK(result.at("code_bytes") > 0);
  CHECK(result.at("arena_bytes") >= result.at("arena_lower_bound"));
  CHECK(result.at("weights_bytes") >= 20000);
  CHECK(result.at("stack_bytes") > 0);
  CHECK(result.at("macs") > 100000);
  CHECK(!result.at("steps").empty());
  const Json report = Json::parse(contents(dir / "digits.json"));
  CHECK(report.at("arena_bytes") == result.at("arena_bytes"));
}

TEST_CASE("compiling twice gives the same bytes, from the cache too") {
  const TempDir dir;
  for (const char* out : {"a", "b"}) {
    REQUIRE(halite({"compile", kModel, "-o", dir / out, "--cache-dir", dir / "cache"}).status == 0);
  }
  REQUIRE(halite({"compile", kModel, "-o", dir / "c", "--no-cache", "-j", "1"}).status == 0);
  for (const std::string file : {"model.o", "libmodel.a", "model.h", "halite.h"}) {
    CAPTURE(file);
    const std::string first = contents(dir / ("a/" + file));
    CHECK(!first.empty());
    const bool cached_is_equal = contents(dir / ("b/" + file)) == first;
    const bool one_thread_is_equal = contents(dir / ("c/" + file)) == first;
    CHECK(cached_is_equal);
    CHECK(one_thread_is_equal);
  }
  auto report = [&](const std::string& out) {  // but for how long it took
    Json json = Json::parse(contents(dir / (out + "/model.json")));
    json.erase("compile_seconds");
    return json;
  };
  CHECK(report("a") == report("b"));
  CHECK(report("a") == report("c"));
}

TEST_CASE("several targets have a directory each, and a configuration file can name them") {
  const TempDir dir;
  std::ofstream(dir / "c.json")
      << R"({"target": ["x86-64", "cortex-m4"], "optimize": "size", "name": "net"})";
  const auto run = halite({"compile", kModel, "--config", dir / "c.json", "-o", dir / "out"});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  CHECK(has(dir.files(), "out/x86-64/net.o"));
  CHECK(has(dir.files(), "out/cortex-m4/net.o"));
  CHECK(mentions(run.out, "net for cortex-m4"));
}

TEST_CASE("separate weights, assembly, LLVM and Halide text are written if asked for") {
  const TempDir dir;
  const auto run =
      halite({"compile", kModel, "-o", dir.string(), "--weights", "separate", "--emit", "asm,llvm,stmt"});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  const auto files = dir.files();
  CHECK(has(files, "model.weights"));
  CHECK(files.size() == 5 + 1 + 3);
}

TEST_CASE("a full disk is an error, and no file is left half written") {
  const TempDir dir;
  const auto limited =
      shell("ulimit -f 8; \"$HALITE\" compile '" + kModel + "' --no-cache -o '" + dir.string() + "'");
  CHECK(limited.status != 0);
  for (const std::string& file : dir.files()) {
    CAPTURE(file);
    CHECK_FALSE(mentions(file, ".o"));
    CHECK_FALSE(mentions(file, ".a"));
    CHECK_FALSE(mentions(file, "part"));
  }
}

TEST_CASE("an output directory that cannot be made is an error that names it") {
  const auto run = halite({"compile", kModel, "-o", "/dev/null/out"});
  CHECK(run.status == 1);
  CHECK(mentions(run.err, "/dev/null/out"));
}

TEST_CASE("verify agrees by JIT, by the reference semantics and ahead of time") {
  const auto run = halite({"verify", kModel, "--data", kData, "--interpret", "--target", "host", "--json"});
  CHECK(run.status == 0);
  const Json json = Json::parse(run.out);
  CHECK(json.at("agrees") == true);
  CHECK(json.at("results").size() == 2);
  const auto jit = halite({"verify", kModel, "--data", kData});
  CHECK(jit.status == 0);
  CHECK(mentions(jit.out, "jit: agrees"));
  const std::string last = jit.out.substr(jit.out.rfind('\n', jit.out.size() - 2) + 1);
  CHECK(last == "agreed: 1 of 1 agree with the expected outputs (1 inference)\n");
}

// The data folder with its expected output changed in one element.
void copy_with_error(const TempDir& dir, double value) {
  std::filesystem::copy(kData + "/input_0.npy", dir / "input_0.npy");
  auto want = halite::tools::read_npy(kData + "/output_0.npy");
  REQUIRE(want);
  want->set(3, value);
  REQUIRE(halite::tools::write_npy(dir / "output_0.npy", *want));
}

TEST_CASE("verify names the first element that differs, and ends with 1") {
  const TempDir dir;
  copy_with_error(dir, 12345);
  const auto run = halite({"verify", kModel, "--data", dir.string(), "--interpret"});
  CHECK(run.status == 1);
  CHECK(mentions(run.out, "[0,3]"));
  CHECK(mentions(run.out, "12345"));
  CHECK(mentions(run.out, "DIFFERS: 0 of 1 agree"));
  CHECK(halite({"verify", kModel, "--data", dir.string(), "--interpret", "--atol", "1e6"}).status == 0);
}

TEST_CASE("an expected NaN is not met by a number") {
  const TempDir dir;
  copy_with_error(dir, std::numeric_limits<double>::quiet_NaN());
  const auto run =
      halite({"verify", kModel, "--data", dir.string(), "--interpret", "--json", "--atol", "1e9"});
  CHECK(run.status == 1);
  CHECK(Json::parse(run.out).at("results").at(0).at("outputs").at(0).at("differ") == 1);
}

TEST_CASE("a file with one more leading dimension is a sequence of inferences") {
  const TempDir dir;
  for (const char* name : {"input_0.npy", "output_0.npy"}) {
    std::vector<std::byte> bytes;
    halite::ir::Type type;
    for (const char* set : {"/test_data_set_0/", "/test_data_set_1/", "/test_data_set_2/"}) {
      auto one = halite::tools::read_npy(kFolder + set + name);
      REQUIRE(one);
      type = one->type();
      bytes.insert(bytes.end(), one->bytes().begin(), one->bytes().end());
    }
    type.shape.insert(type.shape.begin(), 3);
    REQUIRE(halite::tools::write_npy(dir / name, halite::ir::Tensor(type, bytes)));
  }
  const auto run = halite({"verify", kModel, "--data", dir.string(), "--target", "host"});
  CHECK_MESSAGE(run.status == 0, (run.out + run.err));
  CHECK(mentions(run.out, "(3 inferences)"));
  const auto out = halite({"run", kModel, "--data", dir.string(), "-o", dir / "out", "--json"});
  CHECK(out.status == 0);
  CHECK(Json::parse(out.out).at("outputs").at(0).at("shape") == Json::array({3, 1, 10}));
}

TEST_CASE("run writes outputs, every tensor in between, and the time of every step") {
  const TempDir dir;
  const auto run = halite(
      {"run", kModel, "--input", kData + "/input_0.npy", "-o", dir / "out", "--dump-tensors", dir / "t"});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  CHECK(has(dir.files(), "out/output_0.npy"));
  CHECK(dir.files().size() > 3);
  const auto interpreted =
      halite({"run", kModel, "--data", kData, "--interpret", "--dump-tensors", dir / "i"});
  CHECK(interpreted.status == 0);
  const auto profile = halite({"run", kModel, "--data", kData, "--profile", "--json"});
  REQUIRE(profile.status == 0);
  CHECK(Json::parse(profile.out).at("profile").at(0).at("us") > 0);
  CHECK(halite({"run", kModel, "--data", kData, "--profile", "--dump-tensors", dir / "x"}).status == 1);
}

TEST_CASE("bench measures as many runs as asked for, against the machine's peak") {
  const auto run = halite({"bench", kModel, "--runs", "7", "--warmup", "0.01", "--per-step", "--json"});
  REQUIRE_MESSAGE(run.status == 0, run.out);
  const Json json = Json::parse(run.out);
  CHECK(json.at("runs") == 7);
  CHECK(json.at("min_ms") > 0);
  CHECK(json.at("median_ms") >= json.at("min_ms"));
  CHECK(json.at("p90_ms") >= json.at("median_ms"));
  CHECK(json.at("peak_gflops") > 0.1);
  CHECK(json.at("share_of_peak") > 0);
  CHECK(!json.at("steps").empty());
}

TEST_CASE("inspect shows operators, steps and the memory plan, and draws it") {
  const TempDir dir;
  const auto run = halite({"inspect", kModel, "--svg", dir / "plan.svg", "--ir", dir / "ir"});
  REQUIRE_MESSAGE(run.status == 0, run.err);
  CHECK(mentions(run.out, "conv2d"));
  CHECK(mentions(run.out, "lower bound"));
  CHECK(mentions(contents(dir / "plan.svg"), "</svg>"));
  CHECK(mentions(contents(dir / "ir/00_imported.ir"), "graph"));
  const Json json = Json::parse(halite({"inspect", kModel, "--json"}).out);
  CHECK(json.at("operators").at("conv2d") == 2);
  CHECK(json.at("parameters") == 5994);
  CHECK(json.at("inputs").at(0).at("shape") == Json::array({1, 1, 28, 28}));
}

}  // namespace
