// Real TFLite models and single operators with golden outputs of TFLite's own kernels, interpreted. Integers
// must be equal bit for bit.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "frontend/import.h"
#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/support/npy.h"

using namespace halite;
namespace fs = std::filesystem;

namespace {

const fs::path kModels = fs::path(HALITE_SOURCE_DIR) / "../shared/models";

ir::Graph import_valid(const fs::path& folder) {
  auto graph = frontend::import_model(folder / "model.tflite");
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto valid = ir::verify(*graph);
  const std::string fault = valid ? "" : to_string(valid.error());
  REQUIRE_MESSAGE(valid, fault);
  return *std::move(graph);
}

/// Elements that differ; of floats, by more than the goldens' tolerance.
int64_t count_different(const ir::Tensor& found, const ir::Tensor& golden) {
  REQUIRE(found.type().dtype == golden.type().dtype);
  REQUIRE(found.type().elements() == golden.type().elements());
  const double tolerance = ir::is_float(golden.type().dtype) ? 1e-3 : 0;
  int64_t count = 0;
  for (int64_t i = 0; i < golden.type().elements(); ++i)
    count += std::fabs(found.at(i) - golden.at(i)) > tolerance * (std::fabs(golden.at(i)) + 0.1);
  return count;
}

/// Step `step` of a file that holds a step in each entry of its first axis.
ir::Tensor slice_of(const ir::Tensor& all, int64_t step, const ir::Type& type) {
  ir::Tensor one = ir::Tensor::zeros({type.dtype, type.shape, {}});
  for (int64_t i = 0; i < one.type().elements(); ++i) one.set(i, all.at(step * one.type().elements() + i));
  return one;
}

void check_case(const ir::Graph& graph, const fs::path& data) {
  CAPTURE(data.filename().string());
  const auto file = [&](const char* kind, size_t i) {
    return data / (std::string(kind) + "_" + std::to_string(i) + ".npy");
  };
  std::vector<ir::Tensor> inputs, goldens;
  for (size_t i = 0; i < graph.inputs.size(); ++i) inputs.push_back(test::read_npy(file("input", i)));
  for (size_t i = 0; i < graph.outputs.size(); ++i) goldens.push_back(test::read_npy(file("output", i)));
  const int64_t steps = goldens[0].type().elements() / graph.type(graph.outputs[0]).elements();
  ir::StateValues states = ir::initial_states(graph);
  for (int64_t step = 0; step < steps; ++step) {
    CAPTURE(step);
    std::vector<ir::Tensor> in;
    for (size_t i = 0; i < inputs.size(); ++i)
      in.push_back(slice_of(inputs[i], step, graph.type(graph.inputs[i])));
    const auto outputs = ir::interpret(graph, in, states);
    const std::string problem = outputs ? "" : to_string(outputs.error());
    REQUIRE_MESSAGE(outputs, problem);
    for (size_t i = 0; i < outputs->size(); ++i)
      CHECK(count_different((*outputs)[i], slice_of(goldens[i], step, (*outputs)[i].type())) == 0);
  }
}

void check_model(const fs::path& folder) {
  CAPTURE(folder.filename().string());
  const ir::Graph graph = import_valid(folder);
  if (fs::exists(folder / "input_0.npy")) return check_case(graph, folder);
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::exists(entry.path() / "input_0.npy")) check_case(graph, entry.path());
}

}  // namespace

TEST_CASE("single TFLite operators give their golden outputs bit for bit") {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(kModels / "tflite_ops")) {
    if (!fs::exists(entry.path() / "model.tflite")) continue;
    check_model(entry.path());
    ++count;
  }
  CHECK(count == 148);
}

TEST_CASE("small TFLite models of real numbers give their golden outputs") {
  for (const char* name : {"hello_world_f32", "dtln_1_tflite_f32", "mlperf_resnet8_f32"})
    check_model(kModels / name);
}

TEST_CASE("quantized TFLite models give their golden outputs bit for bit") {
  for (const char* name :
       {"hello_world_int8", "micro_speech_int8", "mlperf_autoencoder_ad_int8", "mnist_resnet_int8",
        "mlperf_dscnn_kws_int8", "mlperf_resnet8_int8", "person_detect_int8", "mlperf_mobilenetv1_vww_int8",
        "micro_wake_word_okay_nabu_int8", "mobilenet_v1_025_128_uint8", "deeplabv3_dm05_uint8",
        "mobilenet_v2_224_int8", "mnist_lstm_int8"})
    check_model(kModels / name);
}

TEST_CASE("reference rounding rounds every scaling twice") {
  const auto roundings = [](bool reference) {
    frontend::ImportOptions options;
    options.reference_rounding = reference;
    const auto graph = frontend::import_model(kModels / "mlperf_resnet8_int8" / "model.tflite", options);
    REQUIRE(graph);
    std::array<int, 3> counts{};
    for (const ir::Node& node : graph->nodes)
      if (const auto* op = std::get_if<ir::Requantize>(&node.op)) ++counts[static_cast<size_t>(op->rounding)];
    return counts;
  };
  const auto production = roundings(false), reference = roundings(true);
  CHECK(production[0] == 10);  // nine convolutions and a product
  CHECK(reference[0] == 0);
  CHECK(reference[1] == production[0] + production[1]);
}
