// Several assignments of shapes in one object: for each of them the answers are those of a model compiled for
// it alone and of the interpreter, and weights and code are there once.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "codegen/compile.h"
#include "codegen/jit.h"
#include "codegen/link.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "rt/halite.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

using Tensors = std::vector<ir::Tensor>;

std::string number(int64_t n) { return std::to_string(n); }

ir::Tensor filled(const ir::Type& type, int seed) {
  auto tensor = ir::Tensor::zeros(type);
  for (int64_t i = 0; i < type.elements(); i++) tensor.set(i, double((i * 37 + seed * 11) % 101) / 101 - 0.5);
  return tensor;
}

ir::Graph parsed(const std::string& text) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  return *std::move(graph);
}

/// Two convolutions, one of stride 2, over n images.
ir::Graph conv_net(int64_t n, int64_t size = 12) {
  const std::string half = number((size + 1) / 2);
  const std::string first = "f32[" + number(n) + "," + number(size) + "," + number(size) + ",";
  const std::string second = "f32[" + number(n) + "," + half + "," + half + ",";
  return parsed(
      "graph \"net\" (%x: " + first + "3]) -> (%y) {\n" +
      "  const %w1: f32[16,3,3,3] = #0000000000000001\n  const %b1: f32[16] = #0000000000000002\n" +
      "  const %w2: f32[24,3,3,16] = #0000000000000003\n  const %b2: f32[24] = #0000000000000004\n" +
      "  %c1: " + first + "16] = conv2d(%x, %w1, %b1) pad=[1,1,1,1]\n  %r1: " + first +
      "16] = elementwise(%c1) fn=relu\n" + "  %y: " + second +
      "24] = conv2d(%r1, %w2, %b2) stride=[2,2] pad=[1,1,1,1]\n}");
}

/// A projection of n tokens, their softmax, and a projection back, added to where it began.
ir::Graph tokens_net(int64_t n) {
  const std::string rows = "f32[" + number(n) + ",";
  return parsed(
      "graph \"net\" (%x: " + rows + "24]) -> (%y) {\n" +
      "  const %w1: f32[24,40] = #0000000000000005\n  const %w2: f32[40,24] = #0000000000000006\n  %a: " +
      rows + "40] = matmul(%x, %w1)\n  %s: " + rows + "40] = softmax(%a) axis=1\n  %b: " + rows +
      "24] = matmul(%s, %w2)\n  %y: " + rows + "24] = elementwise(%b, %x) fn=add\n}");
}

CompileOptions options_for(const std::string& target, bool range = true) {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  options.extents_vary = range;
  return options;
}

Tensors inputs_of(const ir::Graph& graph, int seed = 5) {
  Tensors inputs;
  for (auto id : graph.inputs) inputs.push_back(filled(graph.type(id), seed++));
  return inputs;
}

void check_near(const Tensors& found, const Tensors& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t t = 0; t < found.size(); t++) {
    REQUIRE(found[t].type().shape == expected[t].type().shape);
    int wrong = 0;
    for (int64_t i = 0; i < expected[t].type().elements(); i++)
      wrong += !(std::abs(found[t].at(i) - expected[t].at(i)) <= 1e-4);
    CHECK(wrong == 0);
  }
}

/// Runs every variant where it was compiled for; the answers must be the interpreter's.
void check_all(const Artifact& artifact, const std::vector<ir::Graph>& graphs, const std::string& target) {
  CAPTURE(target);
  for (const auto& graph : graphs) {
    const Tensors inputs = inputs_of(graph);
    CAPTURE(to_string(inputs[0].type()));
    const auto expected = ir::interpret(graph, inputs);
    REQUIRE(expected);
    if (target == "host") {
      const auto model = JitModel::load(artifact);
      REQUIRE(model);
      const auto outputs = model->run(inputs);
      REQUIRE_MESSAGE(outputs, error_text(outputs));
      check_near(*outputs, *expected);
    } else {
      const std::vector<Tensors> sequence{inputs};
      const auto outputs = run_on_target(artifact, graph, *targets::find(target), sequence);
      REQUIRE_MESSAGE(outputs, error_text(outputs));
      check_near(outputs->front(), *expected);
    }
  }
}

std::vector<ir::Graph> batches(ir::Graph (*net)(int64_t), std::vector<int64_t> extents) {
  std::vector<ir::Graph> graphs;
  for (const int64_t n : extents) graphs.push_back(net(n));
  return graphs;
}
ir::Graph conv_batch(int64_t n) { return conv_net(n); }

size_t functions_of(const Report& report) {
  std::set<std::string> kernels;
  for (const auto& variant : report.variants)
    for (const auto& step : variant.steps) kernels.insert(step.kernel);
  for (const auto& step : report.steps) kernels.insert(step.kernel);
  return kernels.size();
}

