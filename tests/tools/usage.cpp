// Exit statuses and messages of a command line that is wrong, before any model is compiled.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/halite_process.h"

namespace {

using halite::test::halite;
using halite::test::shell;
using halite::test::TempDir;
using Json = nlohmann::json;

const std::string kModel = halite::test::model_folder("mnist_8") + "/model.onnx";
const std::string kData = halite::test::model_folder("mnist_8") + "/test_data_set_0";

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("help and version end with 0 and name every subcommand") {
  const auto help = halite({"--help"});
  CHECK(help.status == 0);
  for (const char* name : {"compile", "run", "verify", "bench", "tune", "inspect", "targets", "operators"}) {
    CHECK(mentions(help.out, name));
    CHECK(halite({name, "--help"}).status == 0);
  }
  CHECK(halite({"--version"}).status == 0);
}

TEST_CASE("operators are listed by format and name") {
  const auto run = halite({"operators", "--json"});
  CHECK(run.status == 0);
  const Json list = Json::parse(run.out).at("operators");
  const Json conv{{"format", "onnx"}, {"name", "Conv"}, {"kind", "operator"}};
  CHECK(std::count(list.begin(), list.end(), conv) == 1);
}

TEST_CASE("a command line that does not parse ends with 2 and says where help is") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"compile"},
                                                    {"compil", kModel},
                                                    {"compile", kModel, "--no-such-option"},
                                                    {"verify", kModel},
                                                    {"bench", kModel, "--threads", "many"},
                                                    {"compile", kModel, "--optimize", "beauty"},
                                                    {"run", kModel, "--data", "a", "--input", "b"}}) {
    const auto run = halite(arguments);
    CAPTURE(run.err);
    CHECK(run.status == 2);
    CHECK(mentions(run.err, "--help"));
    CHECK(run.out.empty());
  }
}

TEST_CASE("usage errors are JSON if --json is asked for") {
  const auto run = halite({"compile", kModel, "--json", "--no-such-option"});
  CHECK(run.status == 2);
  const Json error = Json::parse(run.out).at("error");
  CHECK(error.at("code") == "usage");
  CHECK(mentions(error.at("message"), "--no-such-option"));
}

TEST_CASE("a target that does not exist is refused with the nearest name") {
  const auto run = halite({"compile", kModel, "--target", "cortex-m44"});
  CHECK(run.status == 1);
  CHECK(mentions(run.err, "there is no target 'cortex-m44'"));
  CHECK(mentions(run.err, "Did you mean cortex-m4?"));
  const auto json = halite({"compile", kModel, "--target", "zzzzzzzzzzzzzzz", "--json"});
  CHECK(json.status == 1);
  const Json error = Json::parse(json.out).at("error");
  CHECK(error.at("code") == "invalid-input");
  CHECK(error.at("where") == "--target");
  CHECK_FALSE(mentions(error.at("message"), "Did you mean"));
}

TEST_CASE("a model that is not there, or is a directory, is an error of the user's") {
  for (const char* command : {"compile", "bench", "inspect"}) {
    const auto run = halite({command, "/nonexistent/model.onnx"});
    CHECK(run.status == 1);
    CHECK(mentions(run.err, "/nonexistent/model.onnx"));
  }
  CHECK(halite({"inspect", "/"}).status == 1);
  CHECK(halite({"inspect", "/dev/null"}).status == 1);
}

TEST_CASE("a shape that does not parse, or is of no input, is refused with an example") {
  const TempDir dir;
  for (const char* shape : {"Input3", "Input3=", "Input3=1x", "Input3=0x3", "=1x3", "Input3=1y3",
                            "Input3=99999999999999999999"}) {
    const auto run = halite({"compile", kModel, "--shape", shape, "-o", dir.string()});
    CAPTURE(shape);
    CHECK(run.status == 1);
    CHECK(mentions(run.err, "data=1x3x224x224"));
  }
  CHECK(halite({"compile", kModel, "--shape", "a=1", "--shape", "a=2", "-o", dir.string()}).status == 1);
  CHECK(dir.files().empty());
}

TEST_CASE("numbers of bytes that do not parse are refused with an example, by every option that takes them") {
  const TempDir dir;
  for (const char* option : {"--max-ram", "--max-flash"}) {
    for (const char* bytes : {"64k", "0", "-1", "K", "1.5M", "64 K", "64KB", "1G", "99999999999999999999",
                              "1099511627776", "x"}) {
      const auto run = halite({"compile", kModel, option + std::string("=") + bytes, "-o", dir.string()});
      CAPTURE(bytes);
      CHECK(run.status == 1);
      CHECK_MESSAGE(mentions(run.err, std::string(option) + ": found '" + bytes + "'"), run.err);
      CHECK(mentions(run.err, "65536, 64K or 1M"));
    }
  }
  for (const char* memory : {"sram", "sram:", "sram:64k", "sram:64K@slow", "sram:64K@", "@fast", "sram@fast",
                             ":64K", "a-b:64K", "sram:0@fast"}) {
    const auto run = halite({"compile", kModel, "--memory", memory, "-o", dir.string()});
    CAPTURE(memory);
    CHECK(run.status == 1);
    CHECK_MESSAGE(mentions(run.err, "--memory: "), run.err);
    CHECK(mentions(run.err, "expected a"));
  }
  CHECK(dir.files().empty());
}

