// Whole compilations for this machine, run in this process and compared with the reference semantics.
#include "codegen/compile.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>

#include "codegen/jit.h"
#include "codegen/temp_dir.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "rt/halite.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

CompileOptions host_options() {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find("host");
  return options;
}

ir::Tensor random_tensor(const ir::Type& type, unsigned seed) {
  std::mt19937 random(seed);
  auto tensor = ir::Tensor::zeros(type);
  for (int64_t i = 0; i < type.elements(); i++)
    tensor.set(i, double(random()) / double(random.max()) * 2 - 1);
  return tensor;
}

void check_close(const ir::Tensor& found, const ir::Tensor& expected) {
  REQUIRE(found.type() == expected.type());
  // Sums of random signs cancel: what rounding leaves is relative to the tensor's largest element.
  double largest = 1;
  for (int64_t i = 0; i < expected.type().elements(); i++)
    largest = std::max(largest, std::abs(expected.at(i)));
  for (int64_t i = 0; i < expected.type().elements(); i++) {
    const double want = expected.at(i), got = found.at(i);
    REQUIRE_MESSAGE(std::abs(got - want) <= 1e-6 * largest + 1e-4 * std::abs(want),
                    "element " << i << ": " << got << " " << want);
  }
}

void check_like_interpreter(const char* text, CompileOptions options = host_options()) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  std::vector<std::vector<ir::Tensor>> inputs(graph->states.empty() ? 1 : 4), expected;
  ir::StateValues states = ir::initial_states(*graph);
  unsigned seed = 0;
  for (auto& set : inputs) {
    for (auto id : graph->inputs) set.push_back(random_tensor(graph->type(id), ++seed));
    auto outputs = ir::interpret(*graph, set, states);
    REQUIRE_MESSAGE(outputs, error_text(outputs));
    expected.push_back(*std::move(outputs));
  }
  const auto artifact = compile(*graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  const auto jit = JitModel::load(*artifact);
  REQUIRE_MESSAGE(jit, error_text(jit));
  for (int threads : {1, 2}) {
    const auto outputs = jit->run_sequence(inputs, threads);
    REQUIRE_MESSAGE(outputs, error_text(outputs));
    REQUIRE(outputs->size() == expected.size());
    for (size_t n = 0; n < expected.size(); n++) {
      CAPTURE(n);
      REQUIRE((*outputs)[n].size() == expected[n].size());
      for (size_t i = 0; i < expected[n].size(); i++) check_close((*outputs)[n][i], expected[n][i]);
    }
  }
}

constexpr const char* kResidualNet = R"(graph "net" (%x: f32[1,12,12,8]) -> (%y, %z) {
  const %w1: f32[16,3,3,8] = #0000000000000001
  const %b1: f32[16] = #0000000000000002
  const %w2: f32[16,1,1,16] = #0000000000000003
  const %wd: f32[16,3,3,1] = #0000000000000004
  %a: f32[1,12,12,16] = conv2d(%x, %w1, %b1) pad=[1,1,1,1]
  %r: f32[1,12,12,16] = elementwise(%a) fn=relu
  %c: f32[1,12,12,16] = conv2d(%r, %w2)
  %d: f32[1,12,12,16] = conv2d(%c, %wd) pad=[1,1,1,1] groups=16
  %s: f32[1,12,12,16] = elementwise(%d, %r) fn=add
  %k: f32[1,12,12,32] = concat(%s, %c) axis=3
  %p: f32[1,6,6,32] = pool2d(%k) kind=max kernel=[2,2] stride=[2,2]
  %h: f32[1,6,6,8] = slice(%p) start=[0,0,0,8] step=[1,1,1,1] sizes=[1,6,6,8]
  %y: f32[1,1,1,8] = reduce(%h) kind=mean axes=[1,2]
  %q: f32[36,32] = reshape(%p) shape=[36,32]
  %z: f32[36,32] = softmax(%q) axis=1
})";

}  // namespace

TEST_CASE("a small residual network gives the reference's answers") { check_like_interpreter(kResidualNet); }

TEST_CASE("the same network does so in size mode and with separate weights") {
  auto options = host_options();
  options.optimize_size = true;
  options.separate_weights = true;
  check_like_interpreter(kResidualNet, options);
}

TEST_CASE("a model without nodes copies its input") {
  check_like_interpreter(R"(graph "g" (%x: f32[3,5]) -> (%x) { })");
}

TEST_CASE("windows of public tensors are read and written in place") {
  check_like_interpreter(R"(graph "g" (%x: f32[1,6,4,8]) -> (%y) {
    %l: f32[1,6,4,3] = slice(%x) start=[0,0,0,1] step=[1,1,1,1] sizes=[1,6,4,3]
    %r: f32[1,6,4,4] = slice(%x) start=[0,0,0,4] step=[1,1,1,1] sizes=[1,6,4,4]
    %a: f32[1,6,4,3] = elementwise(%l) fn=exp
    %b: f32[1,6,4,4] = elementwise(%r) fn=relu
    %y: f32[1,6,4,7] = concat(%a, %b) axis=3
  })");
}