Artifact compiled(const std::vector<ir::Graph>& graphs, const CompileOptions& options) {
  auto artifact = compile(graphs, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return *std::move(artifact);
}

}  // namespace

TEST_CASE("a range of batches gives the interpreter's answers for each of them, on every kind of machine") {
  const auto graphs = batches(&conv_batch, {3, 2, 1});
  for (const char* target : {"host", "arm64", "cortex-m4"})
    check_all(compiled(graphs, options_for(target)), graphs, target);
  auto small = options_for("host");
  small.optimize_size = true;
  check_all(compiled(graphs, small), graphs, "host");
}

TEST_CASE("a range of lengths gives the interpreter's answers for each of them") {
  const auto graphs = batches(&tokens_net, {16, 9, 4, 1});
  for (const char* target : {"host", "cortex-m4"})
    check_all(compiled(graphs, options_for(target)), graphs, target);
}

TEST_CASE("several shapes share their weights, and the arena is that of the largest") {
  const auto graphs = batches(&conv_batch, {4, 3, 2, 1});
  for (const std::string target : {"host", "cortex-m4"}) {
    CAPTURE(target);
    // Rows of a cascade have kernels of their own, with tiles of their own; not all shapes have cascades.
    auto options = options_for(target);
    options.rows = RowsMode::never;
    const auto all = compiled(graphs, options);
    const auto largest = compile(graphs[0], options);
    REQUIRE(largest);
    CHECK(all.report.weights_bytes == largest->report.weights_bytes);
    CHECK(all.report.arena_bytes <= largest->report.arena_bytes);  // scratch is that of an item
    REQUIRE(all.report.variants.size() == 4);
    CHECK(all.report.variants[3].arena_bytes < all.report.arena_bytes);
    CHECK(all.report.variants[1].shapes == "x 3x12x12x3");
    CHECK(largest->report.variants.empty());
  }
}

TEST_CASE("kernels of a range take the extent as an argument: however many there are, the code is one") {
  for (const char* target : {"host", "cortex-m4"}) {
    CAPTURE(target);
    auto options = options_for(target);
    options.rows = RowsMode::never;
    const auto one = compiled(batches(&conv_batch, {1}), options);
    const auto many = compiled(batches(&conv_batch, {8, 7, 6, 5, 4, 3, 2, 1}), options);
    CHECK(functions_of(many.report) == functions_of(one.report));
    CHECK(many.report.kernels == one.report.kernels);
  }
}

TEST_CASE("rows of a dense layer have a kernel for each extent, but weights packed in one way") {
  for (const char* target : {"host", "arm64", "cortex-m4"}) {
    CAPTURE(target);
    const auto one = compiled(batches(&tokens_net, {1}), options_for(target));
    const auto many = compiled(batches(&tokens_net, {9, 4, 3, 1}), options_for(target));
    CHECK(many.report.weights_bytes == one.report.weights_bytes);
    check_all(many, batches(&tokens_net, {9, 4, 3, 1}), target);
  }
}

TEST_CASE("items are shared out among threads") {
  const auto norm = [](int64_t n) {
    const std::string type = "f32[" + number(n) + ",3000]";
    return parsed("graph \"net\" (%x: " + type + ") -> (%y) {\n  %y: " + type + " = softmax(%x) axis=1\n}");
  };
  std::vector<ir::Graph> graphs;
  for (const int64_t n : {61, 7, 1}) graphs.push_back(norm(n));
  auto options = options_for("host");
  options.target.facts.cores = 4;
  const auto artifact = compiled(graphs, options);
  CHECK(artifact.report.kernels == 1);
  const auto model = JitModel::load(artifact);
  REQUIRE(model);
  for (const auto& graph : graphs) {
    const auto inputs = inputs_of(graph);
    for (const int threads : {1, 4}) {
      const auto outputs = model->run(inputs, threads);
      REQUIRE_MESSAGE(outputs, error_text(outputs));
      check_near(*outputs, *ir::interpret(graph, inputs));
    }
  }
}

TEST_CASE("sizes of pictures that have nothing in common but weights are each as fast as alone") {
  std::vector<ir::Graph> graphs;
  for (const int64_t size : {10, 16}) graphs.push_back(conv_net(1, size));
  const auto both = compiled(graphs, options_for("host", false));
  CHECK(both.report.weights_bytes == compile(graphs[0], options_for("host", false))->report.weights_bytes);
  check_all(both, graphs, "host");
}

