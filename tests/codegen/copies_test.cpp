// Steps that only move data: done by the runtime on machines without vectors, with the interpreter's answers.
#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "codegen/link.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "targets/machine.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// The strategies of all steps, separated by spaces, after the outputs on the target agreed with the
/// interpreter's.
std::string strategies_on(const char* target_name, const std::string& text, bool optimize_size = false) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, to_string(graph.error()));
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target_name);
  options.optimize_size = optimize_size;
  const auto artifact = compile(*graph, options);
  REQUIRE_MESSAGE(artifact, to_string(artifact.error()));
  std::string strategies;
  for (const auto& step : artifact->report.steps)
    strategies += (strategies.empty() ? "" : " ") + step.strategy;
  if (!targets::run_command(options.target)) {
    MESSAGE("not run: " << targets::how_to_run(options.target));
    return strategies;
  }
  std::vector<ir::Tensor> inputs;
  for (const auto id : graph->inputs) {
    inputs.push_back(ir::Tensor::zeros(graph->type(id)));
    for (int64_t i = 0; i < inputs.back().type().elements(); i++)
      inputs.back().set(i, double((i * 37 + 11) % 256 - 128));
  }
  const auto expected = ir::interpret(*graph, inputs);
  REQUIRE(expected);
  const std::vector<std::vector<ir::Tensor>> sequence{inputs};
  const auto found = run_on_target(*artifact, *graph, options.target, sequence);
  REQUIRE_MESSAGE(found, to_string(found.error()));
  for (size_t o = 0; o < expected->size(); o++) {
    for (int64_t i = 0; i < (*expected)[o].type().elements(); i++)
      REQUIRE((*found)[0][o].at(i) == (*expected)[o].at(i));
  }
  return strategies;
}

}  // namespace

TEST_CASE("slices, concats and reshapes of public tensors are copies where there are no vectors") {
  const char* text = R"(graph "g" (%x: i8[4,6,24]) -> (%rows, %window, %both, %flat) {
    %rows: i8[2,6,24] = slice(%x) start=[1,0,0] step=[2,1,1] sizes=[2,6,24]
    %window: i8[4,6,17] = slice(%x) start=[0,0,5] step=[1,1,1] sizes=[4,6,17]
    %both: i8[4,6,48] = concat(%x, %x) axis=2
    %flat: i8[96,6] = reshape(%x) shape=[96,6]
  })";
  CHECK(strategies_on("cortex-m4", text) == "copy copy copy copy copy");
  CHECK(strategies_on("riscv32", text, true) == "copy copy copy copy copy");
  CHECK(strategies_on("cortex-m55", text).find("copy") == std::string::npos);
}

TEST_CASE("short rows, steps and more than one axis of rows are left to Halide") {
  CHECK(strategies_on("cortex-m4", R"(graph "g" (%x: i8[6,9]) -> (%short, %steps, %backwards) {
    %short: i8[6,8] = slice(%x) start=[0,1] step=[1,1] sizes=[6,8]
    %steps: i8[6,5] = slice(%x) start=[0,0] step=[1,2] sizes=[6,5]
    %backwards: i8[6,9] = slice(%x) start=[0,8] step=[1,-1] sizes=[6,9]
  })")
            .find("copy") == std::string::npos);
  CHECK(strategies_on("cortex-m4", R"(graph "g" (%x: i8[3,5,20]) -> (%y) {
    %y: i8[2,3,16] = slice(%x) start=[1,1,2] step=[1,1,1] sizes=[2,3,16]
  })") != "copy");
  CHECK(strategies_on("cortex-m4", R"(graph "g" (%x: i8[3,20]) -> (%y) {
    %y: i8[3,20] = slice(%x) start=[2,0] step=[-1,1] sizes=[3,20]
  })") == "copy");
}