TEST_CASE("in size mode convolutions of a kind share a function, more than for speed") {
  const char* text = R"(graph "net" (%x: f32[1,26,26,64]) -> (%y) {
    const %w1: f32[128,1,1,64] = #0000000000000001
    const %w2: f32[192,1,1,128] = #0000000000000002
    const %w3: f32[64,1,1,192] = #0000000000000003
    %a: f32[1,26,26,128] = conv2d(%x, %w1)
    %b: f32[1,26,26,192] = conv2d(%a, %w2)
    %p: f32[1,13,13,192] = pool2d(%b) kind=max kernel=[2,2] stride=[2,2]
    %y: f32[1,13,13,64] = conv2d(%p, %w3)
  })";
  auto options = host_options();
  options.target = *targets::find("arm64");
  const auto functions = [&] {
    const auto artifact = compile(*ir::parse(text), options);
    REQUIRE(artifact);
    std::set<std::string> names;
    for (const auto& step : artifact->report.steps) names.insert(step.kernel);
    return names.size();
  };
  const size_t for_speed = functions();
  options.optimize_size = true;
  CHECK(functions() < for_speed);
  options.target = *targets::find("host");
  check_like_interpreter(text, options);
}

TEST_CASE("bound inputs and outputs take no arena, and must be bound") {
  auto options = host_options();
  options.inputs = options.outputs = Home::bound;
  check_like_interpreter(kResidualNet, options);
  const auto artifact = compile(*ir::parse(R"(graph "net" (%x: f32[1000]) -> (%y, %z) {
    %y: f32[1000] = elementwise(%x) fn=relu
    %z: f32[1000] = elementwise(%x) fn=exp
  })"),
                                options);
  REQUIRE(artifact);
  CHECK(artifact->report.arena_bytes <= 64);
  const auto jit = JitModel::load(*artifact);
  REQUIRE(jit);
  std::vector<std::max_align_t> arena(halite_arena_bytes(&jit->model()) / sizeof(std::max_align_t) + 8);
  auto* aligned =
      reinterpret_cast<unsigned char*>((reinterpret_cast<uintptr_t>(arena.data()) + 63) / 64 * 64);
  halite_session session;
  REQUIRE(halite_open(&session, &jit->model(), aligned, halite_arena_bytes(&jit->model())) == HALITE_OK);
  CHECK(halite_input(&session, 0) == nullptr);
  CHECK(halite_output(&session, 1) == nullptr);
  CHECK(halite_run(&session) == HALITE_NOT_BOUND);
  CHECK(std::string(halite_status_text(HALITE_NOT_BOUND)).find("no buffer is bound") != std::string::npos);
}

TEST_CASE("compiling twice gives the same bytes, with the cache and without") {
  auto graph = ir::parse(kResidualNet);
  REQUIRE(graph);
  auto dir = TempDir::create();
  REQUIRE(dir);
  auto options = host_options();
  const auto plain = compile(*graph, options);
  options.cache = dir->path();
  options.jobs = 2;
  const auto cold = compile(*graph, options);
  const auto cached = compile(*graph, options);
  REQUIRE(plain);
  REQUIRE(cold);
  REQUIRE(cached);
  CHECK(cold->report.cached_kernels == 0);
  CHECK(cached->report.cached_kernels == cached->report.kernels);
  CHECK(plain->object == cold->object);
  CHECK(plain->object == cached->object);
  CHECK(plain->header == cached->header);
}

TEST_CASE("the report's sizes are consistent") {
  auto graph = ir::parse(kResidualNet);
  REQUIRE(graph);
  const auto artifact = compile(*graph, host_options());
  REQUIRE(artifact);
  const auto& report = artifact->report;
  CHECK(report.arena_bytes >= report.arena_lower_bound);
  CHECK(report.arena_bytes <= report.tensor_bytes + 4096);
  CHECK(report.code_bytes > 0);
  CHECK(report.stack_bytes > 0);
  CHECK(report.weights_bytes >= (16 * 9 * 8 + 16 + 16 * 16 + 16 * 9) * 4);
  CHECK(report.macs == 144 * (16 * 9 * 8 + 16 * 16 + 16 * 9));
  for (const auto& step : report.steps) {
    for (const auto& tensor : step.tensors) CHECK(tensor.offset + tensor.bytes <= report.arena_bytes);
  }
}

TEST_CASE("a name that is no C identifier is refused") {
  auto graph = ir::parse(kResidualNet);
  REQUIRE(graph);
  auto options = host_options();
  options.name = "3d-net";
  const auto artifact = compile(*graph, options);
  REQUIRE(!artifact);
  CHECK(to_string(artifact.error()).find("expected a C identifier") != std::string::npos);
}

TEST_CASE("files are written whole or not at all") {
  auto graph = ir::parse(kResidualNet);
  REQUIRE(graph);
  const auto artifact = compile(*graph, host_options());
  REQUIRE(artifact);
  auto dir = TempDir::create();
  REQUIRE(dir);
  REQUIRE(write_artifact(*artifact, *dir / "out"));
  for (const char* file : {"net.o", "libnet.a", "net.h", "halite.h", "net.json"}) {
    CHECK(std::filesystem::file_size(*dir / "out" / file) > 0);
  }
  REQUIRE(write_file(*dir / "plain", std::vector<uint8_t>{1}));
  const auto refused = write_artifact(*artifact, *dir / "plain");
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::kIo);
}
