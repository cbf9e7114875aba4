#include "codegen/order.h"

#include <doctest/doctest.h>

#include "codegen/partition.h"
#include "ir/text.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

struct Ordered {
  ir::Graph graph;
  std::vector<std::string> anchors;  ///< in the order of steps
};

Ordered order(const std::string& text) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  Ordered result{*graph, {}};
  const Views views = assign_views(result.graph);
  const auto groups = order_steps(result.graph, views, partition(result.graph, views, {}));
  std::vector<bool> made(result.graph.values.size());
  for (const auto& group : groups) {
    for (auto id : group.inputs) {
      bool known = made[id.index] || result.graph.is_constant(id);
      for (auto input : result.graph.inputs) known = known || input == id;
      CHECK(known);
    }
    for (auto id : group.outputs) made[id.index] = true;
    result.anchors.push_back(result.graph.value(group.outputs[0]).name);
  }
  return result;
}

}  // namespace

TEST_CASE("a branch that grows before it shrinks runs before the results of others pile up") {
  // In the given order both wide tensors live side by side.
  const auto o = order(R"(graph "g" (%x: f32[1,8,8,4]) -> (%y) {
    const %w: f32[64,1,1,4] = #0000000000000001
    %a: f32[1,8,8,64] = conv2d(%x, %w)
    %b: f32[1,8,8,64] = conv2d(%x, %w)
    %p: f32[1,1,1,64] = reduce(%a) kind=max axes=[1,2]
    %q: f32[1,1,1,64] = reduce(%b) kind=min axes=[1,2]
    %y: f32[1,1,1,64] = elementwise(%p, %q) fn=add
  })");
  REQUIRE(o.anchors.size() == 4);
  const auto wide = [&](size_t i) { return o.anchors[i] == "a" || o.anchors[i] == "b"; };
  CHECK((wide(0) && !wide(1) && wide(2)));
}

TEST_CASE("an order that is as good as any other stays") {
  const auto o = order(R"(graph "g" (%x: f32[1,8,8,4]) -> (%z, %y) {
    const %w: f32[4,1,1,4] = #0000000000000001
    %y: f32[1,8,8,4] = conv2d(%x, %w)
    %z: f32[1,8,8,4] = conv2d(%x, %w)
  })");
  CHECK(o.anchors == std::vector<std::string>{"y", "z"});
}
