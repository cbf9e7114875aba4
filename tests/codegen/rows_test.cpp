// Layers computed row by row give the answers of layers computed one after the other, in less memory.
#include "codegen/rows.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

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

/// Strides, padding on all sides and on some, a residual, branches that lag behind each other.
constexpr const char* kMobile = R"(graph "net" (%x: f32[1,33,20,3]) -> (%y) {
  const %w1: f32[8,3,3,3] = #0000000000000001
  const %b1: f32[8] = #0000000000000002
  const %d1: f32[8,3,3,1] = #0000000000000003
  const %p1: f32[16,1,1,8] = #0000000000000004
  const %d2: f32[16,3,3,1] = #0000000000000005
  const %p2: f32[16,1,1,16] = #0000000000000006
  const %d3: f32[16,5,5,1] = #0000000000000007
  %a: f32[1,17,10,8] = conv2d(%x, %w1, %b1) stride=[2,2] pad=[1,0,1,1]
  %ar: f32[1,17,10,8] = elementwise(%a) fn=relu
  %b: f32[1,17,10,8] = conv2d(%ar, %d1) pad=[1,1,1,1] groups=8
  %c: f32[1,17,10,16] = conv2d(%b, %p1)
  %cr: f32[1,17,10,16] = elementwise(%c) fn=relu
  %d: f32[1,17,10,16] = conv2d(%cr, %d2) pad=[1,1,1,1] groups=16
  %e: f32[1,17,10,16] = conv2d(%d, %p2)
  %r: f32[1,17,10,16] = elementwise(%e, %cr) fn=add
  %m: f32[1,8,5,16] = pool2d(%r) kind=max kernel=[2,2] stride=[2,2]
  %y: f32[1,4,3,16] = conv2d(%m, %d3) stride=[2,2] pad=[2,2,2,2] groups=16
})";

constexpr const char* kResidual = R"(graph "net" (%x: f32[1,16,12,4]) -> (%y, %s) {
  const %w1: f32[8,3,3,4] = #0000000000000001
  const %w2: f32[8,3,3,8] = #0000000000000002
  const %w3: f32[8,3,3,8] = #0000000000000003
  const %w4: f32[16,3,3,8] = #0000000000000004
  const %w5: f32[16,1,1,8] = #0000000000000005
  const %w6: f32[16,3,3,16] = #0000000000000006
  %s: f32[1,16,12,8] = conv2d(%x, %w1) pad=[1,1,1,1]
  %a: f32[1,16,12,8] = conv2d(%s, %w2) pad=[1,1,1,1]
  %ar: f32[1,16,12,8] = elementwise(%a) fn=relu
  %b: f32[1,16,12,8] = conv2d(%ar, %w3) pad=[1,1,1,1]
  %c: f32[1,16,12,8] = elementwise(%b, %s) fn=add
  %d: f32[1,8,6,16] = conv2d(%c, %w4) stride=[2,2] pad=[0,0,1,1]
  %e: f32[1,8,6,16] = conv2d(%c, %w5) stride=[2,2]
  %f: f32[1,8,6,16] = conv2d(%d, %w6) pad=[1,1,1,1]
  %y: f32[1,8,6,16] = elementwise(%f, %e) fn=add
})";

ir::Tensor random_tensor(const ir::Type& type) {
  std::mt19937 random(1);
  auto tensor = ir::Tensor::zeros(type);
  for (int64_t i = 0; i < type.elements(); i++)
    tensor.set(i, double(random()) / double(random.max()) * 2 - 1);
  return tensor;
}

