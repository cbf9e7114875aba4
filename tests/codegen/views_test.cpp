#include "codegen/views.h"

#include <doctest/doctest.h>

#include "ir/text.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;
using Strides = std::vector<int64_t>;

namespace {

ir::Graph graph_of(const char* text) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  return *graph;
}

const Place& place_of(const ir::Graph& graph, const Views& views, const std::string& name) {
  for (size_t i = 0; i < graph.values.size(); i++) {
    if (graph.values[i].name == name) return views.places[i];
  }
  FAIL("no value called " << name);
  throw;
}

std::string root_name(const ir::Graph& graph, const Place& place) { return graph.value(place.root).name; }

}  // namespace

TEST_CASE("strides of a reshape exist where axes are split, merged evenly or of extent one") {
  CHECK(reshape_strides({2, 12}, {12, 1}, {2, 3, 4}) == Strides{12, 4, 1});
  CHECK(reshape_strides({2, 3, 4}, {12, 4, 1}, {24}) == Strides{1});
  CHECK(reshape_strides({4, 3}, {10, 1}, {2, 2, 3}) == Strides{20, 10, 1});
  CHECK(!reshape_strides({4, 3}, {10, 1}, {12}));
  CHECK(!reshape_strides({4, 3}, {1, 4}, {12}));
  CHECK(reshape_strides({1, 4, 1}, {7, 2, 9}, {4}) == Strides{2});
  CHECK(reshape_strides({6}, {-1}, {2, 3}) == Strides{-3, -1});
}

TEST_CASE("inputs of a concat are written into its output") {
  auto graph = graph_of(R"(graph "g" (%x: f32[1,4,4,2]) -> (%y) {
    %a: f32[1,4,4,2] = elementwise(%x) fn=relu
    %b: f32[1,4,4,2] = elementwise(%x) fn=tanh
    %c: f32[1,4,4,4] = concat(%a, %b) axis=3
    %y: f32[1,4,4,4] = elementwise(%c) fn=abs
  })");
  const Views views = assign_views(graph);
  CHECK(graph.nodes.size() == 4);
  const Place& b = place_of(graph, views, "b");
  CHECK(root_name(graph, b) == "c");
  CHECK(b.offset == 2);
  CHECK(b.strides == Strides{64, 16, 4, 1});
}

TEST_CASE("a transpose that keeps rows is no copy, whether its input is computed for it or seen by it") {
  auto graph = graph_of(R"(graph "g" (%x: f32[6,48]) -> (%y) {
    %a: f32[6,48] = elementwise(%x) fn=relu
    %heads: f32[6,3,16] = reshape(%a) shape=[6,3,16]
    %t: f32[3,6,16] = transpose(%heads) perm=[1,0,2]
    %b: f32[3,6,16] = elementwise(%t) fn=tanh
    %u: f32[6,3,16] = transpose(%b) perm=[1,0,2]
    %rows: f32[6,48] = reshape(%u) shape=[6,48]
    %y: f32[6,48] = elementwise(%rows) fn=abs
  })");
  const Views views = assign_views(graph);
  CHECK(graph.nodes.size() == 7);
  CHECK(root_name(graph, place_of(graph, views, "t")) == "a");
  CHECK(place_of(graph, views, "t").strides == Strides{16, 48, 1});
  CHECK(root_name(graph, place_of(graph, views, "b")) == "u");
  CHECK(place_of(graph, views, "b").strides == Strides{16, 48, 1});
  CHECK(root_name(graph, place_of(graph, views, "rows")) == "u");
}

TEST_CASE("a transpose of the innermost axis, or of rows too short for vectors, is computed") {
  auto graph = graph_of(R"(graph "g" (%x: f32[6,3,16], %z: f32[6,3,2]) -> (%y, %w) {
    %t: f32[6,16,3] = transpose(%x) perm=[0,2,1]
    %y: f32[6,16,3] = elementwise(%t) fn=abs
    %s: f32[3,6,2] = transpose(%z) perm=[1,0,2]
    %w: f32[3,6,2] = elementwise(%s) fn=abs
  })");
  const Views views = assign_views(graph);
  for (const bool view : views.is_view) CHECK_FALSE(view);
}

