// --shape and --range on a model whose first axis is free: y = relu(x), of any number of rows of four.
#include "tools/shapes.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/error_text.h"
#include "tests/support/halite_process.h"
#include "tools/npy.h"

namespace {

using halite::test::halite;
using halite::test::TempDir;
using Json = nlohmann::json;
namespace ir = halite::ir;
namespace tools = halite::tools;

// Protocol buffers, as much as an ONNX file needs (https://protobuf.dev/programming-guides/encoding).
std::string text(int field, const std::string& bytes) {
  return std::string{char(field << 3 | 2), char(bytes.size())} + bytes;  // of less than 128 bytes
}
std::string number(int field, int value) { return {char(field << 3), char(value)}; }

std::string value_info(const std::string& name) {
  const std::string shape = text(1, text(2, "batch")) + text(1, number(1, 4));
  return text(1, name) + text(2, text(1, number(1, 1) + text(2, shape)));
}

std::string relu_model() {
  const std::string node = text(1, "x") + text(2, "y") + text(4, "Relu");
  const std::string graph =
      text(1, node) + text(2, "g") + text(11, value_info("x")) + text(12, value_info("y"));
  return number(1, 8) + text(7, graph) + text(8, number(2, 17));
}

/// The model, and input_0.npy and output_0.npy of so many rows.
struct Case {
  explicit Case(int64_t rows) {
    std::ofstream(model, std::ios::binary) << relu_model();
    const ir::Type type{ir::DType::f32, {rows, 4}, {}};
    auto x = ir::Tensor::zeros(type), y = ir::Tensor::zeros(type);
    for (int64_t i = 0; i < 4 * rows; ++i) {
      x.set(i, i % 2 ? -double(i) : double(i));
      y.set(i, i % 2 ? 0 : double(i));
    }
    REQUIRE(tools::write_npy(dir / "input_0.npy", x));
    REQUIRE(tools::write_npy(dir / "output_0.npy", y));
  }
  TempDir dir;
  std::string model = dir / "relu.onnx";
};

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<tools::Assignment> assigned(const std::vector<std::string>& shapes,
                                        const std::vector<std::string>& ranges = {}) {
  const auto found = tools::assignments_of(shapes, ranges);
  REQUIRE_MESSAGE(found, error_text(found));
  return *found;
}

TEST_CASE("symbols take every value, the largest first; shapes given several times are taken together") {
  CHECK(assigned({}) == std::vector<tools::Assignment>{{}});
  CHECK(assigned({"a=Nx2", "b=N"}, {"N=1..2"}) ==
        std::vector<tools::Assignment>{{{{"a", {2, 2}}, {"b", {2}}}, {}}, {{{"a", {1, 2}}, {"b", {1}}}, {}}});
  CHECK(assigned({"a=BxT"}, {"T=16..40:8", "B=3..3"}) ==
        std::vector<tools::Assignment>{
            {{{"a", {3, 40}}}, {}}, {{{"a", {3, 32}}}, {}}, {{{"a", {3, 24}}}, {}}, {{{"a", {3, 16}}}, {}}});
  CHECK(assigned({"a=1x2", "b=7", "c=1", "a=1x3", "c=2"}) ==
        std::vector<tools::Assignment>{{{{"a", {1, 2}}, {"b", {7}}, {"c", {1}}}, {}},
                                       {{{"a", {1, 3}}, {"b", {7}}, {"c", {2}}}, {}}});
  CHECK(assigned({"a=Nx2"}, {"N=4..4", "M=1..2"}) ==
        std::vector<tools::Assignment>{{{{"a", {4, 2}}}, {{"M", 2}}}, {{{"a", {4, 2}}}, {{"M", 1}}}});
  CHECK(assigned({"a=BxT"}, {"T=1..8", "B=1..8"}).size() == 64);
}

TEST_CASE("ranges and shapes that make no sense are refused, with what was expected") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"--shape", "x=Nx4"}, "expected its values too, as in --range N=1..8"},
      {{"--range", "N=1..8"}, "'N' is in no --shape, and the model's names for axes are 'batch'"},
      {{"--shape", "x=Nx4", "--range", "M=1..8"}, "'N' is a symbol in a shape"},
      {{"--shape", "x=Nx4", "--range", "N=1..8", "--range", "M=1..2"},
       "'M' is in no --shape, and the model's names for axes are 'batch'"},
      {{"--shape", "x=Nx4", "--range", "N=0..8"}, "from 1 up"},
      {{"--shape", "x=Nx4", "--range", "N=8..1"}, "expected a symbol of a --shape"},
      {{"--shape", "x=Nx4", "--range", "N=1..8:0"}, "expected a symbol of a --shape"},
      {{"--shape", "x=Nx4", "--range", "N=8"}, "expected a symbol of a --shape"},
      {{"--shape", "x=Nx4", "--range", "N=1..2", "--range", "N=1..3"}, "'N' is given twice"},
      {{"--shape", "x=Nx4", "--range", "N=1..65"}, "one object can hold 64: take a step"},
      {{"--shape", "x=NxM", "--range", "N=1..13", "--range", "M=1..5"}, "found 65 shapes"},
      {{"--shape", "x=1x4", "--shape", "x=1x4"}, "the shapes x 1x4 are given twice"},
      {{"--shape", "x=1x4", "--shape", "x=2x4", "--shape", "z=1", "--shape", "z=2", "--shape", "z=3"},
       "as many for each"},
      {{"--shape", "z=Nx4", "--range", "N=1..2"}, "'z' is given, but the model's inputs are 'x'"},
      {{"--shape", "x=Nx4x1", "--range", "N=1..2"}, "with x 2x4x1: the shape [2,4,1] is given"},
  };
  const Case one(1);
  for (const auto& [options, message] : wrong) {
    std::vector<std::string> arguments{"compile", one.model, "-o", one.dir / "out"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const auto run = halite(arguments);
    CAPTURE(run.err);
    CAPTURE(message);
    CHECK(run.status == 1);
    CHECK(mentions(run.err, message));
  }
}