TEST_CASE("a CPU or feature that LLVM does not know is refused with the names near it") {
  const TempDir dir;
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"compile", kModel, "-o", dir.string()});
    const auto run = halite(arguments);
    CHECK(run.status == 1);
    return run.err;
  };
  const auto cpu = refused({"--target", "cortex-m4", "--cpu", "cortex-m44"});
  CHECK_MESSAGE(mentions(cpu, "--cpu: LLVM knows no CPU 'cortex-m44' for cortex-m4; near it are "), cpu);
  CHECK(mentions(cpu, "cortex-m4"));
  CHECK(mentions(refused({"--target", "arm64", "--cpu", "a710"}), "near it are cortex-a710"));
  CHECK(mentions(refused({"--target", "riscv64", "--cpu", "zzzzzzzzzz"}), "nor one with a similar name"));
  const auto feature = refused({"--target", "cortex-m33", "--features", "+dps"});
  CHECK_MESSAGE(mentions(feature, "--features: LLVM knows no feature 'dps' for cortex-m33; near it are "),
                feature);
  CHECK(mentions(feature, "dsp"));
  CHECK(mentions(refused({"--target", "cortex-m33", "--features", "dsp"}), "as in +a,-b"));
  CHECK(dir.files().empty());
}

TEST_CASE("a name that is no C identifier is refused") {
  const TempDir dir;
  const auto run = halite({"compile", kModel, "--name", "2nd-net", "-o", dir.string()});
  CHECK(run.status == 1);
  CHECK(mentions(run.err, "C identifier"));
  CHECK(halite({"compile", kModel, kModel, "--name", "net", "-o", dir.string()}).status == 1);
  CHECK(halite({"compile", kModel, kModel, "-o", dir.string()}).status == 1);
  CHECK(dir.files().empty());
}

TEST_CASE("a precision that is none is refused") {
  const auto run = halite({"compile", kModel, "--precision", "f8", "--json"});
  CHECK(run.status == 2);
}

TEST_CASE("a configuration file with an unknown key, a bad value or bad JSON is refused with the reason") {
  const TempDir dir;
  auto error_of = [&](const std::string& text) {
    std::ofstream(dir / "c.json") << text;
    const auto run = halite({"compile", kModel, "--config", dir / "c.json", "-o", dir / "out"});
    CHECK(run.status == 1);
    return run.err;
  };
  CHECK(mentions(error_of("{\"optimise\": \"size\"}"), "found the key \"optimise\""));
  CHECK(mentions(error_of("{\"optimise\": \"size\"}"), "optimize"));
  CHECK(mentions(error_of("{\"optimize\": \"beauty\"}"), "beauty"));
  CHECK(mentions(error_of("{\"optimize\": {}}"), "must be a string"));
  CHECK(mentions(error_of("{\"shape\": {\"a\": 1}}"), "array of extents"));
  CHECK(mentions(error_of("not json"), "is not JSON"));
  CHECK(mentions(error_of("[]"), "JSON object"));
}

TEST_CASE("data folders that lack files, or hold tensors of another type, are refused with both types") {
  const TempDir dir;
  CHECK(mentions(halite({"verify", kModel, "--data", dir / "none"}).err, "is not a directory"));
  const auto empty = halite({"verify", kModel, "--data", dir.string()});
  CHECK(empty.status == 1);
  CHECK(mentions(empty.err, "input_0.npy"));
  std::filesystem::copy(kData + "/output_0.npy", dir / "input_0.npy");
  const auto wrong = halite({"verify", kModel, "--data", dir.string()});
  CHECK(wrong.status == 1);
  CHECK(mentions(wrong.err, "f32[1,10]"));
  CHECK(mentions(wrong.err, "f32[1,1,28,28]"));
}

TEST_CASE("run says how many inputs the model has, and which") {
  const auto run = halite({"run", kModel});
  CHECK(run.status == 1);
  CHECK(mentions(run.err, "Input3 f32[1,1,28,28]"));
}

TEST_CASE("targets are listed with their facts, as text and as JSON") {
  const auto text = halite({"targets"});
  CHECK(text.status == 0);
  CHECK(mentions(text.out, "cortex-m4"));
  const auto run = halite({"targets", "--json"});
  const Json json = Json::parse(run.out);
  CHECK(json.at("targets").size() >= 18);
  for (const Json& t : json.at("targets")) {
    CHECK(t.at("name").is_string());
    CHECK(t.at("triple").is_string());
    CHECK(t.at("runs_here").is_boolean());
    CHECK(t.at("facts").at("vector_bits").is_number());
  }
}

TEST_CASE("an answer that cannot be written is an error") {
  CHECK(shell("\"$HALITE\" targets >/dev/full").status == 1);
  CHECK(shell("\"$HALITE\" targets --json >/dev/full").status == 1);
}

TEST_CASE("nothing of a progress line reaches a pipe") {
  const auto run = halite({"verify", kModel, "--data", kData, "--interpret"});
  CHECK(run.status == 0);
  CHECK(run.err.find('\r') == std::string::npos);
  CHECK(run.out.find('\033') == std::string::npos);
}

}  // namespace
