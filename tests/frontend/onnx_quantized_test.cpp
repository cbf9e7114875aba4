// ONNX's quantization operators beyond ONNX's own tests: integer products whose zero points are computed at
// run time, as dynamically quantized models have them, and what is refused.
#include <doctest/doctest.h>

#include "ir/interpret.h"
#include "tests/frontend/make_model.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;

namespace {

ModelMaker& bytes(ModelMaker& m, const std::string& name, std::vector<int64_t> shape, std::vector<int> values,
                  int dtype = TensorProto::UINT8) {
  auto* tensor = m.graph().add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(dtype);
  for (const int64_t extent : shape) tensor->add_dims(extent);
  for (const int value : values) tensor->add_int32_data(value);
  return m;
}

std::vector<double> run(ModelMaker& m, const std::vector<float>& x, ir::Shape shape) {
  const auto graph = m.import();
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto y = ir::interpret(*graph, std::vector{ir::Tensor::of<float>(x, shape)});
  REQUIRE(y);
  std::vector<double> values;
  for (int64_t i = 0; i < (*y)[0].type().elements(); ++i) values.push_back((*y)[0].at(i));
  return values;
}

std::string refusal(ModelMaker& m) {
  const auto graph = m.import();
  return graph ? "(accepted)" : to_string(graph.error());
}

}  // namespace

TEST_CASE("products of dynamically quantized operands take off the zero point that was found") {
  // x is -255..0 in steps of 1: its zero point is 255.
  ModelMaker m;
  m.input("x", {1, 2}).node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
  bytes(m, "w", {2, 2}, {1, 2, 3, 4}).node("MatMulInteger", {"q", "w", "z"}, {"y"});
  m.output("y", TensorProto::INT32);
  CHECK(run(m, {-255, -1}, {1, 2}) == std::vector<double>{-258, -514});

  ModelMaker conv;
  conv.input("x", {1, 1, 1, 2}).node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
  bytes(conv, "w", {1, 1, 1, 3}, {1, 2, 3}).node("ConvInteger", {"q", "w", "z"}, {"y"});
  conv.list("pads", {0, 1, 0, 1}).output("y", TensorProto::INT32);
  CHECK(run(conv, {-255, -1}, {1, 1, 1, 2}) == std::vector<double>{-513, -257});
}

TEST_CASE("quantization that is not supported is refused by name") {
  ModelMaker blocks(21);
  blocks.input("x", {1, 4}).floats("s", {1, 2}, {1, 1});
  blocks.node("QuantizeLinear", {"x", "s"}, {"y"}).set("block_size", int64_t{2});
  blocks.output("y", TensorProto::UINT8);
  CHECK(refusal(blocks).find("scales for blocks are not supported") != std::string::npos);

  ModelMaker type(21);
  type.input("x", {1, 4}).floats("s", {1}, {1});
  type.node("QuantizeLinear", {"x", "s"}, {"y"}).set("output_dtype", int64_t{TensorProto::INT8});
  type.output("y", TensorProto::INT8);
  CHECK(refusal(type).find("output_dtype") != std::string::npos);

  ModelMaker channels;
  channels.input("x", {1, 2}, TensorProto::UINT8);
  bytes(channels, "w", {2, 2}, {1, 2, 3, 4});
  bytes(channels, "z", {1}, {0});
  bytes(channels, "zeros", {2}, {1, 2}).node("MatMulInteger", {"x", "w", "z", "zeros"}, {"y"});
  channels.output("y", TensorProto::INT32);
  CHECK(refusal(channels).find("zero point for each channel") != std::string::npos);
}