TEST_CASE("a free first axis is 1, and every command says so") {
  const Case one(1);
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"compile", one.model, "-o", one.dir / "out"},
                                             {"run", one.model, "--data", one.dir.string()},
                                             {"verify", one.model, "--data", one.dir.string()},
                                             {"bench", one.model, "--runs", "1", "--no-peak"},
                                             {"inspect", one.model}}) {
    const auto run = halite(arguments);
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(mentions(run.err, "the first axis ('batch') is free and was set to 1"));
  }
}

TEST_CASE("one object for a range says so in its header, its report and on the command line") {
  const Case one(1);
  const auto run = halite(
      {"compile", one.model, "--shape", "x=Nx4", "--range", "N=1..8", "-o", one.dir / "out", "--json"});
  REQUIRE(run.status == 0);
  const Json compiled = Json::parse(run.out).at("compiled").at(0);
  REQUIRE(compiled.at("variants").size() == 8);
  CHECK(compiled.at("variants").at(0).at("shapes") == "x 8x4");
  const std::string header = halite::test::contents(one.dir / "out/relu.h");
  CHECK(mentions(header, "#define relu_VARIANTS 8u"));
  CHECK(mentions(header, " *   x 1x4\n"));
  const Json report = Json::parse(halite::test::contents(one.dir / "out/relu.json"));
  CHECK(report.at("variants").size() == 8);
  CHECK(report.at("variants").at(7).at("steps").size() == report.at("steps").size());
  CHECK(mentions(halite({"inspect", one.model, "--shape", "x=2x4", "--shape", "x=3x4"}).out, "x 3x4"));
}

TEST_CASE("a range may be of a name that the model has for an axis") {
  const Case three(3);
  const auto run =
      halite({"compile", three.model, "--range", "batch=2..4", "-o", three.dir / "out", "--json"});
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  CHECK_FALSE(mentions(run.err, "was set to 1"));
  CHECK(Json::parse(run.out).at("compiled").at(0).at("variants").size() == 3);
  CHECK(halite({"verify", three.model, "--range", "batch=2..4", "--data", three.dir.string()}).status == 0);
}

TEST_CASE("run, verify and bench take the shape of the data") {
  const Case three(3);
  const std::vector<std::string> range{"--shape", "x=Nx4", "--range", "N=1..4"};
  const auto with_range = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), range.begin(), range.end());
    return halite(arguments);
  };
  for (const auto& way : std::vector<std::vector<std::string>>{{},
                                                               {"--interpret"},
                                                               {"--target", "x86-64-v3"},
                                                               {"--target", "arm64"},
                                                               {"--target", "cortex-m4"}}) {
    std::vector<std::string> arguments{"verify", three.model, "--data", three.dir.string()};
    arguments.insert(arguments.end(), way.begin(), way.end());
    const auto run = with_range(arguments);
    CAPTURE(run.out);
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(mentions(run.out, "0 of 12 elements differ"));
  }
  const auto out = with_range({"run", three.model, "--data", three.dir.string(), "--json"});
  CHECK(Json::parse(out.out).at("outputs").at(0).at("shape") == Json::array({3, 4}));
  CHECK(with_range({"bench", three.model, "--data", three.dir.string(), "--runs", "1", "--no-peak"}).status ==
        0);
  const Case five(5);
  const auto refused = with_range({"run", five.model, "--data", five.dir.string()});
  CHECK(refused.status == 1);
  CHECK(mentions(refused.err, "and none of the other 3 shapes fits"));
}

TEST_CASE("a configuration file may hold ranges") {
  const Case one(1);
  std::ofstream(one.dir / "c.json") << R"({"shape": ["x=Nx4"], "range": ["N=2..6:2"]})";
  const auto run =
      halite({"compile", one.model, "--config", one.dir / "c.json", "-o", one.dir / "out", "--json"});
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  CHECK(Json::parse(run.out).at("compiled").at(0).at("variants").size() == 3);
}

}  // namespace
