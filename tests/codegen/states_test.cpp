// Streaming models: states in buffers of their own, written over where that is safe. Each graph is also run
// in this process, several inferences in a row, and compared with the interpreter.
#include "codegen/states.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "codegen/compile.h"
#include "codegen/jit.h"
#include "codegen/link.h"
#include "codegen/partition.h"
#include "targets/machine.h"
#include "tests/codegen/sequences.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;
using namespace halite::test;

namespace {

Sequence some_inputs(const ir::Graph& graph, size_t inferences) {
  Sequence inputs(inferences);
  uint32_t noise = 1;
  for (auto& set : inputs) {
    for (const auto id : graph.inputs) {
      auto tensor = ir::Tensor::zeros(graph.type(id));
      for (int64_t i = 0; i < tensor.type().elements(); i++)
        tensor.set(i, double((noise = noise * 1664525 + 1013904223) >> 24) - 128);
      set.push_back(std::move(tensor));
    }
  }
  return inputs;
}

/// Compiles for this machine, compares four inferences, and returns the report.
Report check_streaming(const std::string& text) {
  const auto graph = graph_of(text);
  const auto inputs = some_inputs(graph, 4);
  const auto artifact = compile(graph, options_for(*targets::find("host")));
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  const auto jit = JitModel::load(*artifact);
  REQUIRE(jit);
  const auto found = jit->run_sequence(inputs);
  REQUIRE_MESSAGE(found, error_text(found));
  check_equal(*found, interpret_all(graph, inputs));
  return artifact->report;
}

}  // namespace

TEST_CASE("an accumulator is updated in place") {
  const auto report = check_streaming(R"(graph "g" (%x: f32[8]) -> (%y) {
    state %sum: f32[8] = {1, 2, 3, 4, 5, 6, 7, 8} -> %next
    %next: f32[8] = elementwise(%sum, %x) fn=add
    %y: f32[8] = elementwise(%next) fn=abs
  })");
  CHECK(report.steps.size() == 2);
  CHECK(report.state_bytes == 32);
  REQUIRE(report.steps[0].tensors.size() == 3);
  CHECK(report.steps[0].tensors.back().space == "state");
  CHECK(report.steps[0].tensors.back().offset == report.arena[0].offset);
}

TEST_CASE("a window over time is shifted: the old one is read before the new one is written") {
  const auto report = check_streaming(R"(graph "g" (%x: i32[1,2,3]) -> (%y) {
    state %old: i32[1,4,3] = zeros -> %new
    %all: i32[1,6,3] = concat(%old, %x) axis=1
    %y: i32[1,1,3] = reduce(%all) kind=sum axes=[1]
    %new: i32[1,4,3] = slice(%all) start=[0,2,0] step=[1,1,1] sizes=[1,4,3]
  })");
  CHECK(report.steps.size() == 4);  // two parts of the concat, the sum, the slice into the state
}

TEST_CASE("a state that is still to be read, or read by what makes the new one, is saved by a copy") {
  // %y reads %old behind the convolution that makes %new, which itself reads %old at other places.
  const auto report = check_streaming(R"(graph "g" (%x: f32[1,6,1,4]) -> (%y) {
    state %old: f32[1,6,1,4] = zeros -> %new
    const %w: f32[4,3,1,4] = #0000000000000001
    const %k: f32[1,6,1,4] = #0000000000000002
    %mixed: f32[1,6,1,4] = elementwise(%old, %x) fn=add
    %conv: f32[1,6,1,4] = conv2d(%old, %w) pad=[1,0,1,0]
    %new: f32[1,6,1,4] = elementwise(%conv) fn=relu
    %late: f32[1,6,1,4] = elementwise(%old, %k) fn=mul
    %y: f32[1,6,1,4] = elementwise(%late, %mixed) fn=min
  })");
  CHECK(report.steps.back().op == "cast");
}

