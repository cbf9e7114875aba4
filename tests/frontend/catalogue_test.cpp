// The list of operators names what every table of the front ends has, and nothing that cannot be imported.
#include "frontend/catalogue.h"

#include <doctest/doctest.h>

#include <algorithm>

using halite::frontend::catalogue;

namespace {

std::string kind_of(const std::string& format, const std::string& name) {
  for (const auto& entry : catalogue())
    if (entry.format == format && entry.name == name) return entry.kind;
  return "none";
}

}  // namespace

TEST_CASE("the catalogue names operators of every table with its kind") {
  CHECK(kind_of("onnx", "Conv") == "operator");
  CHECK(kind_of("onnx", "Loop") == "control");
  CHECK(kind_of("onnx", "SequenceInsert") == "sequence");
  CHECK(kind_of("onnx", "SoftmaxCrossEntropyLoss") == "function");
  CHECK(kind_of("tflite", "CONV_2D") == "operator");
  CHECK(kind_of("tflite", "TFLite_Detection_PostProcess") == "operator");
  CHECK(kind_of("tflite", "WHILE") == "control");
}

TEST_CASE("the catalogue leaves out functions of operators that are not imported") {
  CHECK(kind_of("onnx", "Bernoulli") == "none");  // a function of RandomUniformLike
  CHECK(kind_of("onnx", "RandomUniformLike") == "none");
}

TEST_CASE("the catalogue is in order and names nothing twice") {
  const auto list = catalogue();
  const auto before = [](const auto& a, const auto& b) {
    return std::pair(a.format, a.name) < std::pair(b.format, b.name);
  };
  CHECK(std::ranges::adjacent_find(list, [&](const auto& a, const auto& b) { return !before(a, b); }) ==
        list.end());
}
