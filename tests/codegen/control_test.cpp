// Branches and loops that run at run time, by JIT and on targets, against the interpreter (whose own tests
// are in tests/ops_reference/control.cpp) and against numbers worked out by hand. All numbers are small
// integers, so that f32 is exact in any order.
#include "codegen/control.h"

#include <doctest/doctest.h>

#include "codegen/jit.h"
#include "codegen/link.h"
#include "targets/machine.h"
#include "tests/codegen/sequences.h"

using namespace halite;
using namespace halite::codegen;
using namespace halite::test;

namespace {

using Values = std::vector<double>;

/// One set of inputs; each tensor given by its values.
std::vector<ir::Tensor> inputs_of(const ir::Graph& graph, const std::vector<Values>& values) {
  std::vector<ir::Tensor> inputs;
  for (size_t i = 0; i < values.size(); i++) {
    inputs.push_back(ir::Tensor::zeros(graph.type(graph.inputs[i])));
    REQUIRE(size_t(inputs[i].type().elements()) == values[i].size());
    for (size_t k = 0; k < values[i].size(); k++) inputs[i].set(int64_t(k), values[i][k]);
  }
  return inputs;
}

struct Ran {
  Report report;
  Sequence outputs;  ///< by inference, of the compiled code
};

/// Compiles for this machine and compares with the interpreter, with one thread and several.
Ran check(const ir::Graph& graph, const Sequence& inputs, const CompileOptions& options) {
  const auto artifact = compile(graph, options);
  const std::string problem = artifact ? "" : to_string(artifact.error());
  REQUIRE_MESSAGE(artifact, problem);
  const auto jit = JitModel::load(*artifact);
  REQUIRE(jit);
  const auto found = jit->run_sequence(inputs);
  REQUIRE(found);
  check_equal(*found, interpret_all(graph, inputs));
  const auto parallel = jit->run_sequence(inputs, 3);
  REQUIRE(parallel);
  check_equal(*parallel, *found);
  return {artifact->report, *found};
}
Ran check(const std::string& text, const std::vector<std::vector<Values>>& inferences) {
  const auto graph = graph_of(text);
  Sequence inputs;
  for (const auto& values : inferences) inputs.push_back(inputs_of(graph, values));
  return check(graph, inputs, options_for(*targets::find("host")));
}

/// x <- relu(x W - b) n times, each row stacked; b is computed outside, W is a constant of the outer graph.
const std::string kLayers = R"(graph "g" (%n: i64[], %x: f32[1,4], %c: f32[1,4]) -> (%y, %all) {
  const %true: bool[] = {true}
  const %w: f32[4,4] = {1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1}
  %b: f32[1,4] = elementwise(%c, %c) fn=add
  %y: f32[1,4], %all: f32[5,1,4] = loop(%n, %true, %x, %w, %b) limit=5 carried=1
    body=graph "" (%i: i64[], %x: f32[1,4], %w: f32[4,4], %b: f32[1,4]) -> (%true, %next, %next) {
      const %true: bool[] = {true}
      %p: f32[1,4] = matmul(%x, %w)
      %d: f32[1,4] = elementwise(%p, %b) fn=sub
      %next: f32[1,4] = elementwise(%d) fn=relu
    }
})";

/// Within a loop a branch, within one of its sides a loop of as many iterations as the outer one has run.
const std::string kNested = R"(graph "g" (%n: i64[], %x: f32[6], %t: f32[6]) -> (%y) {
  const %true: bool[] = {true}
  %y: f32[6] = loop(%n, %true, %x, %t) limit=100 carried=1
    body=graph "" (%i: i64[], %x: f32[6], %t: f32[6]) -> (%true, %next) {
      const %true: bool[] = {true}
      const %zero: f32[1] = {0}
      %first: f32[1] = slice(%x) start=[0] step=[1] sizes=[1]
      %less: bool[1] = elementwise(%first, %zero) fn=less
      %next: f32[6] = branch(%less, %i, %x, %t)
        yes=graph "" (%i: i64[], %x: f32[6], %t: f32[6]) -> (%z) {
          const %true: bool[] = {true}
          %z: f32[6] = loop(%i, %true, %x, %t) limit=9 carried=1
            body=graph "" (%j: i64[], %z: f32[6], %t: f32[6]) -> (%true, %sum) {
              const %true: bool[] = {true}
              %at: f32[] = cast(%j) to=f32
              %wide: f32[1] = reshape(%at) shape=[1]
              %more: f32[6] = elementwise(%t, %wide) fn=add
              %sum: f32[6] = elementwise(%z, %more) fn=add
            }
        }
        no=graph "" (%i: i64[], %x: f32[6], %t: f32[6]) -> (%z) {
          %z: f32[6] = elementwise(%x, %t) fn=sub
        }
    }
})";