TEST_CASE("states may take each other's values, inputs, outputs, constants and their own") {
  check_streaming(R"(graph "g" (%x: i32[5]) -> (%y, %a) {
    state %a: i32[5] = {1, 2, 3, 4, 5} -> %b
    state %b: i32[5] = {6, 7, 8, 9, 10} -> %a
    state %c: i32[5] = {-1, -1, -1, -1, -1} -> %x
    state %d: i32[5] = {11, 12, 13, 14, 15} -> %c
    state %e: i32[5] = {21, 22, 23, 24, 25} -> %y
    state %f: i32[5] = zeros -> %y
    state %g: i32[5] = zeros -> %two
    state %h: i32[5] = {3, 1, 4, 1, 5} -> %h
    const %two: i32[5] = {2, 2, 2, 2, 2}
    %ab: i32[5] = elementwise(%a, %b) fn=sub
    %cd: i32[5] = elementwise(%c, %d) fn=add
    %ef: i32[5] = elementwise(%e, %f) fn=max
    %gh: i32[5] = elementwise(%g, %h) fn=add
    %abcd: i32[5] = elementwise(%ab, %cd) fn=max
    %efgh: i32[5] = elementwise(%ef, %gh) fn=sub
    %y: i32[5] = elementwise(%abcd, %efgh) fn=add
  })");
}

TEST_CASE("a ring of parts: each new state is a window of what holds the old one") {
  check_streaming(R"(graph "g" (%x: i32[1,3]) -> (%y) {
    state %old: i32[4,3] = zeros -> %new
    %kept: i32[3,3] = slice(%old) start=[1,0] step=[1,1] sizes=[3,3]
    %new: i32[4,3] = concat(%kept, %x) axis=0
    %y: i32[1,3] = reduce(%new) kind=max axes=[0]
  })");
  check_streaming(R"(graph "g" (%x: i32[2,3]) -> (%y) {
    state %s: i32[2,3] = {1, 2, 3, 4, 5, 6} -> %from_t
    state %t: i32[2,3] = zeros -> %from_s
    %both: i32[4,3] = concat(%s, %t) axis=0
    %from_t: i32[2,3] = slice(%both) start=[1,0] step=[1,1] sizes=[2,3]
    %turned: i32[3,2] = reshape(%s) shape=[3,2]
    %doubled: i32[3,2] = elementwise(%turned, %turned) fn=add
    %from_s: i32[2,3] = reshape(%doubled) shape=[2,3]
    %y: i32[2,3] = elementwise(%x, %from_t) fn=add
  })");
}

TEST_CASE("random graphs whose states take any of their values") {
  std::mt19937 random(1);
  const auto pick = [&](size_t n) { return std::to_string(random() % n); };
  for (int round = 0; round < 12; round++) {
    std::string nodes;
    size_t values = 4;  // %v0 is the input, %v1 to %v3 are the states
    while (values < 9) {
      const std::string v = "%v" + std::to_string(values), a = "%v" + pick(values), b = "%v" + pick(values);
      switch (random() % 4) {
        case 0:
          nodes += v + ": i32[3,4] = elementwise(" + a + ", " + b + ") fn=sub\n";
          break;
        case 1:
          nodes += v + "a: i32[2,4] = slice(" + a + ") start=[1,0] step=[1,1] sizes=[2,4]\n" + v +
                   "b: i32[1,4] = slice(" + b + ") start=[0,0] step=[1,1] sizes=[1,4]\n" + v +
                   ": i32[3,4] = concat(" + v + "a, " + v + "b) axis=0\n";
          break;
        case 2:
          nodes += v + "t: i32[4,3] = transpose(" + a + ") perm=[1,0]\n" + v + ": i32[3,4] = reshape(" + v +
                   "t) shape=[3,4]\n";
          break;
        default:
          nodes += v + ": i32[3,4] = elementwise(" + a + ") fn=neg\n";
      }
      values++;
    }
    std::string text = "graph \"g\" (%v0: i32[3,4]) -> (%v" + pick(values) + ", %v8) {\n";
    for (int s = 1; s <= 3; s++)
      text += "state %v" + std::to_string(s) + ": i32[3,4] = #" + std::to_string(s) + " -> %v" +
              pick(values) + "\n";
    CAPTURE(text + nodes + "}");
    check_streaming(text + nodes + "}");
  }
}

