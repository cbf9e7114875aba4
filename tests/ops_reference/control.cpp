// Branch and loop: what they compute, with bodies written as text, and what they refuse.
#include "ir/interpret.h"
#include "ir/text.h"
#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

Region region(std::string_view text) {
  auto g = parse(text);
  if (!g) FAIL(to_string(g.error()));
  return {std::make_shared<const Graph>(*std::move(g))};
}

std::vector<Tensor> run_all(const Op& op, const std::vector<Tensor>& in) {
  Types types;
  for (const Tensor& t : in) types.push_back(t.type());
  const auto inferred = infer(op, types);
  if (!inferred) FAIL(to_string(inferred.error()));
  std::vector<Tensor> out;
  for (const Type& t : *inferred) out.push_back(Tensor::zeros(t));
  reference(op, in, out);
  return out;
}

Type type(DType dtype, Shape shape) { return {dtype, std::move(shape), {}}; }

const Region kDouble = region(R"(graph "" (%x: f32[2]) -> (%y) { %y: f32[2] = elementwise(%x, %x) fn=add })");
const Region kSquare = region(R"(graph "" (%x: f32[2]) -> (%y) { %y: f32[2] = elementwise(%x, %x) fn=mul })");

// Carries the sum of the captured %w and stacks it; goes on while the first element is below 10.
const Region kSum = region(R"(graph "" (%i: i64[], %s: f32[2], %w: f32[2]) -> (%go, %t, %t) {
  const %ten: f32[1] = {10}
  %t: f32[2] = elementwise(%s, %w) fn=add
  %first: f32[1] = slice(%t) start=[0] step=[1] sizes=[1]
  %less: bool[1] = elementwise(%first, %ten) fn=less
  %go: bool[] = reshape(%less) shape=[]
})");

TEST_CASE("a branch runs the graph that its condition names") {
  const Branch op{kDouble, kSquare};
  check_values(run(op, {boolean({}, {1}), f32({2}, {3, -4})}), {2}, {6, -8});
  check_values(run(op, {boolean({1}, {0}), f32({2}, {3, -4})}), {2}, {9, 16});
}

TEST_CASE("a loop runs until its trip count, its condition or its limit ends it") {
  const Loop op{5, 1, kSum};
  const Tensor start = f32({2}, {1, 10}), w = f32({2}, {3, 1});
  const auto trips = [&](int64_t count, uint8_t condition) {
    return run_all(op, {i64({}, {count}), boolean({}, {condition}), start, w});
  };
  check_values(trips(2, 1)[0], {2}, {7, 12});
  check_values(trips(2, 1)[1], {5, 2}, {4, 11, 7, 12, 0, 0, 0, 0, 0, 0});
  check_values(trips(99, 1)[0], {2}, {10, 13});
  check_values(trips(99, 1)[1], {5, 2}, {4, 11, 7, 12, 10, 13, 0, 0, 0, 0});
  for (const auto& none : {trips(0, 1), trips(-1, 1), trips(99, 0)}) {
    check_values(none[0], {2}, {1, 10});
    check_values(none[1], {5, 2}, std::vector<double>(10, 0));
  }
  const auto limited = run_all(Loop{1, 1, kSum}, {i64({}, {99}), boolean({}, {1}), start, w});
  check_values(limited[0], {2}, {4, 11});
  check_values(limited[1], {1, 2}, {4, 11});
}

TEST_CASE("a loop's body gets the number of its iteration") {
  const Region body = region(R"(graph "" (%i: i64[]) -> (%go, %i) { const %go: bool[] = {true} })");
  check_values(run(Loop{3, 0, body}, {i64({1}, {3}), boolean({1}, {1})}), {3}, {0, 1, 2});
}

TEST_CASE("branches and loops refuse graphs that do not fit") {
  const Type condition = type(DType::boolean, {}), x = type(DType::f32, {2}), trips = type(DType::i64, {});
  CHECK(complaint(Branch{}, {condition}) == "branch: yes has no graph");
  CHECK(complaint(Branch{kDouble, kSquare}, {x, x}) ==
        "branch: the condition is f32[2]; expected one boolean");
  CHECK(complaint(Branch{kDouble, kSquare}, {condition}) == "branch: yes has 1 inputs; expected 0");
  CHECK(complaint(Branch{kDouble, kSquare}, {condition, type(DType::f32, {3})}) ==
        "branch: input 0 of yes is f32[2], but it is given f32[3]");
  const Region two = region(R"(graph "" (%x: f32[2]) -> (%x, %x) {})");
  const Region none = region(R"(graph "" (%x: f32[2]) -> () {})");
  const Region row = region(R"(graph "" (%x: f32[2]) -> (%y) { %y: f32[1,2] = reshape(%x) shape=[1,2] })");
  CHECK(complaint(Branch{kDouble, two}, {condition, x}) ==
        "branch: yes has 1 outputs and no has 2; expected as many");
  CHECK(complaint(Branch{kDouble, none}, {condition, x}) == "branch: no has 0 outputs; expected 1 or more");
  CHECK(complaint(Branch{kDouble, row}, {condition, x}) ==
        "branch: output 0 is f32[2] of yes, but f32[1,2] of no");
  CHECK(complaint(Loop{1, 0, {}}, {trips, condition}) == "loop: body has no graph");
  CHECK(complaint(Loop{1, 1, kSum}, {x, condition, x, x}) ==
        "loop: the trip count is f32[2]; expected one i64");
  CHECK(complaint(Loop{1, 1, kSum}, {trips, x, x, x}) ==
        "loop: the condition is f32[2]; expected one boolean");
  CHECK(complaint(Loop{-1, 1, kSum}, {trips, condition, x, x}) ==
        "loop: limit is -1; expected 0 to 9223372036854775807");
  CHECK(complaint(Loop{1, 3, kSum}, {trips, condition, x, x}) == "loop: carried is 3; expected 0 to 2");
  CHECK(complaint(Loop{1, 2, kSum}, {trips, condition, x, type(DType::f32, {3})}) ==
        "loop: input 2 of body is f32[2], but it is given f32[3]");
  CHECK(says(complaint(Loop{INT64_MAX, 1, kSum}, {trips, condition, x, x}), "limit of 2^40 bytes"));
  const Region grows = region(R"(graph "" (%i: i64[], %x: f32[2]) -> (%go, %y) {
    const %go: bool[] = {true}
    %y: f32[4] = concat(%x, %x) axis=0
  })");
  CHECK(complaint(Loop{1, 1, grows}, {trips, condition, x}) ==
        "loop: carried value 0 is f32[2] before an iteration and f32[4] behind it; expected the same");
  const Region numbers = region(R"(graph "" (%i: i64[], %x: f32[2]) -> (%x, %x) {})");
  CHECK(complaint(Loop{1, 1, numbers}, {trips, condition, x}) ==
        "loop: the body's condition is f32[2]; expected one boolean");
  const Region stateful = region(R"(graph "" (%x: f32[2]) -> (%x) { state %h: f32[2] = zeros -> %x })");
  CHECK(complaint(Branch{stateful, kSquare}, {condition, x}) ==
        "branch: yes keeps a state; only a whole model can");
}

}  // namespace
}  // namespace halite::ir