const std::vector<std::vector<Values>> kNestedInputs{{{7}, {3, 1, 0, 2, 5, 6}, {4, 1, 2, 0, 3, 1}},
                                                     {{0}, {3, 1, 0, 2, 5, 6}, {4, 1, 2, 0, 3, 1}},
                                                     {{30}, {-5, 1, 0, 2, 5, 6}, {4, 1, 2, 0, 3, 1}}};

}  // namespace

TEST_CASE("a loop of a trip count known at run time carries, captures and stacks") {
  const auto ran = check(kLayers, {{{2}, {1, 2, 3, 4}, {0, 0, 1, 0}},
                                   {{0}, {1, 2, 3, 4}, {0, 0, 1, 0}},
                                   {{-3}, {1, 2, 3, 4}, {0, 0, 1, 0}},
                                   {{99}, {1, 2, 3, 4}, {1, 0, 1, 2}}});
  // [1,2,3,4] W = [5,2,5,4], less [0,0,2,0]; [5,2,3,4] W = [9,2,5,4], less the same.
  CHECK(values_of(ran.outputs[0][0]) == Values{9, 2, 3, 4});
  CHECK(values_of(ran.outputs[0][1]) == Values{5, 2, 3, 4, 9, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(values_of(ran.outputs[1][0]) == Values{1, 2, 3, 4});
  REQUIRE(ran.report.steps.size() == 2);
  const StepReport& loop = ran.report.steps[1];
  CHECK(loop.kernel == "rt_run_loop");
  CHECK(loop.op == "loop");
  CHECK(!loop.parts.empty());
  CHECK(loop.parts[0].op.find("matmul") == 0);
  CHECK(loop.macs == 16);
  for (const auto& placement : ran.report.arena) CHECK(placement.last <= 1);
}

TEST_CASE("branches in loops and loops in branches run over one arena") {
  const auto ran = check(kNested, kNestedInputs);
  // 3 - 4 = -1; i = 1: -1 + (4+0) = 3; 3 - 4 = -1; i = 3: -1 + 4 + 5 + 6 = 14; 10; 6; 2.
  CHECK(values_of(ran.outputs[0][0])[0] == 2);
}

TEST_CASE("carried values may change places, and a condition of the body ends the loop") {
  const auto ran = check(R"(graph "g" (%n: i64[], %most: i64[]) -> (%p, %q) {
    const %true: bool[] = {true}
    const %zero: i64[] = {0}
    const %one: i64[] = {1}
    %p: i64[], %q: i64[] = loop(%n, %true, %zero, %one, %most) limit=9223372036854775807 carried=2
      body=graph "" (%i: i64[], %a: i64[], %b: i64[], %most: i64[]) -> (%go, %b, %c) {
        %c: i64[] = elementwise(%a, %b) fn=add
        %go: bool[] = elementwise(%c, %most) fn=less
      }
  })",
                         {{{10}, {1000}}, {{1000}, {100}}, {{1}, {0}}});
  CHECK(values_of(ran.outputs[0][0]) == Values{55});  // of Fibonacci's numbers the tenth and eleventh
  CHECK(values_of(ran.outputs[0][1]) == Values{89});
  CHECK(values_of(ran.outputs[1][1]) == Values{144});
  CHECK(values_of(ran.outputs[2][1]) == Values{1});
}

TEST_CASE("a carried value is written over the one before where nothing else reads that") {
  const auto ran = check(R"(graph "g" (%n: i64[], %x: f32[64], %d: f32[64]) -> (%y) {
    const %true: bool[] = {true}
    %s: f32[64] = elementwise(%x) fn=abs
    %y: f32[64] = loop(%n, %true, %s, %d) limit=1000 carried=1
      body=graph "" (%i: i64[], %s: f32[64], %d: f32[64]) -> (%true, %t) {
        const %true: bool[] = {true}
        %t: f32[64] = elementwise(%s, %d) fn=add
      }
  })",
                         {{{600}, Values(64, -1), Values(64, 2)}});
  CHECK(values_of(ran.outputs[0][0]) == Values(64, 1201));
  const auto& parts = ran.report.steps[1].parts;
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].tensors.front().offset == parts[0].tensors.back().offset);
}