TEST_CASE("only the bytes of initial values that are not all alike are in the object") {
  const auto object_bytes = [](const std::string& initial) {
    const std::string text = "graph \"g\" (%x: i8[400]) -> (%y) { state %s: i8[400] = " + initial +
                             " -> %x\n %y: i8[400] = elementwise(%s, %x) fn=max\n}";
    return compile(graph_of(text), options_for(*targets::find("cortex-m4")))->object.size();
  };
  std::string equal = "{-128", different = "{1";
  for (int i = 1; i < 400; i++) equal += ", -128", different += ", " + std::to_string(i % 100);
  const auto zeros = object_bytes("zeros");
  CHECK(object_bytes(equal + "}") < zeros + 200);
  CHECK(object_bytes(different + "}") > zeros + 390);
}

TEST_CASE("a saved state continues where it was taken") {
  const auto graph = graph_of(R"(graph "g" (%x: i32[4]) -> (%y) {
    state %sum: i32[4] = {1, 2, 3, 4} -> %y
    state %n: i8[3] = {1, 1, 1} -> %more
    %y: i32[4] = elementwise(%sum, %x) fn=add
    %more: i8[3] = elementwise(%n, %n) fn=add
  })");
  const auto artifact = compile(graph, options_for(*targets::find("host")));
  REQUIRE(artifact);
  CHECK(artifact->header.find("#define net_STATE_BYTES " + std::to_string(artifact->report.state_bytes) +
                              "u") != std::string::npos);
  const auto jit = JitModel::load(*artifact);
  REQUIRE(jit);
  const auto& model = jit->model();
  REQUIRE(halite_state_bytes(&model) == size_t(artifact->report.state_bytes));
  alignas(HALITE_ARENA_ALIGN) unsigned char arena[4096];
  REQUIRE(halite_arena_bytes(&model) <= sizeof arena);
  halite_session session;
  REQUIRE(halite_open(&session, &model, arena, sizeof arena) == HALITE_OK);
  const auto next = [&] {
    const int32_t x[] = {10, 20, 30, 40};
    std::memcpy(halite_input(&session, 0), x, sizeof x);
    REQUIRE(halite_run(&session) == HALITE_OK);
    return static_cast<const int32_t*>(halite_output(&session, 0))[2];
  };
  CHECK(next() == 33);
  std::vector<unsigned char> saved(halite_state_bytes(&model));
  REQUIRE(halite_save_state(&session, saved.data()) == HALITE_OK);
  CHECK(next() == 63);
  REQUIRE(halite_restore_state(&session, saved.data(), saved.size()) == HALITE_OK);
  CHECK(next() == 63);
  CHECK(next() == 93);
  REQUIRE(halite_reset(&session) == HALITE_OK);
  CHECK(next() == 33);
}

TEST_CASE("state lives on from inference to inference on other machines too") {
  const auto graph = graph_of(R"(graph "g" (%x: i32[1,2,3]) -> (%y) {
    state %old: i32[1,4,3] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12} -> %new
    %all: i32[1,6,3] = concat(%old, %x) axis=1
    %y: i32[1,1,3] = reduce(%all) kind=sum axes=[1]
    %new: i32[1,4,3] = slice(%all) start=[0,2,0] step=[1,1,1] sizes=[1,4,3]
  })");
  const auto inputs = some_inputs(graph, 3);
  const auto expected = interpret_all(graph, inputs);
  for (const char* name : {"cortex-m4", "riscv32", "arm64"}) {
    const auto target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    CAPTURE(name);
    const auto artifact = compile(graph, options_for(target));
    REQUIRE_MESSAGE(artifact, error_text(artifact));
    const auto found = run_on_target(*artifact, graph, target, inputs);
    REQUIRE_MESSAGE(found, error_text(found));
    check_equal(*found, expected);
  }
}
