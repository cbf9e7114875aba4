#include "codegen/partition.h"

#include <doctest/doctest.h>

#include "codegen/storage.h"
#include "ir/text.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

struct Cut {
  ir::Graph graph;
  Views views;
  std::vector<schedules::Group> groups;
};

Cut cut(const std::string& text, const CompileOptions& options = {}) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  Cut result{*graph, {}, {}};
  result.views = assign_views(result.graph);
  result.groups = partition(result.graph, result.views, options);
  return result;
}

}  // namespace

TEST_CASE("a convolution takes bias, activation and residual addition with it") {
  const auto c = cut(R"(graph "g" (%x: f32[1,4,4,8]) -> (%y) {
    const %w: f32[8,1,1,8] = #0000000000000001
    %a: f32[1,4,4,8] = conv2d(%x, %w)
    %b: f32[1,4,4,8] = elementwise(%a, %x) fn=add
    %y: f32[1,4,4,8] = elementwise(%b) fn=relu
  })");
  REQUIRE(c.groups.size() == 1);
  CHECK(c.groups[0].nodes.size() == 3);
  CHECK(c.groups[0].inputs.size() == 2);
}

TEST_CASE("x * sigmoid(x) joins the group though x is read twice") {
  const auto c = cut(R"(graph "g" (%x: f32[1,4,4,8]) -> (%y) {
    const %w: f32[8,1,1,8] = #0000000000000001
    %a: f32[1,4,4,8] = conv2d(%x, %w)
    %s: f32[1,4,4,8] = elementwise(%a) fn=sigmoid
    %y: f32[1,4,4,8] = elementwise(%a, %s) fn=mul
  })");
  CHECK(c.groups.size() == 1);
}

TEST_CASE("a value that something else reads ends its group") {
  const auto c = cut(R"(graph "g" (%x: f32[1,4,4,8]) -> (%y, %z) {
    const %w: f32[8,1,1,8] = #0000000000000001
    %a: f32[1,4,4,8] = conv2d(%x, %w)
    %y: f32[1,4,4,8] = elementwise(%a) fn=relu
    %z: f32[1,4,4,8] = conv2d(%a, %w)
  })");
  CHECK(c.groups.size() == 3);
}

TEST_CASE("a chain of elementwise operators is one group and works in place") {
  const auto c = cut(R"(graph "g" (%x: f32[64]) -> (%y) {
    const %w: f32[1,64] = #0000000000000001
    %m: f32[1,64] = reshape(%x) shape=[1,64]
    %p: f32[1,64] = softmax(%m) axis=1
    %a: f32[1,64] = elementwise(%p, %w) fn=mul
    %b: f32[1,64] = elementwise(%a) fn=tanh
    %q: f32[1,64] = softmax(%b) axis=1
    %y: f32[1,64] = elementwise(%q) fn=relu
  })");
  REQUIRE(c.groups.size() == 4);
  CHECK(c.groups[1].nodes.size() == 2);
  const Storage storage = assign_storage(c.graph, c.views, c.groups, {});
  CHECK(storage.in_place == std::vector<bool>{false, true, false, false});
  CHECK(storage.buffers.size() == 4);  // x, y, the one that steps 0 and 1 share, q
}

TEST_CASE("groups run after all that they read") {
  const auto c = cut(R"(graph "g" (%x: f32[1,4,4,8]) -> (%y) {
    const %w: f32[8,1,1,8] = #0000000000000001
    %a: f32[1,4,4,8] = conv2d(%x, %w)
    %p: f32[1,4,4,8] = pool2d(%x) kind=max kernel=[3,3] pad=[1,1,1,1]
    %q: f32[1,4,4,8] = conv2d(%p, %w)
    %y: f32[1,4,4,8] = elementwise(%a, %q) fn=add
  })");
  std::vector<bool> made(c.graph.values.size());
  made[c.graph.inputs[0].index] = true;
  for (const auto& group : c.groups) {
    for (auto id : group.inputs) CHECK((made[id.index] || c.graph.is_constant(id)));
    for (auto id : group.outputs) made[id.index] = true;
  }
}

namespace {

/// softmax(scale * q k) v of two heads.
std::string attention(int keys, const char* outputs = "%y") {
  const std::string n = std::to_string(keys), scores = "f32[2,9," + n + "]";
  return "graph \"g\" (%q: f32[2,9,8], %k: f32[2,8," + n + "], %v: f32[2," + n + ",8], %s: f32[1,1,1]) -> (" +
         outputs + ") {\n  %p: " + scores + " = matmul(%q, %k)\n  %z: " + scores +
         " = elementwise(%p, %s) fn=mul\n  %w: " + scores +
         " = softmax(%z) axis=2\n  %o: f32[2,9,8] = matmul(%w, %v)\n"
         "  %y: f32[2,9,8] = elementwise(%o) fn=relu\n}";
}

CompileOptions on_machine(int64_t stack) {
  CompileOptions options;
  options.target.facts.l1_bytes = 32 << 10;
  options.target.facts.max_stack_bytes = stack;
  return options;
}

}  // namespace