TEST_CASE("a concat inside a concat places its inputs in the outer one") {
  auto graph = graph_of(R"(graph "g" (%x: f32[2,2]) -> (%y) {
    %a: f32[2,2] = elementwise(%x) fn=relu
    %b: f32[2,2] = elementwise(%x) fn=tanh
    %c: f32[2,2] = elementwise(%x) fn=exp
    %i: f32[2,4] = concat(%a, %b) axis=1
    %y: f32[2,6] = concat(%i, %c) axis=1
  })");
  const Views views = assign_views(graph);
  CHECK(root_name(graph, place_of(graph, views, "b")) == "y");
  CHECK(place_of(graph, views, "b").offset == 2);
  CHECK(place_of(graph, views, "b").strides == Strides{6, 1});
}

TEST_CASE("a public input or a tensor wanted twice is copied into a concat") {
  auto graph = graph_of(R"(graph "g" (%x: f32[2,2]) -> (%y) {
    %a: f32[2,2] = elementwise(%x) fn=relu
    %y: f32[2,6] = concat(%x, %a, %a) axis=1
  })");
  const Views views = assign_views(graph);
  CHECK(graph.nodes.size() == 4);  // two copies
  for (size_t i = 0; i < graph.nodes.size(); i++) {
    CHECK(views.is_view[i] == std::holds_alternative<ir::Concat>(graph.nodes[i].op));
  }
}

TEST_CASE("a reshape between a producer and a concat is turned round") {
  auto graph = graph_of(R"(graph "g" (%x: f32[1,2,2,3]) -> (%y) {
    %a: f32[1,2,2,3] = elementwise(%x) fn=relu
    %r: f32[1,4,3] = reshape(%a) shape=[1,4,3]
    %b: f32[1,1,3] = reduce(%r) kind=sum axes=[1]
    %y: f32[1,5,3] = concat(%b, %r) axis=1
  })");
  const Views views = assign_views(graph);
  CHECK(root_name(graph, place_of(graph, views, "a")) == "y");
  CHECK(place_of(graph, views, "a").offset == 3);
  CHECK(place_of(graph, views, "a").strides == Strides{12, 6, 3, 1});
}

TEST_CASE("a slice is a window of an inner tensor, but a copy of a public one") {
  auto graph = graph_of(R"(graph "g" (%x: f32[4,6]) -> (%y, %z) {
    %a: f32[4,6] = elementwise(%x) fn=relu
    %s: f32[2,3] = slice(%a) start=[1,2] step=[2,1] sizes=[2,3]
    %t: f32[2,3] = slice(%x) start=[1,2] step=[2,1] sizes=[2,3]
    %y: f32[2,3] = elementwise(%s) fn=exp
    %z: f32[2,3] = elementwise(%t) fn=exp
  })");
  const Views views = assign_views(graph);
  const Place& s = place_of(graph, views, "s");
  CHECK(root_name(graph, s) == "a");
  CHECK(s.offset == 8);
  CHECK(s.strides == Strides{12, 1});
  CHECK(root_name(graph, place_of(graph, views, "t")) == "t");
}

TEST_CASE("outputs that are inputs or stand twice get copies of their own") {
  auto graph = graph_of(R"(graph "g" (%x: f32[4]) -> (%x, %y, %y) {
    %y: f32[4] = elementwise(%x) fn=relu
  })");
  assign_views(graph);
  CHECK(graph.outputs.size() == 3);
  CHECK(graph.outputs[0] != graph.inputs[0]);
  CHECK(graph.outputs[1] != graph.outputs[2]);
  CHECK(graph.nodes.size() == 3);
}
