// The builder's branches and loops: what bodies read from around them becomes a capture, and what is not
// wanted leaves no trace.
#include <doctest/doctest.h>

#include "frontend/build.h"
#include "ir/interpret.h"
#include "ir/verify.h"

using namespace halite;
using namespace halite::frontend;

namespace {

Tensor f32(std::vector<float> values) {
  return Tensor::of<float>(values, {static_cast<int64_t>(values.size())});
}
Tensor i64(int64_t value) { return Tensor::of<int64_t>(std::vector<int64_t>{value}, {}); }
Tensor boolean(bool value) { return Tensor({DType::boolean, {}, {}}, {value ? std::byte{1} : std::byte{0}}); }

std::vector<double> run(const ir::Graph& g, const std::vector<Tensor>& inputs, size_t output = 0) {
  const auto ok = ir::verify(g);
  const std::string problem = ok ? "" : to_string(ok.error());
  REQUIRE_MESSAGE(ok, problem);
  const auto results = ir::interpret(g, inputs);
  REQUIRE(results);
  std::vector<double> values;
  for (int64_t i = 0; i < (*results)[output].type().elements(); ++i)
    values.push_back((*results)[output].at(i));
  return values;
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("a loop captures what its body reads from around it, constants aside") {
  ir::Graph g;
  Builder b(g);
  const V n = b.input("n", {DType::i64, {}, {}}), x = b.input("x", {DType::f32, {2}, {}});
  const V twice = b.add(x, x), ten = b.scalar(10);
  const auto results = b.loop({n, 4, {x}, {}}, [&](V i, const std::vector<V>& carried) {
    const V next = b.add(b.mul(carried[0], ten), twice);
    return Builder::LoopStep{{next}, {b.cast(i, DType::f32)}, {}};
  });
  g.outputs = results;
  REQUIRE(g.nodes.size() == 2);
  CHECK(g.nodes[1].inputs.size() == 4);  // trip count, condition, x, and the capture: twice
  CHECK(run(g, {i64(2), f32({1, 2})}) == Values{122, 244});
  CHECK(run(g, {i64(9), f32({1, 0})}) == Values{12222, 0});
  CHECK(run(g, {i64(3), f32({1, 0})}, 1) == Values{0, 1, 2, 0});
}

TEST_CASE("loops and branches nest, and a loop ends when its body says so") {
  ir::Graph g;
  Builder b(g);
  const V flag = b.input("flag", {DType::boolean, {}, {}}), x = b.input("x", {DType::f32, {1}, {}});
  const V many = b.scalar(100, DType::i64);
  g.outputs = b.branch(
      flag,
      [&] {
        return b.loop({many, INT64_MAX, {x}, {}}, [&](V, const std::vector<V>& carried) {
          const V next = b.branch(
              b.binary(Fn::less, x, b.scalar(0)), [&] { return std::vector{b.sub(carried[0], x)}; },
              [&] { return std::vector{b.add(carried[0], x)}; })[0];
          return Builder::LoopStep{{next}, {}, b.binary(Fn::less, next, b.scalar(10))};
        });
      },
      [&] { return std::vector{x}; });
  REQUIRE(g.nodes.size() == 1);
  CHECK(run(g, {boolean(false), f32({3})}) == Values{3});
  CHECK(run(g, {boolean(true), f32({3})}) == Values{12});
  CHECK(run(g, {boolean(true), f32({-4})}) == Values{12});  // -4, then 0, 4, 8, 12
}

TEST_CASE("a body that cannot be built leaves the graph as it was") {
  ir::Graph g;
  Builder b(g);
  const V n = b.input("n", {DType::i64, {}, {}}), x = b.input("x", {DType::f32, {2}, {}});
  const auto grows = [&] {
    b.loop({n, 4, {x}, {}}, [&](V, const std::vector<V>& carried) {
      return Builder::LoopStep{{b.concat({carried[0], x}, 0)}, {}, {}};
    });
  };
  const auto failed = Builder::attempt("the loop", grows);
  REQUIRE(!failed);
  CHECK(
      to_string(failed.error()).find("carried value 0 is f32[2] before an iteration and f32[4] behind it") !=
      std::string::npos);
  CHECK(g.nodes.empty());
  const auto rejected = Builder::attempt("the loop", [&] {
    b.loop({n, 4, {x}, {}}, [&](V, const std::vector<V>&) -> Builder::LoopStep {
      b.add(x, x);
      reject_unsupported("no");
    });
  });
  CHECK(!rejected);
  CHECK(g.nodes.empty());
  const auto stateful = Builder::attempt("the branch", [&] {
    b.branch(
        b.scalar(1, DType::boolean), [&] { return std::vector{b.input("late", {DType::f32, {}, {}})}; },
        [&] { return std::vector{b.scalar(1)}; });
  });
  REQUIRE(!stateful);
  CHECK(to_string(stateful.error()).find("keeps a state or has inputs of the model") != std::string::npos);
  CHECK(g.inputs.size() == 2);
}
