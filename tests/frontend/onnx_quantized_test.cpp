// ONNX's quantization operators beyond ONNX's own tests: integer products whose zero points are computed at
// run time, as dynamically quantized models have them, and what is refused.
#include <doctest/doctest.h>

#include "ir/interpret.h"
#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;
using test::refusal;

namespace {

// TensorProto.DataType of ONNX 1.16, which our ONNX does not name.
constexpr int kUint4 = 21, kInt4 = 22;

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

TEST_CASE("blocks along an axis have scales and zero points of their own, the last may be shorter") {
  ModelMaker m(21);
  m.input("x", {1, 5}).floats("s", {1, 3}, {1, 0.5, 2});
  bytes(m, "z", {1, 3}, {0, 10, 100})
      .node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .set("block_size", int64_t{2});
  m.output("q", TensorProto::UINT8);
  m.node("DequantizeLinear", {"q", "s", "z"}, {"y"}).set("block_size", int64_t{2}).output("y");
  // 2.5 and 3.5 are rounded to even; -6 is below what the zero point 10 leaves room for.
  CHECK(run(m, {2.5, 3.5, -6, 1.25, 3}, {1, 5}) == std::vector<double>{2, 4, 0, 12, 102});
  const auto graph = m.import();
  const std::vector<float> x{2.5, 3.5, -6, 1.25, 3};
  const auto y = ir::interpret(*graph, std::vector{ir::Tensor::of<float>(x, {1, 5})});
  REQUIRE(y);
  const std::vector<double> wanted{2, 4, -5, 1, 4};
  for (int64_t i = 0; i < 5; ++i) CHECK((*y)[1].at(i) == wanted[static_cast<size_t>(i)]);
}

TEST_CASE("weights of 4 bits are unpacked, the first of a pair from the low half") {
  for (const int type : {kInt4, kUint4}) {
    ModelMaker m(21);
    m.input("x", {3}).floats("s", {3}, {1, 10, 100});
    bytes(m, "w", {3}, {0x8f, 0x07}, type)
        .node("DequantizeLinear", {"w", "s"}, {"d"})
        .set("axis", int64_t{0});
    m.node("Add", {"x", "d"}, {"y"}).output("y");
    CHECK(run(m, {0, 0, 0}, {3}) ==
          (type == kInt4 ? std::vector<double>{-1, -80, 700} : std::vector<double>{15, 80, 700}));
  }
}

TEST_CASE("what is quantized to 4 bits keeps to their range, by the zero point's type or the attribute") {
  for (const bool attribute : {false, true}) {
    ModelMaker m(21);
    m.input("x", {1, 4}).floats("s", {1}, {0.5});
    if (attribute) {
      m.node("QuantizeLinear", {"x", "s"}, {"q"}).set("output_dtype", int64_t{kInt4});
    } else {
      bytes(m, "z", {1}, {0}, kInt4).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    }
    m.node("DequantizeLinear", {"q", "s"}, {"y"}).output("y");
    CHECK(run(m, {-9, 1.5, 3, 50}, {1, 4}) == std::vector<double>{-4, 1.5, 3, 3.5});
  }
}

TEST_CASE("integers of 4 bits are refused where they would be taken for bytes") {
  ModelMaker add(21);
  bytes(add, "w", {2}, {0x21}, kInt4).node("Add", {"w", "w"}, {"y"}).output("y", TensorProto::INT8);
  CHECK(refusal(add).find("an input has integers of 4 bits") != std::string::npos);
  ModelMaker out(21);
  bytes(out, "w", {2}, {0x21}, kInt4).node("Identity", {"w"}, {"y"}).output("y", kInt4);
  CHECK(refusal(out).find("integers of 4 bits, which only nodes can pass on") != std::string::npos);
  ModelMaker damaged(21);
  bytes(damaged, "w", {5}, {0x21}, kInt4).node("DequantizeLinear", {"w", "w"}, {"y"}).output("y");
  CHECK(refusal(damaged).find("holds 1 values of data") != std::string::npos);
}

TEST_CASE("the type of the output is an attribute where there is no zero point") {
  ModelMaker m(21);
  m.input("x", {1, 3}).floats("s", {1}, {0.25});
  m.node("QuantizeLinear", {"x", "s"}, {"y"}).set("output_dtype", int64_t{TensorProto::INT16});
  m.output("y", TensorProto::INT16);
  CHECK(run(m, {-1, 100, 1e6}, {1, 3}) == std::vector<double>{-4, 400, 32767});
}

TEST_CASE("operators of com.microsoft compute with the real numbers that bytes stand for") {
  const auto operands = [](ModelMaker& m) -> ModelMaker& {
    m.input("x", {1, 2}).floats("s", {1}, {0.5}).node("QuantizeLinear", {"x", "s", "z"}, {"a"});
    m.floats("bs", {}, {2}).floats("ys", {}, {0.25});
    bytes(m, "z", {1}, {100}), bytes(m, "b", {1, 2}, {3, 7}), bytes(m, "bz", {}, {5}),
        bytes(m, "yz", {}, {50});
    return m;
  };
  // a is 1 and -2, b is -4 and 4.
  ModelMaker sum;
  operands(sum)
      .node("QLinearAdd", {"a", "s", "z", "b", "bs", "bz", "ys", "yz"}, {"y"})
      .domain("com.microsoft");
  CHECK(run(sum.output("y", TensorProto::UINT8), {1, -2}, {1, 2}) == std::vector<double>{38, 58});
  ModelMaker product;
  operands(product)
      .node("QLinearMul", {"a", "s", "z", "b", "bs", "bz", "ys", "yz"}, {"y"})
      .domain("com.microsoft");
  CHECK(run(product.output("y", TensorProto::UINT8), {1, -2}, {1, 2}) == std::vector<double>{34, 18});
  ModelMaker joined;
  operands(joined).node("QLinearConcat", {"ys", "yz", "a", "s", "z", "b", "bs", "bz"}, {"y"});
  joined.domain("com.microsoft").set("axis", int64_t{1}).output("y", TensorProto::UINT8);
  CHECK(run(joined, {1, -2}, {1, 2}) == std::vector<double>{54, 42, 34, 66});
  ModelMaker leaky;
  operands(leaky).node("QLinearLeakyRelu", {"a", "s", "z", "ys", "yz"}, {"y"}).domain("com.microsoft");
  leaky.set("alpha", 0.5f).output("y", TensorProto::UINT8);
  CHECK(run(leaky, {1, -2}, {1, 2}) == std::vector<double>{54, 46});
  ModelMaker sigmoid;
  operands(sigmoid).node("QLinearSigmoid", {"a", "s", "z", "ys", "yz"}, {"y"}).domain("com.microsoft");
  // 1/(1+e^-1) = 0.731 and 1/(1+e^2) = 0.119, in quarters.
  CHECK(run(sigmoid.output("y", TensorProto::UINT8), {1, -2}, {1, 2}) == std::vector<double>{53, 50});
  ModelMaker pool;
  operands(pool).node("Unsqueeze", {"a", "axis"}, {"row"}).integers("axis", {0});
  pool.node("QLinearGlobalAveragePool", {"row", "s", "z", "ys", "yz"}, {"y"}).domain("com.microsoft");
  CHECK(run(pool.output("y", TensorProto::UINT8), {1, -2}, {1, 2}) == std::vector<double>{48});
}

TEST_CASE("pools and softmaxes of quantized tensors are those of their real numbers") {
  ModelMaker pool;
  pool.input("x", {1, 1, 1, 4}).floats("s", {1}, {0.5}).floats("ys", {1}, {0.25});
  bytes(pool, "z", {1}, {10}), bytes(pool, "yz", {1}, {3}).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  pool.node("QLinearAveragePool", {"q", "s", "z", "ys", "yz"}, {"y"}).domain("com.microsoft");
  pool.list("kernel_shape", {1, 2}).list("strides", {1, 2}).output("y", TensorProto::UINT8);
  CHECK(run(pool, {1, 2, -3, 4}, {1, 1, 1, 4}) == std::vector<double>{9, 5});

  ModelMaker softmax;
  softmax.input("x", {1, 2}).floats("s", {1}, {0.5}).floats("ys", {1}, {1 / 256.0f});
  bytes(softmax, "z", {1}, {10}),
      bytes(softmax, "yz", {1}, {0}).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  softmax.node("QLinearSoftmax", {"q", "s", "z", "ys", "yz"}, {"y"}).domain("com.microsoft");
  softmax.set("axis", int64_t{1}).set("opset", int64_t{13}).output("y", TensorProto::UINT8);
  // 256 / (1 + e^1.5) is 46.7.
  CHECK(run(softmax, {0, 1.5}, {1, 2}) == std::vector<double>{47, 209});
}

TEST_CASE("integer products become what they stand for") {
  ModelMaker m;
  m.input("x", {1, 2}).floats("s", {1}, {0.5}).floats("ws", {1}, {2}).floats("ys", {1}, {4});
  bytes(m, "z", {1}, {10}).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  bytes(m, "w", {2, 2}, {1, 2, 3, 4}), bytes(m, "wz", {1}, {2}), bytes(m, "yz", {1}, {100});
  bytes(m, "c", {2}, {5, 7}, TensorProto::INT32);
  m.node("QGemm", {"q", "s", "z", "w", "ws", "wz", "c", "ys", "yz"}, {"y"}).domain("com.microsoft");
  m.set("alpha", 2.0f).set("transB", int64_t{1}).output("y", TensorProto::UINT8);
  // x is 1 and 3, the rows of the weights are (-2, 0) and (2, 4), the bias is 5 and 7: twice (3, 21), in
  // fours.
  CHECK(run(m, {1, 3}, {1, 2}) == std::vector<double>{102, 110});

  ModelMaker sums;
  sums.input("x", {1, 2}).floats("s", {1}, {0.5}).floats("ws", {2}, {2, 10}).floats("bias", {2}, {0, 1000});
  bytes(sums, "z", {1}, {10}).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  bytes(sums, "w", {2, 2}, {1, 2, 3, 4}), bytes(sums, "wz", {1}, {2});
  sums.node("MatMulIntegerToFloat", {"q", "w", "s", "ws", "z", "wz", "bias"}, {"y"}).domain("com.microsoft");
  // Weights less 2: columns (-1, 1) by 2 and (0, 2) by 10.
  CHECK(run(sums.output("y"), {1, 3}, {1, 2}) == std::vector<double>{4, 1060});

  ModelMaker dynamic;
  dynamic.input("x", {1, 2}).floats("ws", {2}, {2, 10}).floats("bias", {2}, {0, 1000});
  bytes(dynamic, "w", {2, 2}, {1, 2, 3, 4}), bytes(dynamic, "wz", {1}, {2});
  dynamic.node("DynamicQuantizeMatMul", {"x", "w", "ws", "wz", "bias"}, {"y"}).domain("com.microsoft");
  // -155 to 100 is quantized in steps of 1.
  CHECK(run(dynamic.output("y"), {-155, 100}, {1, 2}) == std::vector<double>{510, 3000});
}

TEST_CASE("packed weights of a product have a scale and a zero point for each block") {
  for (const bool zeros : {false, true}) {
    ModelMaker m;
    m.input("x", {1, 10}).floats("s", {4}, {1, 10, 0.5, 2}).floats("bias", {2}, {0, 1000});
    // Rows of two blocks of 8, of which the second has 2 columns: 1 2 3 4 5 6 7 8 | 9 15, and 8 but for the
    // first.
    bytes(m, "w", {2, 2, 4}, {0x21, 0x43, 0x65, 0x87, 0xf9, 0, 0, 0, 0x80, 0x88, 0x88, 0x88, 0x88, 0, 0, 0});
    if (zeros) bytes(m, "z", {2}, {0x91, 0x08});
    m.node("MatMulNBits", {"x", "w", "s", zeros ? "z" : "", "", "bias"}, {"y"}).domain("com.microsoft");
    m.set("K", int64_t{10})
        .set("N", int64_t{2})
        .set("bits", int64_t{4})
        .set("block_size", int64_t{8})
        .output("y");
    // Columns 0, 7, 8 and 9 count 1, 1, 1 and 100.
    const std::vector<float> x{1, 0, 0, 0, 0, 0, 0, 1, 1, 100};
    const double first = zeros ? (1 - 1) + (8 - 1) + 10 * (9 - 9) + 1000 * (15 - 9)
                               : (1 - 8) + (8 - 8) + 10 * (9 - 8) + 1000 * (15 - 8);
    // Its zero points are 8 and, where they are stated, 0 in the second block.
    const double second = 1000 + 0.5 * -8 + (zeros ? 2 * 8 + 200 * 8 : 0);
    CHECK(run(m, x, {1, 10}) == std::vector<double>{first, second});
  }
  ModelMaker m;
  m.input("x", {1, 8}).input("w", {1, 1, 4}, TensorProto::UINT8).floats("s", {1}, {1});
  m.node("MatMulNBits", {"x", "w", "s"}, {"y"}).domain("com.microsoft").output("y");
  m.set("K", int64_t{8}).set("N", int64_t{1}).set("block_size", int64_t{8});
  CHECK(refusal(m).find("input 1 must be constant") != std::string::npos);
}

TEST_CASE("quantization that is not supported is refused by name") {
  ModelMaker blocks(21);
  blocks.input("x", {1, 4}).floats("s", {1, 3}, {1, 1, 1});
  blocks.node("QuantizeLinear", {"x", "s"}, {"y"}).set("block_size", int64_t{2});
  blocks.output("y", TensorProto::UINT8);
  CHECK(refusal(blocks).find("blocks of 2 of [1,4] need [1,2]") != std::string::npos);

  ModelMaker type(21);
  type.input("x", {1, 4}).floats("s", {1}, {1});
  type.node("QuantizeLinear", {"x", "s"}, {"y"}).set("output_dtype", int64_t{17});  // float8
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