TEST_CASE("attention is one group, anchored by the product with the values") {
  const auto c = cut(attention(40), on_machine(64 << 10));
  REQUIRE(c.groups.size() == 1);
  CHECK(c.groups[0].nodes.size() == 5);
  CHECK(c.groups[0].anchor.index == 3);
  CHECK(c.groups[0].inputs.size() == 4);
  CHECK(cut(attention(2000), on_machine(64 << 10)).groups.size() == 1);  // its keys in parts
}

TEST_CASE("attention is taken apart where its scores are wanted, are too many, or code is to be small") {
  auto options = on_machine(64 << 10);
  CHECK(cut(attention(40, "%y, %z"), options).groups.size() == 3);
  CHECK(cut(attention(40, "%y, %w"), options).groups.size() == 3);
  CHECK(cut(attention(40000), options).groups.size() == 3);
  CHECK(cut(attention(40), on_machine(1024)).groups.size() == 3);
  CHECK(cut(attention(8), on_machine(1024)).groups.size() == 1);
  CHECK(cut(attention(40)).groups.size() == 3);  // no cache
  options.optimize_size = true;
  CHECK(cut(attention(40), options).groups.size() == 3);
}

TEST_CASE("a layer normalisation is one group, but for what makes its rows") {
  const auto c = cut(R"(graph "g" (%x: f32[4,20], %g: f32[1,20]) -> (%y) {
    const %e: f32[1,1] = #0000803f
    %t: f32[4,20] = elementwise(%x) fn=tanh
    %m: f32[4,1] = reduce(%t) kind=mean axes=[1]
    %c: f32[4,20] = elementwise(%t, %m) fn=sub
    %q: f32[4,20] = elementwise(%c, %c) fn=mul
    %v: f32[4,1] = reduce(%q) kind=mean axes=[1]
    %a: f32[4,1] = elementwise(%v, %e) fn=add
    %s: f32[4,1] = elementwise(%a) fn=sqrt
    %r: f32[4,1] = elementwise(%s) fn=reciprocal
    %n: f32[4,20] = elementwise(%c, %r) fn=mul
    %y: f32[4,20] = elementwise(%n, %g) fn=mul
  })");
  REQUIRE(c.groups.size() == 2);
  CHECK(c.groups[0].nodes.size() == 1);
  CHECK(c.groups[1].nodes.size() == 9);
  CHECK(c.groups[1].anchor.index == 1);
}

TEST_CASE("a root mean square takes the squares of its rows with it") {
  const auto c = cut(R"(graph "g" (%x: f32[4,20]) -> (%y) {
    %q: f32[4,20] = elementwise(%x, %x) fn=mul
    %m: f32[4,1] = reduce(%q) kind=mean axes=[1]
    %s: f32[4,1] = elementwise(%m) fn=sqrt
    %y: f32[4,20] = elementwise(%x, %s) fn=div
  })");
  REQUIRE(c.groups.size() == 1);
  CHECK(c.groups[0].nodes.size() == 4);
}

TEST_CASE("columns, and rows too long for a cache, are reduced by a kernel of their own") {
  for (const char* text : {R"(graph "g" (%x: f32[4,20]) -> (%y) {
         %m: f32[1,20] = reduce(%x) kind=mean axes=[0]
         %y: f32[4,20] = elementwise(%x, %m) fn=sub
       })",
                           R"(graph "g" (%x: f32[4,5000]) -> (%y) {
         %m: f32[4,1] = reduce(%x) kind=mean axes=[1]
         %y: f32[4,5000] = elementwise(%x, %m) fn=sub
       })"}) {
    CHECK(cut(text).groups.size() == 2);
  }
}

TEST_CASE("sums are narrowed by the layer that makes them, not by the one that adds them") {
  const auto c = cut(R"(graph "g" (%x: u8[1,4,4,8]) -> (%y) {
    const %w: i8[8,1,1,8] = #0000000000000001
    const %m: f32[1] = {0.5}
    %a: i32[1,4,4,8] = conv2d(%x, %w)
    %b: i32[1,4,4,8] = conv2d(%x, %w)
    %an: u8[1,4,4,8] = requantize(%a, %m) rounding=real to=u8
    %ar: f32[1,4,4,8] = dequantize(%an, %m)
    %bn: u8[1,4,4,8] = requantize(%b, %m) rounding=real to=u8
    %br: f32[1,4,4,8] = dequantize(%bn, %m)
    %y: f32[1,4,4,8] = elementwise(%ar, %br) fn=add
  })");
  REQUIRE(c.groups.size() == 2);
  for (const auto& group : c.groups)
    for (auto output : group.outputs) CHECK(c.graph.type(output).dtype != ir::DType::i32);
}
