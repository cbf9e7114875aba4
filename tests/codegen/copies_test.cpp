// Steps that only move data: done by the runtime on machines without vectors, with the interpreter's answers.
#include <doctest/doctest.h>

#include "tests/codegen/integer_models.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// The strategies of all steps, separated by spaces, after the outputs on the target agreed with the
/// interpreter's.
std::string strategies_on(const char* target_name, const std::string& text, bool optimize_size = false) {
  std::string strategies;
  for (const auto& step : checked(text, target_name, {}, optimize_size).report.steps)
    strategies += (strategies.empty() ? "" : " ") + step.strategy;
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
