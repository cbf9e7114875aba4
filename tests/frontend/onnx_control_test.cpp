// Branches, loops, sequences and the standard's own functions: what ONNX's tests leave out, which is
// conditions that are computed at run time, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>

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

TEST_CASE("a loop that only data ends runs until it does, or as often as a number beyond unrolling says") {
  for (const auto limit : {std::optional<int64_t>{}, std::optional(int64_t{1} << 40)}) {
    CHECK(run(doubling(limit), {3}) == Values{12});
    CHECK(run(doubling(limit), {40}) == Values{80});
  }
}

TEST_CASE("stacking what data counts is refused") {
  CHECK(refusal(doubling(4, true)).find("stacks a number of results") != std::string::npos);
}

TEST_CASE("a loop whose trip count is computed runs at run time, with nested branches and loops") {
  // Adds x to v, or subtracts it where v is 10 or more; the inner loop does so i times.
  ModelMaker inner;
  inner.input("j", {}, TensorProto::INT64).input("on", {}, TensorProto::BOOL).input("u", {});
  inner.floats("ten", {}, {10}).node("Less", {"u", "ten"}, {"low"}).node("If", {"low"}, {"w"});
  set_graph(inner, "then_branch", ModelMaker().node("Add", {"u", "x"}, {"r"}).output("r"));
  set_graph(inner, "else_branch", ModelMaker().node("Sub", {"u", "x"}, {"r"}).output("r"));
  inner.node("Identity", {"on"}, {"more"}).output("more", TensorProto::BOOL).output("w");
  ModelMaker body;
  body.input("i", {}, TensorProto::INT64).input("go", {}, TensorProto::BOOL).input("v", {});
  body.node("Loop", {"i", "", "v"}, {"w"});
  set_graph(body, "body", inner);
  body.node("Identity", {"go"}, {"again"}).output("again", TensorProto::BOOL).output("w");
  ModelMaker m;
  m.input("x", {}).node("Cast", {"x"}, {"n"}).set("to", int64_t{TensorProto::INT64});
  m.node("Loop", {"n", "", "x"}, {"y"});
  set_graph(m, "body", body);
  m.output("y");
  const auto graph = m.import();
  REQUIRE(graph);
  CHECK(std::ranges::count_if(graph->nodes,
                              [](const ir::Node& n) { return std::holds_alternative<ir::Loop>(n.op); }) == 1);
  CHECK(run(m, {4}) == Values{4 + 4 + 4 - 4 + 4 - 4 + 4});  // 0 + 1 + 2 + 3 times: 8, 12, 8, 12, 8, 12
  CHECK(run(m, {1}) == Values{1});
  CHECK(run(m, {0}) == Values{0});
}

TEST_CASE("a loop that stacks many rows, and a Scan of many steps, run at run time") {
  ModelMaker body;
  body.input("i", {}, TensorProto::INT64).input("go", {}, TensorProto::BOOL).input("v", {2});
  body.node("Add", {"v", "v"}, {"w"}).node("Clip", {"w", "", "top"}, {"u"}).floats("top", {}, {9});
  body.node("Identity", {"v"}, {"before"}).node("Identity", {"go"}, {"on"});
  body.output("on", TensorProto::BOOL).output("u").output("before");
  ModelMaker m;
  m.input("x", {2}).integers("many", {2000}).node("Loop", {"many", "", "x"}, {"y", "all"});
  set_graph(m, "body", body);
  m.output("y").output("all");
  const Values all = run(m, {1, 2});
  REQUIRE(all.size() == 2 + 4000);
  CHECK(Values(all.begin(), all.begin() + 10) == Values{9, 9, 1, 2, 2, 4, 4, 8, 8, 9});
  CHECK(all.back() == 9);

  // Cumulative sums, from the last column to the first, the results as columns from the last to the first.
  ModelMaker sums;
  sums.input("s", {2}).input("column", {2});
  sums.node("Add", {"s", "column"}, {"t"}).node("Identity", {"t"}, {"made"}).output("t").output("made");
  ModelMaker scan;
  scan.input("x", {2, 1500}).floats("zero", {2}, {0, 0}).node("Scan", {"zero", "x"}, {"last", "sums"});
  scan.set("num_scan_inputs", int64_t{1});
  set_graph(scan, "body", sums);
  const auto list = [&](const char* name, int64_t value) {
    auto* attribute = scan.last().add_attribute();
    attribute->set_name(name);
    attribute->set_type(::onnx::AttributeProto::INTS);
    attribute->add_ints(value);
  };
  list("scan_input_axes", 1), list("scan_input_directions", 1);
  list("scan_output_axes", 1), list("scan_output_directions", 1);
  scan.output("last").output("sums");
  Values x(3000, 1);
  x[1499] = 5, x[1500] = 7;
  const Values found = run(scan, x);
  REQUIRE(found.size() == 2 + 3000);
  CHECK(found[0] == 1504);
  CHECK(found[1] == 1506);
  CHECK(found[2] == 1504);         // of row 0, all columns
  CHECK(found[2 + 1499] == 5);     // its last column alone
  CHECK(found[2 + 1500] == 1506);  // of row 1, all columns
  CHECK(found[2 + 1501] == 1499);
}

