// Programs that check themselves: what they expect, where they look for it, and what they say.
#include "codegen/self_test.h"

#include <doctest/doctest.h>

#include "codegen/link.h"
#include "ir/text.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

// Parts of a concat are written with gaps between their rows; %old is a state; %y is judged by its sum.
constexpr const char* kNet = R"(graph "g" (%x: i8[1,4,4,3]) -> (%k, %y) {
  state %old: i8[1,4,4,3] = zeros -> %n
  %a: i8[1,4,4,3] = elementwise(%x, %old) fn=max
  %n: i8[1,4,4,3] = elementwise(%x) fn=neg
  %t: i8[1,4,4,3] = transpose(%a) perm=[0,2,1,3]
  %m: i8[1,4,4,3] = elementwise(%t, %x) fn=min
  %k: i8[1,4,4,6] = concat(%t, %m) axis=3
  %f: f32[1,4,4,6] = cast(%k) to=f32
  %y: f32[1,4,4,6] = elementwise(%f) fn=sigmoid
})";

Artifact compile_with_self_test(const targets::Target& target) {
  const auto graph = ir::parse(kNet);
  REQUIRE_MESSAGE(graph, error_text(graph));
  CompileOptions options;
  options.name = "net";
  options.target = target;
  for (int n = 0; n < 3; n++) {
    auto x = ir::Tensor::zeros(graph->type(graph->inputs[0]));
    for (int64_t i = 0; i < x.type().elements(); i++) x.set(i, double((i * 37 + n * 101) % 256 - 128));
    options.self_test.push_back({x});
  }
  auto artifact = compile(*graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  REQUIRE(artifact->self_test);
  return *std::move(artifact);
}

template <class Test>
void for_each_kind_of_machine(Test test) {
  for (const char* name :
       {"host", "cortex-m3", "cortex-m4", "cortex-m55", "riscv32", "riscv32f", "arm64-none"}) {
    const auto target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    CAPTURE(name);
    test(target);
  }
}

}  // namespace

TEST_CASE("a self-test passes where the model computes what the definitions say") {
  for_each_kind_of_machine([](const targets::Target& target) {
    const auto outcome = run_self_test(compile_with_self_test(target), target);
    REQUIRE_MESSAGE(outcome, error_text(outcome));
    CHECK_MESSAGE(outcome->passed, outcome->console);
    CHECK(outcome->first_difference.empty());
    CHECK(outcome->console.find("inference 2") != std::string::npos);
    CHECK(outcome->console.find("self-test passed") != std::string::npos);
  });
}

TEST_CASE("a self-test names the first step that differs, wherever that is") {
  const auto target = *targets::find("cortex-m4");
  if (!targets::run_command(target)) return;
  const auto artifact = compile_with_self_test(target);
  const auto& test = *artifact.self_test;
  const size_t per_inference = test.tensors.size() + test.outputs.size();
  REQUIRE(test.expected.size() == 3 * per_inference);
  for (const size_t wrong : {size_t{0}, test.tensors.size() - 2, per_inference + 1, test.tensors.size()}) {
    CAPTURE(wrong);
    Artifact changed = artifact;
    auto& digest = changed.self_test->expected[wrong];
    digest.hash ^= 1;
    digest.sum = digest.sum * 1.1f + 1;
    const auto outcome = run_self_test(changed, target);
    REQUIRE_MESSAGE(outcome, error_text(outcome));
    CHECK_FALSE(outcome->passed);
    const size_t at = wrong % per_inference;
    const std::string what = at < test.tensors.size() ? "step " + std::to_string(test.tensors[at].step)
                                                      : "output " + std::to_string(at - test.tensors.size());
    const std::string where = "inference " + std::to_string(wrong / per_inference) + ", " + what + " ";
    CHECK_MESSAGE(outcome->first_difference.starts_with(where), outcome->first_difference);
    CHECK(outcome->console.find("DIFFERS") != std::string::npos);
  }
}

TEST_CASE("what rounding does to f32 is no difference, what a wrong number does is one") {
  const auto target = *targets::find("cortex-m4");
  if (!targets::run_command(target)) return;
  Artifact artifact = compile_with_self_test(target);
  auto& test = *artifact.self_test;
  const size_t last = test.expected.size() - 1;
  REQUIRE(test.outputs.back().judged == Judged::by_sum);
  test.expected[last].hash ^= 1;
  test.expected[last].sum *= 1.0001f;
  CHECK(run_self_test(artifact, target)->passed);
  test.expected[last].sum *= 1.01f;
  CHECK_FALSE(run_self_test(artifact, target)->passed);
}