TEST_CASE("a branch whose sides give captures, constants and windows of values copies them") {
  const std::string text = R"(graph "g" (%c: bool[], %x: f32[2,3]) -> (%y, %z, %w) {
    %a: f32[2,3] = elementwise(%x, %x) fn=add
    %b: f32[2,2] = slice(%a) start=[0,1] step=[1,1] sizes=[2,2]
    %y: f32[2,2], %z: f32[2,2] = branch(%c, %b, %x)
      yes=graph "" (%b: f32[2,2], %x: f32[2,3]) -> (%b, %k) { const %k: f32[2,2] = {7, 8, 9, 10} }
      no=graph "" (%b: f32[2,2], %x: f32[2,3]) -> (%s, %s) {
        %s: f32[2,2] = slice(%x) start=[0,0] step=[1,1] sizes=[2,2]
      }
    %w: f32[4,2] = concat(%y, %b) axis=0
  })";
  const auto ran = check(text, {{{1}, {1, 2, 3, 4, 5, 6}}, {{0}, {1, 2, 3, 4, 5, 6}}});
  CHECK(values_of(ran.outputs[0][0]) == Values{4, 6, 10, 12});
  CHECK(values_of(ran.outputs[0][1]) == Values{7, 8, 9, 10});
  CHECK(values_of(ran.outputs[0][2]) == Values{4, 6, 10, 12, 4, 6, 10, 12});
  CHECK(values_of(ran.outputs[1][0]) == Values{1, 2, 4, 5});
  CHECK(values_of(ran.outputs[1][1]) == Values{1, 2, 4, 5});
}

TEST_CASE("a loop works on the state of a streaming model") {
  const auto ran = check(R"(graph "g" (%n: i64[], %x: f32[3]) -> (%y) {
    state %h: f32[3] = {1, 2, 3} -> %g
    const %true: bool[] = {true}
    %g: f32[3] = loop(%n, %true, %h, %x, %h) limit=50 carried=1
      body=graph "" (%i: i64[], %s: f32[3], %x: f32[3], %h: f32[3]) -> (%true, %t) {
        const %true: bool[] = {true}
        %u: f32[3] = elementwise(%s, %x) fn=add
        %t: f32[3] = elementwise(%u, %h) fn=add
      }
    %y: f32[3] = elementwise(%g, %h) fn=sub
  })",
                         {{{2}, {1, 1, 1}}, {{0}, {5, 5, 5}}, {{1}, {0, 1, 0}}});
  // [1,2,3] + 2 * ([1,1,1] + [1,2,3]) = [5,8,11]; then nothing; then twice that and [0,1,0].
  CHECK(values_of(ran.outputs[0][0]) == Values{4, 6, 8});
  CHECK(values_of(ran.outputs[1][0]) == Values{0, 0, 0});
  CHECK(values_of(ran.outputs[2][0]) == Values{5, 9, 11});
}

TEST_CASE("branches and loops keep their meaning under every option that moves tensors and kernels") {
  const auto graph = graph_of(kNested);
  Sequence inputs;
  for (const auto& values : kNestedInputs) inputs.push_back(inputs_of(graph, values));
  CompileOptions plain = options_for(*targets::find("host"));
  std::vector<CompileOptions> variants(4, plain);
  variants[0].optimize_size = true;
  variants[1].memories = {{"slow", 400, false}, {"fast", 256, true}};
  variants[2].inputs = variants[2].outputs = Home::bound;
  variants[3].target.facts.cores = 1;  // tensors share cache lines, and steps write over what they read
  for (size_t v = 0; v < variants.size(); v++) {
    CAPTURE(v);
    check(graph, inputs, variants[v]);
  }
}

TEST_CASE("what runs at run time runs on targets") {
  for (const char* name : {"x86-64-v3", "arm64", "cortex-m4"}) {
    CAPTURE(name);
    const targets::Target target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    const std::vector<std::vector<Values>> layers{{{2}, {1, 2, 3, 4}, {0, 0, 1, 0}},
                                                  {{99}, {1, 2, 3, 4}, {1, 0, 1, 2}}};
    for (const auto& [text, inferences] : {std::pair(kLayers, layers), std::pair(kNested, kNestedInputs)}) {
      const auto graph = graph_of(text);
      Sequence inputs;
      for (const auto& values : inferences) inputs.push_back(inputs_of(graph, values));
      const auto artifact = compile(graph, options_for(target));
      REQUIRE(artifact);
      const auto found = run_on_target(*artifact, graph, target, inputs);
      const std::string problem = found ? "" : to_string(found.error());
      REQUIRE_MESSAGE(found, problem);
      check_equal(*found, interpret_all(graph, inputs));
    }
  }
}

TEST_CASE("the stack counts the functions that run bodies, as often as they are nested") {
  const std::string step = R"(%y: f32[6] = elementwise(%x, %t) fn=add)";
  const auto stack_of = [&](const std::string& text) {
    const auto artifact = compile(graph_of(text), options_for(*targets::find("x86-64-v3")));
    REQUIRE(artifact);
    return artifact->report.stack_bytes;
  };
  const int64_t plain = stack_of("graph \"g\" (%n: i64[], %x: f32[6], %t: f32[6]) -> (%y) { " + step + " }");
  // Two loops and a branch, each with room for 16 arguments.
  CHECK(stack_of(kNested) >= plain + 3 * 16 * 8);
}
