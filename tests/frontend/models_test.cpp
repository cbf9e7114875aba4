// Real models with golden outputs, interpreted. The larger ones are imported and verified here; their numbers
// are checked by the tests of compiled code.
#include <doctest/doctest.h>

#include <cmath>

#include "frontend/import.h"
#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/support/npy.h"

using namespace halite;
namespace fs = std::filesystem;

namespace {

const fs::path kModels = fs::path(HALITE_SOURCE_DIR) / "../shared/models";

ir::Graph import_valid(const std::string& name) {
  std::vector<frontend::UnsupportedNode> unsupported;
  frontend::ImportOptions options;
  options.unsupported = &unsupported;
  auto graph = frontend::import_model(kModels / name / "model.onnx", options);
  for (const auto& node : unsupported) MESSAGE(frontend::to_string(node));
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto valid = ir::verify(*graph);
  const std::string fault = valid ? "" : to_string(valid.error());
  REQUIRE_MESSAGE(valid, fault);
  return *std::move(graph);
}

void check_close(const ir::Tensor& found, const ir::Tensor& golden, double rtol, double atol) {
  REQUIRE(found.type() == golden.type());
  double worst = 0;
  for (int64_t i = 0; i < golden.type().elements(); ++i)
    worst = std::max(worst, std::fabs(found.at(i) - golden.at(i)) - rtol * std::fabs(golden.at(i)));
  CHECK(worst <= atol);
}

void check_case(const ir::Graph& graph, const fs::path& data) {
  CAPTURE(data.filename().string());
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    inputs.push_back(test::read_npy(data / ("input_" + std::to_string(i) + ".npy")));
  const auto outputs = ir::interpret(graph, inputs);
  const std::string problem = outputs ? "" : to_string(outputs.error());
  REQUIRE_MESSAGE(outputs, problem);
  for (size_t i = 0; i < outputs->size(); ++i)
    check_close((*outputs)[i], test::read_npy(data / ("output_" + std::to_string(i) + ".npy")), 1e-3, 1e-4);
}

void check_model(const std::string& name) {
  CAPTURE(name);
  const ir::Graph graph = import_valid(name);
  for (const auto& entry : fs::directory_iterator(kModels / name))
    if (entry.is_directory()) check_case(graph, entry.path());
}

}  // namespace

TEST_CASE("the digit classifier gives the golden outputs") { check_model("mnist_8_onnx"); }

TEST_CASE("the speech denoiser with LSTM layers gives the golden outputs") { check_model("dtln_1_onnx_f32"); }

TEST_CASE("the vision transformer gives the golden outputs") { check_model("tiny_vit_synthetic_onnx"); }

TEST_CASE("all f32 models are imported as valid graphs") {
  for (const char* name : {"squeezenet_f32_onnx", "yolox_nano_onnx", "ultraface_rfb320_onnx",
                           "fastestdet_onnx", "super_resolution_10_onnx"}) {
    CAPTURE(name);
    const ir::Graph graph = import_valid(name);
    CHECK(graph.inputs.size() == 1);
    CHECK_FALSE(graph.is_constant(graph.outputs[0]));
  }
}

TEST_CASE("inputs and outputs keep the model's names and order") {
  const ir::Graph graph = import_valid("dtln_1_onnx_f32");
  CHECK(graph.value(graph.inputs[0]).name == "input_2");
  CHECK(graph.value(graph.inputs[1]).name == "input_3");
  CHECK(graph.value(graph.outputs[0]).name == "activation_2");
  CHECK(graph.value(graph.outputs[1]).name == "tf_op_layer_stack_2");
}
