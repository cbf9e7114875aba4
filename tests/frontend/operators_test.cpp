// Importers of operators: what each refuses, in its words, and the forms of older versions, which ONNX's own
// tests no longer have.
#include <doctest/doctest.h>

#include <cmath>

#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/frontend/make_model.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;

namespace {

struct Refusal {
  ModelMaker model;
  std::vector<const char*> message;
};

/// A node with an input x of the shape and, where they are named, integer constants.
ModelMaker one(const std::string& op, std::vector<int64_t> shape, int64_t opset = 17) {
  return ModelMaker(opset).input("x", std::move(shape)).node(op, {"x"}, {"y"}).output("y");
}

ModelMaker with_integers(const std::string& op, std::vector<int64_t> shape,
                         std::vector<std::vector<int64_t>> operands, int64_t opset = 17) {
  ModelMaker m = one(op, std::move(shape), opset);
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::string name = "k" + std::to_string(i);
    m.integers(name, operands[i]);
    m.last().add_input(name);
  }
  return m;
}

ModelMaker conv(std::vector<int64_t> x, std::vector<int64_t> w) {
  int64_t count = 1;
  for (const int64_t extent : w) count *= extent;
  ModelMaker m = one("Conv", std::move(x)).floats("w", w, std::vector<float>(static_cast<size_t>(count), 1));
  m.last().add_input("w");
  return m;
}

