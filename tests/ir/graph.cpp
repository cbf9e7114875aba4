#include "ir/graph.h"

#include <doctest/doctest.h>

#include "ir/interpret.h"
#include "ir/text.h"
#include "ir/verify.h"

using namespace halite::ir;

namespace {

const Type kPair{DType::f32, {2}, {}};

Graph sample() {
  return *parse(R"(graph "g" (%x: f32[2]) -> (%y) {
    const %c: f32[2] = {1, 2}
    const %unused: f32[2] = {1, 2}
    %a: f32[2] = elementwise(%x, %c) fn=add @"a"
    %dead: f32[2] = elementwise(%a) fn=exp @"dead"
    %y: f32[2] = elementwise(%a, %a) fn=mul @"y"
  })");
}

std::string violation(const Graph& g) {
  const auto ok = verify(g);
  return ok ? "none" : halite::to_string(ok.error());
}

}  // namespace

TEST_CASE("names of values stay unique") {
  Graph g;
  const ValueId a = g.add_value("a", kPair), b = g.add_value("a", kPair), c = g.add_value("", kPair);
  g.add_value("a_1", kPair);
  CHECK(g.value(a).name == "a");
  CHECK(g.value(b).name == "a_1");
  CHECK(!g.value(c).name.empty());
  g.rename(c, "a");
  g.rename(a, "a");
  CHECK(g.value(a).name == "a");
  CHECK(violation(g) == "none");
}

TEST_CASE("a node that infer refuses is not added and the error names it") {
  Graph g;
  const ValueId x = g.add_input("x", kPair);
  const auto made = g.add_node("turn", Transpose{{1, 0}}, {x});
  REQUIRE(!made);
  CHECK(made.error().where == "turn");
  CHECK(g.nodes.empty());
  CHECK(g.values.size() == 1);
}

TEST_CASE("uses list makers and readers") {
  const Graph g = sample();
  const Uses uses(g);
  const ValueId a = g.nodes[0].outputs[0];
  CHECK(uses.producer[a.index] == NodeId{0});
  CHECK(uses.consumers[a.index] == std::vector<NodeId>{{1}, {2}, {2}});
  CHECK(!uses.producer[g.inputs[0].index]);
  CHECK(uses.is_output[g.outputs[0].index]);
}

TEST_CASE("compact drops what no output needs and keeps inputs") {
  Graph g = sample();
  g.inputs.push_back(g.add_value("ignored", kPair));
  compact(g);
  CHECK(g.nodes.size() == 2);
  CHECK(g.values.size() == 5);
  CHECK(g.inputs.size() == 2);
  CHECK(g.value(g.outputs[0]).name == "y");
  CHECK(violation(g) == "none");
}

TEST_CASE("the verifier names each violation") {
  Graph g = sample();
  CHECK(violation(g) == "none");
  Graph bad = g;
  bad.values[1].name = "x";
  CHECK(violation(bad) == "x: two values have this name");
  bad = g;
  bad.values[1].name.clear();
  CHECK(violation(bad) == "a value has no name");
  bad = g;
  std::swap(bad.nodes[0], bad.nodes[2]);
  CHECK(violation(bad) == "y: reads a before it is defined");
  bad = g;
  bad.nodes[1].outputs = bad.nodes[0].outputs;
  CHECK(violation(bad) == "dead: defines a a second time");
  bad = g;
  bad.nodes[1].inputs = {ValueId{99}};
  CHECK(violation(bad) == "dead: reads a value that does not exist");
  bad = g;
  bad.outputs.push_back(bad.add_value("loose", kPair));
  CHECK(violation(bad) == "loose: a graph output that no node defines");
  bad = g;
  bad.inputs.push_back(bad.inputs[0]);
  CHECK(violation(bad) == "x: a graph input stands twice or is a constant");
  bad = g;
  bad.value(bad.nodes[1].outputs[0]).type.shape = {-3};
  CHECK(violation(bad) == "dead: shape [-3] has a negative or too large extent");
}

TEST_CASE("the verifier names each violation of a state") {
  Graph g = sample();
  const Tensor zeros = Tensor::zeros(kPair);
  g.add_state("h", zeros);
  CHECK(violation(g) == "none");
  Graph bad = g;
  bad.states[0].output = {99};
  CHECK(violation(bad) == "h: a value of the state does not exist");
  bad = g;
  bad.states[0].input = bad.inputs[0];
  CHECK(violation(bad) == "h: a state's input is a constant, a graph input or another state's");
  bad = g;
  bad.states.push_back(bad.states[0]);
  CHECK(violation(bad) == "h: a state's input is a constant, a graph input or another state's");
  bad = g;
  bad.states[0].input = bad.nodes[0].outputs[0];
  CHECK(violation(bad) == "a: defines a a second time");
  bad = g;
  bad.states[0].initial = Tensor::zeros({DType::f32, {3}, {}});
  CHECK(violation(bad) == "h: the state is f32[2], but its initial value is f32[3]");
  bad = g;
  bad.states[0].output = bad.add_value("loose", kPair);
  CHECK(violation(bad) == "h: a state's output that no node defines");
}

