// Operators that read and write at computed places, beyond what ONNX's tests of opset 17 hold: reductions of
// opset 18, equal elements, long axes.
#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "ir/op.h"
#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;
using test::run;
using test::Values;

namespace {

ModelMaker scatter(const std::string& op, const char* reduction, std::vector<int64_t> indices,
                   std::vector<int64_t> updates) {
  ModelMaker m(18);
  m.input("x", {4}).input("i", std::move(indices), TensorProto::INT64).input("u", std::move(updates));
  m.node(op, {"x", "i", "u"}, {"y"}).set("reduction", reduction).output("y");
  return m;
}

ModelMaker top_k(int64_t n, int64_t k, bool largest) {
  ModelMaker m;
  m.input("x", {n}).integers("k", {k}).node("TopK", {"x", "k"}, {"v", "i"});
  m.set("largest", int64_t{largest});
  return m.output("v").output("i", TensorProto::INT64);
}

}  // namespace

TEST_CASE("several updates of one element are combined as the reduction says") {
  const Values x{1, 2, 3, 4}, at{1, 3, 1}, updates{10, -20, 0.5};
  const struct {
    const char* reduction;
    Values y;
  } kCases[] = {{"none", {1, 0.5, 3, -20}},
                {"add", {1, 12.5, 3, -16}},
                {"mul", {1, 10, 3, -80}},
                {"max", {1, 10, 3, 4}},
                {"min", {1, 0.5, 3, -20}}};
  for (const auto& c : kCases) {
    CAPTURE(c.reduction);
    CHECK(run(scatter("ScatterElements", c.reduction, {3}, {3}), {x, at, updates}) == c.y);
    CHECK(run(scatter("ScatterND", c.reduction, {3, 1}, {3}), {x, at, updates}) == c.y);
  }
}

TEST_CASE("scattering at constant places is one gather, and negative places count from the end") {
  ModelMaker m(18);
  m.input("x", {4}).input("u", {2});
  auto* at = m.graph().add_initializer();
  at->set_name("i");
  at->set_data_type(TensorProto::INT64);
  at->add_dims(2), at->add_dims(1);
  at->add_int64_data(-1), at->add_int64_data(0);
  m.node("ScatterND", {"x", "i", "u"}, {"y"}).output("y");
  CHECK(run(m, {{1, 2, 3, 4}, {10, 20}}) == Values{20, 2, 3, 10});
  const auto graph = m.import();
  REQUIRE(graph);
  for (const auto& node : graph->nodes) CHECK(!std::holds_alternative<ir::ArgReduce>(node.op));
}

TEST_CASE("scattering that would compare too much is refused") {
  ModelMaker m(18);
  m.input("x", {1 << 16}).input("i", {1 << 12}, TensorProto::INT64).input("u", {1 << 12});
  m.node("ScatterElements", {"x", "i", "u"}, {"y"}).output("y");
  const auto graph = m.import();
  REQUIRE(!graph);
  CHECK(to_string(graph.error()).find("compares 65536 places with 4096 indices") != std::string::npos);
}

TEST_CASE("indices and updates that do not fit are refused") {
  CHECK(!scatter("ScatterElements", "none", {3}, {2}).import());
  CHECK(!scatter("ScatterElements", "none", {3, 1}, {3, 1}).import());
  CHECK(!scatter("ScatterND", "none", {3, 2}, {3}).import());
  CHECK(!scatter("ScatterND", "mean", {3, 1}, {3}).import());
}

TEST_CASE("of equal elements TopK takes the first, infinities included") {
  const double low = -std::numeric_limits<double>::infinity();
  CHECK(run(top_k(5, 4, true), {{1, low, 7, low, 7}}) == Values{7, 7, 1, low, 2, 4, 0, 1});
  CHECK(run(top_k(5, 5, false), {{1, low, 7, low, 7}}) == Values{low, low, 1, 7, 7, 1, 3, 0, 2, 4});
}

TEST_CASE("TopK of a long axis goes round by round, and agrees") {
  Values x(300), first;
  std::iota(x.begin(), x.end(), 0);
  for (double& v : x) v = static_cast<int64_t>(v * 37) % 300;
  const Values found = run(top_k(300, 3, true), {x});
  CHECK(Values(found.begin(), found.begin() + 3) == Values{299, 298, 297});
  for (size_t i = 3; i < 6; ++i) CHECK(x[static_cast<size_t>(found[i])] == found[i - 3]);
  CHECK(run(top_k(300, 300, false), {x})[299] == 299);
}