std::vector<double> run(const ModelMaker& model, const std::vector<double>& x, ir::Shape shape_expected) {
  const auto graph = model.import();
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  REQUIRE(ir::verify(*graph));
  ir::Tensor input = ir::Tensor::zeros(graph->type(graph->inputs[0]));
  for (size_t i = 0; i < x.size(); ++i) input.set(static_cast<int64_t>(i), x[i]);
  const auto outputs = ir::interpret(*graph, std::span(&input, 1));
  REQUIRE(outputs);
  CHECK((*outputs)[0].type().shape == shape_expected);
  std::vector<double> values;
  for (int64_t i = 0; i < (*outputs)[0].type().elements(); ++i) values.push_back((*outputs)[0].at(i));
  return values;
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("what an operator cannot take is refused with the reason") {
  const std::vector<int64_t> kFour{1, 4, 8, 8};
  const Refusal refusals[] = {
      {conv({1, 4, 8}, {4, 4, 3, 3}), {"its weights are f32[4,4,3,3]", "the ranks must be equal"}},
      {conv({1, 4, 8, 8, 8, 8}, {4, 4, 3, 3, 3, 3}), {"4 spatial axes; 1 and 2 are supported"}},
      {conv({1, 4, 8, 8, 8}, {4, 3, 3, 3, 3}), {"do not fit the input's 4 channels"}},
      {conv(kFour, {4, 4, 3, 3}).set("group", int64_t{3}), {"group is 3", "4 input channels"}},
      {conv(kFour, {4, 4, 3, 3}).list("kernel_shape", {5, 5}), {"kernel_shape does not agree"}},
      {conv(kFour, {4, 4, 3, 3}).list("strides", {1}), {"strides has 1 numbers, but 2 are needed"}},
      {conv(kFour, {4, 4, 3, 3}).list("strides", {0, 1}),
       {"strides has the number 0, which is out of range"}},
      {conv(kFour, {4, 4, 3, 3}).set("auto_pad", "SAME"), {"auto_pad is 'SAME'"}},
      {conv(kFour, {4, 4, 3, 3}).set("strides", "wide"), {"'strides' is not a list of integers"}},
      {one("MaxPool", kFour), {"'kernel_shape' is missing"}},
      {one("MaxPool", {4, 4}).list("kernel_shape", {2}), {"has no spatial axes"}},
      {one("GlobalAveragePool", {4, 4}), {"has no spatial axes"}},
      {one("LpPool", kFour).list("kernel_shape", {2, 2}).set("p", int64_t{0}), {"p is 0"}},
      {one("Transpose", {2, 3}).list("perm", {0, 0}), {"perm names an axis twice"}},
      {one("Transpose", {2, 3}).list("perm", {0}), {"perm is not a permutation"}},
      {one("Concat", {2, 3}), {"'axis' is missing"}},
      {one("Concat", {2, 3}).set("axis", int64_t{2}), {"axis is 2, but the tensor has rank 2"}},
      {one("Gelu", {2}, 20).set("approximate", "more"), {"approximate is 'more'"}},
      {one("DepthToSpace", {1, 6, 2, 2}).set("blocksize", int64_t{2}),
       {"a block of 2 does not divide the channels"}},
      {one("DepthToSpace", {1, 8, 2, 2}).set("blocksize", int64_t{2}).set("mode", "X"), {"mode is 'X'"}},
      {one("SpaceToDepth", {1, 1, 3, 3}).set("blocksize", int64_t{2}),
       {"a block of 2 does not divide the picture"}},
      {one("BatchNormalization", kFour, 6), {"is_test: it is in training mode"}},
      {one("LRN", kFour).set("size", int64_t{0}), {"size is 0"}},
      {one("GroupNormalization", kFour, 18).set("num_groups", int64_t{3}), {"num_groups is 3"}},
      {one("LpNormalization", kFour).set("p", int64_t{3}), {"p is 3; 1 and 2 exist"}},
      {one("Cast", {2}).set("to", int64_t{TensorProto::STRING}),
       {"to: it converts to a type that is not supported"}},
      {one("Cast", {2}), {"'to' is missing"}},
      {one("Constant", {2}), {"it has no value"}},
      {one("Constant", {2}).set("value_string", "text"),
       {"value_string: strings and sparse tensors are not supported"}},
      {one("Einsum", {2, 2}), {"'equation' is missing"}},
      {one("Einsum", {2, 2}).set("equation", "ij,jk->ik"), {"has 2 operands, but 1 are given"}},
      {one("Einsum", {2, 2}).set("equation", "ijk->k"), {"does not fit the rank of operand 0"}},
      {one("Einsum", {2, 2}).set("equation", "ij->k"), {"a label twice, or one that no operand has"}},
      {one("Einsum", {2, 2}).set("equation", "i?->i"), {"cannot be read at '?'"}},
      {one("Einsum", {2, 3}).set("equation", "ii->i"), {"different extents"}},
      {one("Split", {5}).set("num_outputs", int64_t{2}), {"num_outputs differs"}},
      {with_integers("Split", {5}, {{4}}), {"its parts add up to 4, but the extent of axis 0 is 5"}},
      {with_integers("Split", {5}, {{6}}), {"do not add up to the extent 5"}},
      {with_integers("Split", {5}, {{2, 3}}), {"split has 2 parts, but the node has 1 outputs"}},
      {with_integers("Reshape", {6}, {{4, -1}}), {"does not divide into shape [4,-1]"}},
      {with_integers("Reshape", {6}, {{4, 2}}), {"cannot be reshaped to [4,2]"}},
      {with_integers("Reshape", {6}, {{-1, -1}}), {"is not a shape"}},
      {with_integers("Reshape", {6}, {{6, 0}}), {"copies an axis that the input lacks"}},
      {with_integers("Squeeze", {6, 1}, {{0}}), {"axis 0 of f32[6,1], whose extent is not 1"}},
      {with_integers("Expand", {3}, {{4}}), {"cannot be expanded to [4]"}},
      {with_integers("Slice", {3}, {{0}, {1, 2}}), {"different lengths"}},
      {with_integers("Slice", {3}, {{0}, {1}, {0}, {0}}), {"a step is 0"}},
      {with_integers("Slice", {3}, {{0}, {1}, {4}}), {"axes is 4, but the tensor has rank 1"}},
      {with_integers("Tile", {3}, {{1, 2}}), {"repeats has 2 numbers for a tensor of rank 1"}},
      {with_integers("Tile", {3}, {{INT32_MAX}}), {"at most 2147483647 elements"}},
      {with_integers("Tile", {3}, {{-1}}), {"repeats has the number -1"}},
      {with_integers("Pad", {3}, {{1}}), {"pads has 1 numbers, but two for each of 1 axes"}},
      {with_integers("Pad", {3}, {{INT64_MIN, 0}}), {"pads has the number"}},
      {with_integers("Pad", {3}, {{1, 1}}).set("mode", "mirror"), {"mode is 'mirror'"}},
      {with_integers("Add", {3}, {{1, 2, 3}}), {"Add_1"}},
      {with_integers("Dropout", {3}, {{1}, {1}}), {"training_mode: it is in training mode"}},
      {one("Resize", kFour), {"neither scales nor sizes are given"}},
      {one("Upsample", {2}, 9).floats("s", {1}, {-1}), {"input 1 is missing"}},
      {ModelMaker()
           .input("x", kFour)
           .floats("s", {4}, {1, 1, -1, 1})
           .node("Resize", {"x", "", "s"}, {"y"})
           .output("y"),
       {"scales has the number -1"}},
      {ModelMaker()
           .input("x", kFour)
           .floats("s", {2}, {1, 1})
           .node("Resize", {"x", "", "s"}, {"y"})
           .output("y"),
       {"scales has 2 numbers, but 4 are needed"}},
      {ModelMaker()
           .input("x", kFour)
           .integers("s", {1, 4, 9, 9})
           .node("Resize", {"x", "", "", "s"}, {"y"})
           .set("mode", "lanczos")
           .output("y"),
       {"mode is 'lanczos'; supported are nearest, linear"}},
      {ModelMaker()
           .floats("a", {1}, {0})
           .floats("b", {1}, {1e9f})
           .floats("c", {1}, {1e-3f})
           .node("Range", {"a", "b", "c"}, {"y"})
           .output("y"),
       {"make no finite range"}},
      {ModelMaker()
           .input("x", {2, 2, 3})
           .floats("w", {1, 8, 3}, std::vector<float>(24, 1))
           .floats("r", {1, 8, 3}, std::vector<float>(24, 1))
           .node("LSTM", {"x", "w", "r"}, {"y"})
           .output("y"),
       {"input 1 is f32[1,8,3], but [1,12,3] is needed"}},
  };
  for (const Refusal& refusal : refusals) {
    const auto graph = refusal.model.import();
    CAPTURE(refusal.model.proto.graph().node(0).ShortDebugString());
    REQUIRE_FALSE(graph);
    const std::string text = to_string(graph.error());
    for (const char* part : refusal.message)
      CHECK_MESSAGE(text.find(part) != std::string::npos, text, " lacks ", part);
  }
}

TEST_CASE("parameters that once were attributes are read as such") {
  CHECK(run(one("Clip", {3}, 7).set("min", -1.f).set("max", 1.f), {-4, 0.5, 4}, {3}) == Values{-1, 0.5, 1});
  CHECK(run(one("Slice", {4}, 9).list("starts", {1}).list("ends", {-1}), {1, 2, 3, 4}, {2}) == Values{2, 3});
  CHECK(run(one("Squeeze", {1, 2, 1}, 11).list("axes", {0}), {1, 2}, {2, 1}) == Values{1, 2});
  CHECK(run(one("Unsqueeze", {2}, 11).list("axes", {-1, 0}), {1, 2}, {1, 2, 1}) == Values{1, 2});
  CHECK(run(one("Pad", {2}, 10).list("pads", {1, 0}).set("value", 7.f), {1, 2}, {3}) == Values{7, 1, 2});
  CHECK(run(one("ReduceSum", {2, 2}, 11).list("axes", {1}).set("keepdims", int64_t{0}), {1, 2, 3, 4}, {2}) ==
        Values{3, 7});
  CHECK(run(one("Split", {3}, 11).list("split", {3}), {1, 2, 3}, {3}) == Values{1, 2, 3});
}

TEST_CASE("softmax was of matrices before version 13") {
  const Values x{1, 2, 3, 4};
  double sum = 0;
  for (const double v : x) sum += std::exp(v);
  const auto whole = run(one("Softmax", {1, 2, 2}, 12), x, {1, 2, 2});
  const auto rows = run(one("Softmax", {1, 2, 2}, 13), x, {1, 2, 2});
  CHECK(std::fabs(whole[3] - std::exp(4) / sum) < 1e-6);
  CHECK(std::fabs(rows[3] - 1 / (1 + std::exp(-1))) < 1e-6);
}

TEST_CASE("the first resizing operators repeat pixels") {
  const Values twice{1, 1, 2, 2};
  auto* list = new ::onnx::AttributeProto;
  list->set_name("scales");
  list->set_type(::onnx::AttributeProto::FLOATS);
  for (const float scale : {1.f, 1.f, 1.f, 2.f}) list->add_floats(scale);
  ModelMaker seven = one("Upsample", {1, 1, 1, 2}, 7);
  seven.last().mutable_attribute()->AddAllocated(list);
  CHECK(run(seven, {1, 2}, {1, 1, 1, 4}) == twice);
  for (const auto& [op, version] : {std::pair("Upsample", 9), std::pair("Resize", 10)}) {
    ModelMaker m = one(op, {1, 1, 1, 2}, version).floats("scales", {4}, {1, 1, 1, 2});
    m.last().add_input("scales");
    CHECK(run(m, {1, 2}, {1, 1, 1, 4}) == twice);
  }
}

TEST_CASE("a pool that rounds up has no window beyond the input") {
  // Three windows would start at 0, 3, 6 of five pixels: the last one is outside.
  const auto model =
      one("MaxPool", {1, 1, 5}).list("kernel_shape", {1}).list("strides", {3}).set("ceil_mode", int64_t{1});
  CHECK(run(model, {1, 2, 3, 4, 5}, {1, 1, 2}) == Values{1, 4});
}

TEST_CASE("shape arithmetic leaves no node") {
  ModelMaker m;
  m.input("x", {2, 3, 4})
      .node("Shape", {"x"}, {"s"})
      .integers("two", {2})
      .node("Gather", {"s", "two"}, {"last"});
  m.integers("minus", {-1}).node("Concat", {"minus", "last"}, {"target"}).set("axis", int64_t{0});
  m.node("Reshape", {"x", "target"}, {"y"}).output("y");
  const auto graph = m.import();
  REQUIRE(graph);
  CHECK(graph->nodes.size() == 1);
  CHECK(graph->type(graph->outputs[0]).shape == ir::Shape{6, 4});
}

TEST_CASE("einsum contracts any number of operands") {
  ModelMaker m;
  m.input("x", {2, 2})
      .floats("a", {2}, {1, 10})
      .floats("b", {2, 2}, {1, 2, 3, 4})
      .node("Einsum", {"x", "a", "b"}, {"y"});
  m.set("equation", "ij, j, jk -> ki").output("y");
  // y[k,i] = sum over j of x[i,j] a[j] b[j,k]
  CHECK(run(m, {1, 2, 3, 4}, {2, 2}) == Values{61, 123, 82, 166});
}