Artifact compile_rows(const char* text, RowsMode rows, const char* target = "host") {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  options.rows = rows;
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  auto artifact = compile(*graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return *std::move(artifact);
}

int cascades(const Artifact& artifact) {
  int count = 0;
  for (const auto& step : artifact.report.steps) count += step.strategy == "row by row";
  return count;
}

void check_rows(const char* text) {
  const auto graph = ir::parse(text);
  const std::vector<ir::Tensor> inputs{random_tensor(graph->type(graph->inputs[0]))};
  const auto expected = ir::interpret(*graph, inputs);
  REQUIRE(expected);
  const Artifact plain = compile_rows(text, RowsMode::never), rows = compile_rows(text, RowsMode::always);
  CHECK(cascades(plain) == 0);
  CHECK(cascades(rows) > 0);
  CHECK(rows.report.arena_bytes < plain.report.arena_bytes);
  CHECK(rows.report.macs == plain.report.macs);
  const auto jit = JitModel::load(rows);
  REQUIRE(jit);
  const auto outputs = jit->run_sequence(std::vector{inputs, inputs}, 1);
  REQUIRE(outputs);
  for (const auto& set : *outputs) {
    REQUIRE(set.size() == expected->size());
    for (size_t i = 0; i < set.size(); i++) {
      for (int64_t k = 0; k < set[i].type().elements(); k++)
        REQUIRE(std::abs(set[i].at(k) - (*expected)[i].at(k)) < 1e-3 * (1 + std::abs((*expected)[i].at(k))));
    }
  }
}

}  // namespace

TEST_CASE("a chain of convolutions and a pooling goes row by row") { check_rows(kMobile); }

TEST_CASE("branches of a residual network do, and a tensor in between is stored for the user") {
  check_rows(kResidual);
}

TEST_CASE("an average over pixels that exist stays whole where it is padded") {
  const Artifact rows = compile_rows(R"(graph "net" (%x: f32[1,16,16,4]) -> (%y) {
    %y: f32[1,16,16,4] = pool2d(%x) kind=average kernel=[3,3] pad=[1,1,1,1]
  })",
                                     RowsMode::always);
  CHECK(cascades(rows) == 0);
}

TEST_CASE("a depthwise convolution writes over its own input") {
  constexpr const char* kDepthwise = R"(graph "net" (%x: f32[1,32,16,8]) -> (%y) {
    const %w: f32[8,3,3,1] = #0000000000000001
    %y: f32[1,32,16,8] = conv2d(%x, %w) pad=[1,1,1,1] groups=8
  })";
  check_rows(kDepthwise);
  const int64_t tensor = 32 * 16 * 8 * 4, row = 18 * 8 * 4;
  CHECK(compile_rows(kDepthwise, RowsMode::always, "cortex-m4").report.arena_bytes < tensor + 6 * row);
}

TEST_CASE("pixels of a 1x1 convolution are taken in rows of any width, and stored where they are computed") {
  constexpr const char* kPixels = R"(graph "net" (%x: f32[1,25,5,16]) -> (%y) {
    const %w1: f32[16,1,1,16] = #0000000000000001
    const %w2: f32[16,1,1,16] = #0000000000000002
    %a: f32[1,25,5,16] = conv2d(%x, %w1)
    %b: f32[1,25,5,16] = elementwise(%a) fn=relu
    %c: f32[1,25,5,16] = conv2d(%b, %w2)
    %y: f32[1,25,5,16] = elementwise(%c, %x) fn=add
  })";
  const auto graph = ir::parse(kPixels);
  REQUIRE(graph);
  schedules::Group group{
      {ir::NodeId{0}, ir::NodeId{1}}, ir::NodeId{0}, graph->node(ir::NodeId{0}).inputs, {}};
  group.outputs = graph->node(ir::NodeId{1}).outputs;
  CHECK(may_fold(*graph, group));
  ir::Graph copy = *graph;
  const Views views = assign_views(copy);
  const auto found =
      plan_rows(copy, views, std::span(&group, 1), std::vector<bool>(copy.values.size(), true), 25);
  REQUIRE(found);
  CHECK(found->program.size() == 10);  // five rows loaded, five computed
  int64_t held = 0;
  for (const auto& line : found->lines) held += line.bytes();
  CHECK(held == 25 * 16 * 4);  // of the input alone
  check_rows(kPixels);
}

TEST_CASE("rows are taken by themselves on bare machines alone") {
  CHECK(cascades(compile_rows(kMobile, RowsMode::automatic, "cortex-m4")) > 0);
  CHECK(cascades(compile_rows(kMobile, RowsMode::automatic, "x86-64-v3")) == 0);
}

