// Outputs that are as long as data decide: here, bound, over several memories, on other machines, and in
// programs that check themselves.
#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "codegen/jit.h"
#include "codegen/link.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// %n is how many elements of %x are positive; that many rows of %y count. %n is an output, too. %z's columns
/// are as many as an input says, which the compiler must not take the place of.
constexpr const char* kNet =
    R"(graph "net" (%x: f32[6,2], %k: i64[]) -> (%y[0: %n], %n, %z[0: %n][1: %k], %c[1: %one]) {
  const %zero: f32[1,1] = {0}
  const %one: i64[] = {1}
  %positive: bool[6,2] = elementwise(%x, %zero) fn=greater
  %first: bool[6,1] = slice(%positive) start=[0,0] step=[1,1] sizes=[6,1]
  %ones: i64[6,1] = cast(%first) to=i64
  %sum: i64[1,1] = reduce(%ones) kind=sum axes=[0,1]
  %n: i64[] = reshape(%sum) shape=[]
  %y: f32[6,2] = elementwise(%x) fn=neg
  %z: f32[6,2] = elementwise(%y) fn=abs
  %c: f32[6,2] = elementwise(%x) fn=exp
})";

std::vector<std::vector<ir::Tensor>> some_inputs() {
  std::vector<std::vector<ir::Tensor>> sets;
  for (const int64_t positive : {4, 0, 6}) {
    auto x = ir::Tensor::zeros({ir::DType::f32, {6, 2}, {}}), k = ir::Tensor::zeros({ir::DType::i64, {}, {}});
    for (int64_t i = 0; i < 12; i++) x.set(i, i / 2 < positive ? double(i + 1) / 8 : -double(i) / 8);
    k.set(0, double(positive % 3));
    sets.push_back({x, k});
  }
  return sets;
}

void check_outputs(const std::vector<std::vector<ir::Tensor>>& found) {
  REQUIRE(found.size() == 3);
  for (size_t s = 0; s < 3; s++) {
    const int64_t n = std::vector<int64_t>{4, 0, 6}[s], k = n % 3;
    CHECK(found[s][0].type().shape == ir::Shape{n, 2});
    for (int64_t i = 0; i < 2 * n; i++) CHECK(found[s][0].at(i) == -double(i + 1) / 8);
    CHECK(found[s][1].at(0) == double(n));
    CHECK(found[s][2].type().shape == ir::Shape{n, k});
    for (int64_t i = 0; i < n * k; i++) CHECK(found[s][2].at(i) == double(i / k * 2 + i % k + 1) / 8);
    CHECK(found[s][3].type().shape == ir::Shape{6, 1});
  }
}

CompileOptions options_for(const char* target) {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  return options;
}

}  // namespace

TEST_CASE("outputs are as long as data decide, in the arena and bound, in one memory and in two") {
  const auto graph = *ir::parse(kNet);
  for (const Home home : {Home::arena, Home::bound}) {
    for (const bool memories : {false, true}) {
      auto options = options_for("host");
      options.inputs = options.outputs = home;
      if (memories) options.memories = {{"small", 512, false}, {"large", 8192, true}};
      const auto artifact = compile(graph, options);
      REQUIRE_MESSAGE(artifact, error_text(artifact));
      const auto model = JitModel::load(*artifact);
      REQUIRE(model);
      const auto outputs = model->run_sequence(some_inputs());
      REQUIRE(outputs);
      check_outputs(*outputs);
    }
  }
}

TEST_CASE("the header and the report state the bounds of what data decide") {
  const auto artifact = compile(*ir::parse(kNet), options_for("host"));
  REQUIRE(artifact);
  CHECK(artifact->header.find(
            "f32[6,2], at most 6 along axis 0, at most 2 along axis 1: see halite_output_shape") !=
        std::string::npos);
  REQUIRE(artifact->report.extents.size() == 4);
  CHECK(artifact->report.extents[2].name == "z");
  CHECK(artifact->report.extents[2].axis == 1);
  CHECK(artifact->report.extents[2].bound == 2);
}

TEST_CASE("programs on other machines say how long their outputs are, and check themselves") {
  const auto graph = *ir::parse(kNet);
  for (const char* name : {"arm64", "cortex-m4", "riscv32"}) {
    const auto target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    CAPTURE(name);
    auto options = options_for(name);
    options.self_test = some_inputs();
    const auto artifact = compile(graph, options);
    REQUIRE_MESSAGE(artifact, error_text(artifact));
    const auto outputs = run_on_target(*artifact, graph, target, some_inputs());
    REQUIRE_MESSAGE(outputs, error_text(outputs));
    check_outputs(*outputs);
    const auto tested = run_self_test(*artifact, target);
    REQUIRE_MESSAGE(tested, error_text(tested));
    CHECK(tested->passed);
  }
}