TEST_CASE("two sessions have different shapes at the same time, and each keeps its own") {
  const auto graphs = batches(&conv_batch, {2, 1});
  const auto artifact = compiled(graphs, options_for("host"));
  const auto model = JitModel::load(artifact);
  REQUIRE(model);
  const SessionMemories first(model->model()), second(model->model());
  halite_session sessions[2];
  REQUIRE(first.open(sessions[0]) == HALITE_OK);
  REQUIRE(second.open(sessions[1]) == HALITE_OK);
  CHECK(halite_input_info(&model->model(), 0)->bytes == 2 * 12 * 12 * 3 * 4);
  for (const int v : {0, 1}) {
    const int32_t shape[] = {2 - v, 12, 12, 3}, wrong[] = {5, 12, 12, 3};
    REQUIRE(halite_set_input_shape(&sessions[v], 0, shape, 4) == HALITE_OK);
    CHECK(halite_set_input_shape(&sessions[v], 0, wrong, 4) == HALITE_BAD_SHAPE);
    const auto input = inputs_of(graphs[size_t(v)])[0];
    std::memcpy(halite_input(&sessions[v], 0), input.bytes().data(), input.bytes().size());
  }
  for (const int v : {0, 1}) {
    REQUIRE(halite_run(&sessions[v]) == HALITE_OK);
    int32_t shape[4];
    REQUIRE(halite_output_shape(&sessions[v], 0, shape) == HALITE_OK);
    CHECK(shape[0] == 2 - v);
    CHECK(shape[3] == 24);
    const auto expected = ir::interpret(graphs[size_t(v)], inputs_of(graphs[size_t(v)]));
    auto found = ir::Tensor::zeros(expected->front().type());
    std::memcpy(found.mutable_bytes().data(), halite_output(&sessions[v], 0), found.bytes().size());
    check_near({found}, *expected);
  }
}

TEST_CASE("several shapes go with separate weights, buffers of the caller's and several memories") {
  const auto graphs = batches(&conv_batch, {3, 1});
  auto options = options_for("host");
  options.separate_weights = true;
  options.inputs = options.outputs = Home::bound;
  check_all(compiled(graphs, options), graphs, "host");
  options = options_for("cortex-m4");
  options.memories = {{"fast", 16 * 1024, true}, {"large", 64 * 1024, false}};
  check_all(compiled(graphs, options), graphs, "cortex-m4");
}

TEST_CASE("a state is shared by all shapes, wherever memories lie") {
  // y = state + the sum of all rows, which is the next state.
  const auto sum_of = [](int64_t n) {
    return parsed(
        "graph \"sum\" (%x: f32[" + number(n) + ",8]) -> (%y) {\n" +
        "  state %s: f32[1,8] = {1, 2, 3, 4, 5, 6, 7, 8} -> %y\n" +
        "  %t: f32[1,8] = reduce(%x) kind=sum axes=[0]\n  %y: f32[1,8] = elementwise(%s, %t) fn=add\n}");
  };
  for (const bool memories : {false, true}) {
    auto options = options_for("host");
    if (memories) options.memories = {{"large", 4096, false}, {"fast", 4096, true}};
    const auto artifact = compiled({sum_of(4), sum_of(2)}, options);
    CHECK(artifact.report.state_bytes == 32);
    const auto model = JitModel::load(artifact);
    REQUIRE(model);
    const std::vector<Tensors> inputs{inputs_of(sum_of(4)), inputs_of(sum_of(2)), inputs_of(sum_of(4))};
    const auto outputs = model->run_sequence(inputs);
    REQUIRE_MESSAGE(outputs, error_text(outputs));
    double sum[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (size_t run = 0; run < inputs.size(); run++) {
      for (int64_t i = 0; i < inputs[run][0].type().elements(); i++) sum[i % 8] += inputs[run][0].at(i);
      for (int64_t i = 0; i < 8; i++) CHECK(std::abs((*outputs)[run][0].at(i) - sum[i]) < 1e-4);
    }
  }
}

TEST_CASE("shapes that change more than extents are refused") {
  const auto refused = [](const std::string& a, const std::string& b) {
    std::vector<ir::Graph> graphs;
    for (const auto& text : {a, b}) graphs.push_back(parsed(text));
    const auto artifact = compile(graphs, options_for("host"));
    REQUIRE_FALSE(artifact);
    return artifact.error().message;
  };
  const std::string two = "graph \"g\" (%x: f32[2,4]) -> (%y) {\n  %y: f32[2,4] = elementwise(%x) fn=relu\n}";
  CHECK(refused(two, two).find("given twice") != std::string::npos);
  CHECK(refused(two, "graph \"g\" (%z: f32[3,4]) -> (%y) {\n  %y: f32[3,4] = elementwise(%z) fn=relu\n}")
            .find("the inputs are others") != std::string::npos);
  CHECK(refused(two, "graph \"g\" (%x: f32[3,4]) -> (%y) {\n  %y: f32[12] = reshape(%x) shape=[12]\n}")
            .find("the outputs are others") != std::string::npos);
}