TEST_CASE("--max-ram is met with as few rows as it takes, or says what is in the way") {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find("cortex-m4");
  const auto graph = ir::parse(kMobile);
  options.rows = RowsMode::never;
  const auto plain = compile(*graph, options);
  options.rows = RowsMode::automatic;
  options.max_ram = plain->report.arena_bytes / 2 + plain->report.stack_bytes;
  options.inputs = Home::bound;
  const auto half = compile(*graph, options);
  REQUIRE_MESSAGE(half, error_text(half));
  CHECK(half->report.arena_bytes + half->report.stack_bytes <= options.max_ram);
  options.max_ram = 1000;
  const auto none = compile(*graph, options);
  REQUIRE(!none);
  CHECK(none.error().code == ErrorCode::kResource);
  CHECK(none.error().message.find("more than the 1000 that are allowed; alive at the peak, step") !=
        std::string::npos);
}

TEST_CASE("where the stack is in the way of --max-ram, kernels take less of it, and answer the same") {
  const auto numbers = [](const char* each) {
    std::string text = "{";
    for (int i = 0; i < 32; i++) text += (i ? "," : "") + std::string(each);
    return text + "}";
  };
  const std::string net = R"(graph "net" (%x: i8[1,24,24,32]) -> (%y) {
  const %w: i8[32,3,3,1] = #89ab
  const %m: i32[32] = )" + numbers("1073741824") +
                          "\n  const %s: i32[32] = " + numbers("37") + R"(
  %c: i32[1,24,24,32] = conv2d(%x, %w) pad=[1,1,1,1] groups=32
  %y: i8[1,24,24,32] = requantize(%c, %m, %s) rounding=single to=i8
})";
  const auto graph = ir::parse(net);
  REQUIRE_MESSAGE(graph, error_text(graph));
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find("cortex-m4");
  options.rows = RowsMode::never;
  const auto plain = compile(*graph, options);
  REQUIRE(plain);
  REQUIRE(plain->report.stack_bytes > 2048);  // the strip of padded rows
  options.rows = RowsMode::automatic;
  options.max_ram = plain->report.arena_bytes + plain->report.stack_bytes / 2;
  const auto less = compile(*graph, options);
  REQUIRE_MESSAGE(less, error_text(less));
  CHECK(less->report.arena_bytes + less->report.stack_bytes <= options.max_ram);
  if (!targets::run_command(options.target)) return;
  std::vector<std::vector<ir::Tensor>> inputs{{ir::Tensor::zeros(graph->type(graph->inputs[0]))}};
  for (int64_t i = 0; i < inputs[0][0].type().elements(); i++)
    inputs[0][0].set(i, double(i * 37 % 251) - 125);
  const auto expected = ir::interpret(*graph, inputs[0]);
  const auto found = run_on_target(*less, *graph, options.target, inputs);
  REQUIRE_MESSAGE(found, error_text(found));
  const auto a = (*found)[0][0].bytes(), b = (*expected)[0].bytes();
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

TEST_CASE("steps, runtime and tables make up the code; --max-flash names the largest") {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find("cortex-m4");
  const auto graph = ir::parse(kMobile);
  const auto fast = compile(*graph, options);
  REQUIRE(fast);
  const auto& r = fast->report;
  int64_t code = r.rest_bytes;
  std::map<std::string, int64_t> kernels;
  for (const auto& step : r.steps) {
    if (step.parts.empty()) kernels[step.kernel] = step.code_bytes;
    for (const auto& layer : step.parts) kernels[layer.kernel] = layer.code_bytes;
  }
  for (const auto& [name, bytes] : kernels) {
    CHECK(bytes > 0);
    code += bytes;
  }
  CHECK(code == r.code_bytes);
  options.max_flash = r.code_bytes + r.weights_bytes;
  CHECK(compile(*graph, options));
  options.max_flash = 500;
  const auto none = compile(*graph, options);
  REQUIRE(!none);
  CHECK(none.error().message.find("the largest:") != std::string::npos);
  CHECK(none.error().message.find("runtime and tables") != std::string::npos);
}
