// Branches, loops, sequences and the standard's own functions: what ONNX's tests leave out, which is
// conditions that are computed at run time, and what is refused.
#include <doctest/doctest.h>

#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;
using test::refusal;

namespace {

using Values = std::vector<double>;

/// `body` becomes a graph attribute of the last node.
void set_graph(ModelMaker& model, const std::string& name, const ModelMaker& body) {
  auto* attribute = model.last().add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::GRAPH);
  *attribute->mutable_g() = body.proto.graph();
}

/// All outputs, one after another, for an input x of these values and perhaps a boolean.
Values run(const ModelMaker& model, const Values& x, std::optional<bool> flag = {}) {
  const auto graph = model.import();
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  REQUIRE(ir::verify(*graph));
  std::vector<ir::Tensor> inputs{ir::Tensor::zeros(graph->type(graph->inputs[0]))};
  for (size_t i = 0; i < x.size(); ++i) inputs[0].set(static_cast<int64_t>(i), x[i]);
  if (flag) {
    inputs.push_back(ir::Tensor::zeros({ir::DType::boolean, {}, {}}));
    inputs[1].set(0, *flag);
  }
  const auto outputs = ir::interpret(*graph, inputs);
  REQUIRE(outputs);
  Values values;
  for (const auto& output : *outputs)
    for (int64_t i = 0; i < output.type().elements(); ++i) values.push_back(output.at(i));
  return values;
}

/// y = op(x, x) of the outer x.
ModelMaker branch(const std::string& op) { return ModelMaker().node(op, {"x", "x"}, {"r"}).output("r"); }

/// Doubles v until it is 10 or more, at most `limit` times; or without a limit.
ModelMaker doubling(std::optional<int64_t> limit, bool stacks = false) {
  ModelMaker body;
  body.input("i", {}, TensorProto::INT64).input("go", {}, TensorProto::BOOL).input("v", {1});
  body.floats("ten", {}, {10}).node("Add", {"v", "v"}, {"w"});
  body.node("ReduceMax", {"w"}, {"most"})
      .set("keepdims", int64_t{0})
      .node("Less", {"most", "ten"}, {"again"});
  body.output("again", TensorProto::BOOL).output("w");
  if (stacks) body.node("Identity", {"w"}, {"copy"}).output("copy");
  ModelMaker m;
  m.input("x", {1});
  if (limit) m.integers("limit", {*limit});
  m.node("Loop", {limit ? "limit" : "", "", "x"},
         stacks ? std::vector<std::string>{"y", "all"} : std::vector<std::string>{"y"});
  set_graph(m, "body", body);
  return m.output("y");
}

}  // namespace

TEST_CASE("an If whose condition is computed chooses between the results of both branches") {
  ModelMaker m;
  m.input("x", {2}).input("c", {}, TensorProto::BOOL).node("If", {"c"}, {"y"}).output("y");
  set_graph(m, "then_branch", branch("Add"));
  set_graph(m, "else_branch", branch("Mul"));
  CHECK(run(m, {3, 5}, true) == Values{6, 10});
  CHECK(run(m, {3, 5}, false) == Values{9, 25});
}

TEST_CASE("branches whose shapes differ are refused if data decides between them") {
  ModelMaker m;
  m.input("x", {2}).input("c", {}, TensorProto::BOOL).node("If", {"c"}, {"y"}).output("y");
  set_graph(m, "then_branch", branch("Add"));
  set_graph(m, "else_branch", ModelMaker().node("ReduceSum", {"x"}, {"r"}).output("r"));
  const std::string text = refusal(m);
  CHECK_MESSAGE(text.find("f32[2] or f32[1]") != text.npos, text);
}

TEST_CASE("a loop that data ends early keeps its values from there on") {
  CHECK(run(doubling(8), {3}) == Values{12});
  CHECK(run(doubling(1), {3}) == Values{6});
  CHECK(run(doubling(8), {40}) == Values{80});
  CHECK(run(doubling(0), {3}) == Values{3});
}

TEST_CASE("a loop whose length nothing bounds is refused, and so is stacking what data counts") {
  CHECK(refusal(doubling({})).find("how often it runs is computed at run time") != std::string::npos);
  CHECK(refusal(doubling(4, true)).find("stacks a number of results") != std::string::npos);
  CHECK(refusal(doubling(int64_t{1} << 40)).find("more than 1024 times") != std::string::npos);
}

TEST_CASE("a loop stacks what each iteration makes") {
  ModelMaker body;
  body.input("i", {}, TensorProto::INT64).input("go", {}, TensorProto::BOOL).input("v", {2});
  body.node("Add", {"v", "v"}, {"w"}).node("Identity", {"v"}, {"before"}).node("Identity", {"go"}, {"on"});
  body.output("on", TensorProto::BOOL).output("w").output("before");
  ModelMaker m;
  m.input("x", {2}).integers("three", {3}).node("Loop", {"three", "", "x"}, {"y", "all"});
  set_graph(m, "body", body);
  m.output("y").output("all");
  CHECK(run(m, {1, 2}) == Values{8, 16, 1, 2, 2, 4, 4, 8});
}

TEST_CASE("a sequence as an output becomes one output for each element") {
  ModelMaker m;
  m.input("x", {3}).node("SplitToSequence", {"x"}, {"parts"}).set("keepdims", int64_t{0}).output("parts");
  const auto graph = m.import();
  REQUIRE(graph);
  REQUIRE(graph->outputs.size() == 3);
  CHECK(graph->value(graph->outputs[2]).name == "parts.2");
  CHECK(run(m, {4, 5, 6}) == Values{4, 5, 6});
}

TEST_CASE("tensors and sequences are not taken for each other") {
  ModelMaker m;
  m.input("x", {3}).node("SequenceConstruct", {"x", "x"}, {"s"}).node("Relu", {"s"}, {"y"}).output("y");
  CHECK(refusal(m).find("an input is a sequence") != std::string::npos);
  ModelMaker n;
  n.input("x", {3}).node("SequenceLength", {"x"}, {"y"}).output("y");
  CHECK(refusal(n).find("input 0 must be a sequence") != std::string::npos);
  ModelMaker k;
  k.input("x", {3}).integers("two", {2}).node("SequenceConstruct", {"x", "x"}, {"s"});
  k.node("SequenceAt", {"s", "two"}, {"y"}).output("y");
  CHECK(refusal(k).find("position is 2, but there are 2 places") != std::string::npos);
}

TEST_CASE("an operator without an importer is the function that the standard says it is") {
  // Its attribute 'reduction' is left out: the default, the mean over both rows.
  ModelMaker m;
  m.input("x", {2, 2}).node("NegativeLogLikelihoodLoss", {"x", "k"}, {"y"}).integers("k", {0, 1}).output("y");
  CHECK(run(m, {1, 2, 3, 4}) == Values{-2.5});
}