TEST_CASE("a loop of computed length is refused where its body cannot run at run time") {
  ModelMaker body;
  body.input("i", {}, TensorProto::INT64).input("go", {}, TensorProto::BOOL).input("v", {1});
  body.node("Concat", {"v", "v"}, {"w"}).set("axis", int64_t{0}).node("Identity", {"go"}, {"on"});
  body.output("on", TensorProto::BOOL).output("w");
  ModelMaker m;
  m.input("x", {1}).node("Cast", {"x"}, {"n"}).set("to", int64_t{TensorProto::INT64});
  m.node("Loop", {"n", "", "x"}, {"y"});
  set_graph(m, "body", body);
  m.output("y");
  const std::string text = refusal(m);
  CHECK_MESSAGE(text.find("how often it runs is computed at run time") != text.npos, text);
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

TEST_CASE("hostile bodies are refused: nested too deep, without the outputs that they state, unsupported") {
  const auto nested = [](int depth, const ModelMaker& innermost) {
    ModelMaker graph = innermost;
    for (int i = 0; i < depth; ++i) {
      ModelMaker around;
      around.node("If", {"c"}, {"r"});
      set_graph(around, "then_branch", graph);
      set_graph(around, "else_branch", branch("Mul"));
      graph = around.output("r");
    }
    ModelMaker m;
    m.input("x", {2}).input("c", {}, TensorProto::BOOL).node("If", {"c"}, {"y"}).output("y");
    set_graph(m, "then_branch", graph);
    set_graph(m, "else_branch", branch("Add"));
    return m;
  };
  CHECK(run(nested(5, branch("Add")), {3, 5}, true) == Values{6, 10});
  CHECK(run(nested(25, branch("Add")), {3, 5}, true) == Values{6, 10});
  const std::string deep = refusal(nested(40, branch("Add")));  // protobuf has a limit of its own
  CHECK_MESSAGE(deep.find("not an ONNX model") != deep.npos, deep);
  const std::string missing = refusal(nested(3, ModelMaker().output("q")));
  CHECK_MESSAGE(missing.find("'q'") != missing.npos, missing);
  const std::string unknown = refusal(nested(3, branch("Frobnicate")));
  CHECK_MESSAGE(unknown.find("Frobnicate") != unknown.npos, unknown);
  ModelMaker loop;
  loop.input("x", {2}).input("n", {}, TensorProto::INT64).node("Loop", {"n", "", "x"}, {"y"}).output("y");
  ModelMaker body;
  body.input("i", {}, TensorProto::INT64).input("go", {}, TensorProto::BOOL).input("v", {2});
  set_graph(loop, "body", body.output("go", TensorProto::BOOL));
  const std::string few = refusal(loop);
  CHECK_MESSAGE(few.find("its body has 3 inputs and 1 outputs") != few.npos, few);
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