TEST_CASE("uses and compact see what states need") {
  Graph g = *parse(R"(graph "g" (%x: f32[2]) -> (%x) {
    state %h: f32[2] = {1, 2} -> %a
    %dead: f32[2] = elementwise(%x) fn=exp
    %a: f32[2] = elementwise(%x, %h) fn=add
  })");
  CHECK(Uses(g).is_output[g.states[0].output.index]);
  compact(g);
  CHECK(violation(g) == "none");
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.value(g.states[0].output).name == "a");
  CHECK(g.value(g.states[0].input).name == "h");
}

TEST_CASE("the interpreter carries states from run to run") {
  // b takes what a was before the run, although a changes in it.
  const Graph g = *parse(R"(graph "g" (%x: f32[2]) -> (%y) {
    state %a: f32[2] = {1, 2} -> %sum
    state %b: f32[2] = zeros -> %a
    %sum: f32[2] = elementwise(%a, %x) fn=add
    %y: f32[2] = elementwise(%sum, %b) fn=sub
  })");
  const std::vector<Tensor> x{Tensor::of<float>(std::vector<float>{10, 100}, {2})};
  StateValues states = initial_states(g);
  CHECK((*interpret(g, x, states))[0].at(1) == 102);
  CHECK(states[0].at(1) == 102);
  CHECK(states[1].at(1) == 2);
  CHECK((*interpret(g, x, states))[0].at(1) == 200);
  CHECK(states[1].at(1) == 102);
  CHECK((*interpret(g, x))[0].at(1) == 102);
}

TEST_CASE("the interpreter runs a graph and reports each node") {
  const Graph g = sample();
  std::vector<std::string> seen;
  const Tensor x = Tensor::of<float>(std::vector<float>{3, 4}, {2});
  const auto y = interpret(
      g, std::vector<Tensor>{x},
      [&](const Graph& graph, NodeId n, std::span<const Tensor>) { seen.push_back(graph.node(n).name); });
  REQUIRE(y);
  CHECK((*y)[0].at(0) == 16);
  CHECK((*y)[0].at(1) == 36);
  CHECK(seen == std::vector<std::string>{"a", "dead", "y"});
}

TEST_CASE("an output may be an input or a constant, and stand twice") {
  Graph g = sample();
  g.outputs = {g.inputs[0], g.outputs[0], g.outputs[0], ValueId{1}};
  const Tensor x = Tensor::of<float>(std::vector<float>{3, 4}, {2});
  const auto y = interpret(g, std::vector<Tensor>{x});
  REQUIRE(y);
  CHECK((*y)[0].at(1) == 4);
  CHECK((*y)[1].at(1) == 36);
  CHECK((*y)[2].at(1) == 36);
  CHECK((*y)[3].at(1) == 2);
}

TEST_CASE("the interpreter refuses inputs that do not fit") {
  const Graph g = sample();
  CHECK(interpret(g, {}).error().message == "got 0 input tensors, expected 1");
  const Tensor wrong = Tensor::zeros({DType::f32, {3}, {}});
  const auto y = interpret(g, std::vector<Tensor>{wrong});
  REQUIRE(!y);
  CHECK(halite::to_string(y.error()) == "x: got f32[3], expected f32[2]");
}

TEST_CASE("extents of outputs are kept, checked, printed and parsed, and cut what a run gives") {
  const std::string text = R"(graph "g" (%x: f32[2,3], %n: i64[]) -> (%y[0: %rows][1: %columns], %y) {
  const %columns: i64[] = {2}
  %y: f32[2,3] = elementwise(%x) fn=neg
  %rows: i64[] = elementwise(%n) fn=abs
}
)";
  Graph g = *parse(text);
  CHECK(print(g) == text);
  CHECK(violation(g) == "none");
  CHECK(Uses(g).is_output[g.extents[0].value.index]);
  compact(g);
  CHECK(print(g) == text);

  const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> one{-1};
  const std::vector<Tensor> inputs{Tensor::of<float>(numbers, {2, 3}), Tensor::of<int64_t>(one, {})};
  const auto outputs = interpret(g, inputs);
  REQUIRE(outputs);
  CHECK((*outputs)[0].type().shape == Shape{1, 2});
  CHECK((*outputs)[0].at(1) == -2);
  CHECK((*outputs)[1].type().shape == Shape{2, 3});

  Graph bad = g;
  bad.extents[0].output = 2;
  CHECK(violation(bad) == "g: an extent is of an output that does not exist");
  bad = g;
  bad.extents[0].axis = 2;
  CHECK(violation(bad) == "y: an extent is of axis 2, which is outside the rank");
  bad = g;
  bad.extents[0].value = bad.add_value("loose", {DType::i64, {}, {}});
  CHECK(violation(bad) == "y: the extent of axis 0 is a value that no node defines");
  bad = g;
  bad.extents[0].value = bad.inputs[0];
  CHECK(violation(bad) == "x: an extent is f32[2,3], expected one i64");
}
