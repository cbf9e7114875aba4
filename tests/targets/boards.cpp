// Every target: LLVM reaches it, the driver program links, and the board brings it up: files, floating point,
// state between inferences, and traps that are told. The model is hand-written C (echo.c), compiled like the
// runtime.
#include <doctest/doctest.h>
#include <llvm/IR/LLVMContext.h>

#include "codegen/link.h"
#include "codegen/machine.h"
#include "codegen/object.h"
#include "rt/bitcode.h"
#include "targets/machine.h"

using namespace halite;

namespace halite::tests {
std::span<const rt::BitcodeFile> echo_bitcode();
}

namespace {

constexpr int64_t kLength = 33;

std::vector<std::string> roots() {
  std::vector<std::string> names{"echo_model"};
  for (const char* name : {"open_memories", "set_weights", "input_count", "output_count", "input_info",
                           "output_info", "input", "output", "run", "run_steps", "status_text"})
    names.push_back(std::string("halite_") + name);
  return names;
}

/// echo.c and the runtime as NAME.o of a compilation would be.
codegen::Artifact compile_echo(const targets::Target& target) {
  const codegen::Machine machine(target);
  std::vector<codegen::NamedObject> objects;
  for (const auto& files : {tests::echo_bitcode(), rt::runtime_bitcode()}) {
    for (const auto& file : files) {
      if (file.abi != target.runtime) continue;
      llvm::LLVMContext context;
      auto module = codegen::read_bitcode(context, file.data, std::string(file.name));
      machine.adopt(*module);
      machine.optimize(*module, codegen::Machine::Loops::transform);
      objects.push_back({std::string(file.name) + ".o", machine.emit_object(*module)});
    }
  }
  codegen::Artifact artifact;
  artifact.name = "echo";
  auto linked = codegen::link_relocatable(objects, roots());
  REQUIRE(linked);
  artifact.object = *codegen::strip_object(*linked, roots());
  artifact.report.memories = {{{}, false, 0, 512, 512}};
  artifact.report.steps.resize(2);
  return artifact;
}

ir::Graph signature() {
  ir::Graph graph;
  const ir::Type type{ir::DType::f32, {kLength}, {}};
  graph.add_input("in", type);
  graph.outputs = {graph.add_value("out", type)};
  return graph;
}

std::vector<ir::Tensor> filled(float first) {
  std::vector<float> values(kLength);
  for (size_t i = 0; i < values.size(); i++) values[i] = first + 0.1f * float(i);
  return {ir::Tensor::of(std::span<const float>(values), {kLength})};
}

/// Calls test(target) as a subcase each; targets whose emulator is not installed are reported and left out.
template <class Test>
void for_each_runnable(Test test) {
  for (const auto& target : targets::all()) {
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    CAPTURE(target.name);
    test(target);
  }
}

std::string text_of(const Result<codegen::RunOutcome>& outcome) {
  return outcome ? outcome->console : to_string(outcome.error());
}

}  // namespace

TEST_CASE("LLVM makes objects without undefined symbols for every target") {
  for (const auto& target : targets::all()) {
    CAPTURE(target.name);
    CHECK(compile_echo(target).object.size() > 500);
  }
}

TEST_CASE("the driver runs several inferences on every board and keeps the state between them") {
  const std::vector<std::vector<ir::Tensor>> inputs{filled(1), filled(-2), filled(0.25f)};
  for_each_runnable([&](const targets::Target& target) {
    const auto outcome =
        codegen::run_program(compile_echo(target), signature(), target, inputs, {.timeout_seconds = 300});
    REQUIRE_MESSAGE(outcome, text_of(outcome));
    REQUIRE(outcome->outputs.size() == 3);
    std::vector<float> state(kLength);
    for (size_t n = 0; n < 3; n++) {
      const auto in = inputs[n][0].data<float>(), out = outcome->outputs[n][0].data<float>();
      for (size_t i = 0; i < state.size(); i++) {
        state[i] = state[i] * 0.5f + in[i] * 3.0f;
        CHECK(out[i] == doctest::Approx(state[i]).epsilon(1e-6));
      }
    }
    const bool bare = target.platform == targets::Platform::none;
    CHECK((outcome->console.find("stack used:") != std::string::npos) == bare);
  });
}

TEST_CASE("a bare machine tells of a stack that overflowed") {
  const std::vector<std::vector<ir::Tensor>> inputs{filled(1e6f)};
  for_each_runnable([&](const targets::Target& target) {
    if (target.platform != targets::Platform::none) return;
    const auto outcome =
        codegen::run_program(compile_echo(target), signature(), target, inputs, {.timeout_seconds = 300});
    REQUIRE_FALSE(outcome);
    CHECK_MESSAGE(outcome.error().message.find("stack overflowed") != std::string::npos, text_of(outcome));
  });
}

TEST_CASE("a model that writes in front of its arena or behind it is caught") {
  for_each_runnable([&](const targets::Target& target) {
    if (target.platform != targets::Platform::none && target.name != "host") return;
    for (const float first : {-1e6f, -2e6f}) {
      const std::vector<std::vector<ir::Tensor>> inputs{filled(first)};
      const auto outcome =
          codegen::run_program(compile_echo(target), signature(), target, inputs, {.timeout_seconds = 300});
      REQUIRE_FALSE(outcome);
      CHECK_MESSAGE(outcome.error().message.find("something wrote in front of the arena or behind it") !=
                        std::string::npos,
                    text_of(outcome));
    }
  });
}

TEST_CASE("a program that does not fit its board is refused before it runs, in words") {
  const auto target = *targets::find("cortex-m3");
  auto artifact = compile_echo(target);
  artifact.report.memories[0].bytes = 20 << 20;
  const auto image = codegen::link_program(artifact, target, 1);
  REQUIRE_FALSE(image);
  CHECK(image.error().code == ErrorCode::kResource);
  CHECK(image.error().message.find("bytes more than the memory BIG of the board has") != std::string::npos);
  artifact.report.memories[0].bytes = 10 << 20;
  CHECK(codegen::link_program(artifact, target, 1));
}

TEST_CASE("a program that hangs is stopped") {
  const std::vector<std::vector<ir::Tensor>> inputs{filled(1)};
  const auto target = *targets::find("host");
  const auto outcome = codegen::run_program(compile_echo(target), signature(), target, inputs,
                                            {.repeats = 2000000000, .timeout_seconds = 0.2});
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message.find("did not end within") != std::string::npos);
}
