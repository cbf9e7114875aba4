// Operators that combine elements: arg_reduce, matmul, reduce, softmax.
#include <cmath>
#include <limits>

#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

Type f(Shape shape) { return {DType::f32, std::move(shape), {}}; }
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST_CASE("arg_reduce finds the first or the last of the largest or smallest") {
  const Tensor x = f32({2, 3}, {1, 5, 5, 0, -1, -1});
  using Kind = ArgReduce::Kind;
  check_values(run(ArgReduce{.axis = 1}, {x}), {2, 1}, {1, 0});
  check_values(run(ArgReduce{.axis = 1, .select_last = true}, {x}), {2, 1}, {2, 0});
  check_values(run(ArgReduce{.kind = Kind::min, .axis = 1}, {x}), {2, 1}, {0, 1});
  check_values(run(ArgReduce{.kind = Kind::min, .axis = 1, .select_last = true}, {x}), {2, 1}, {0, 2});
  check_values(run(ArgReduce{.axis = 0}, {x}), {1, 3}, {0, 0, 0});
  CHECK(run(ArgReduce{}, {tensor<uint8_t>({2}, {3, 200})}).data<int64_t>()[0] == 1);
  CHECK(complaint(ArgReduce{.axis = 1}, {f({2, 0})}) ==
        "arg_reduce: axis 1 of the input of shape [2,0] is empty; expected at least one element to choose "
        "from");
  CHECK(complaint(ArgReduce{}, {f({})}) ==
        "arg_reduce: axis is 0, but the input is a scalar, which has no axis");
  CHECK(says(complaint(ArgReduce{}, {{DType::boolean, {2}, {}}}), "expected numbers"));
}

TEST_CASE("matmul multiplies, transposed if asked, and adds the bias") {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6}), b = f32({3, 2}, {1, 0, 0, 1, 10, 100});
  const Tensor at = f32({3, 2}, {1, 4, 2, 5, 3, 6}), bt = f32({2, 3}, {1, 0, 10, 0, 1, 100});
  const std::vector<double> product{31, 302, 64, 605};
  check_values(run(MatMul{}, {a, b}), {2, 2}, product);
  check_values(run(MatMul{.transpose_a = true}, {at, b}), {2, 2}, product);
  check_values(run(MatMul{.transpose_b = true}, {a, bt}), {2, 2}, product);
  check_values(run(MatMul{true, true}, {at, bt}), {2, 2}, product);
  check_values(run(MatMul{}, {a, b, f32({2}, {1, 2})}), {2, 2}, {32, 304, 65, 607});
  check_values(run(MatMul{}, {a, b, f32({2, 1}, {1, 2})}), {2, 2}, {32, 303, 66, 607});
}

TEST_CASE("matmul broadcasts the batch axes, also of operands of lower rank") {
  const Tensor a = iota({2, 1, 1, 2}), b = iota({3, 2, 1});
  // Rows [0,1] and [2,3] by columns [0,1], [2,3], [4,5].
  check_values(run(MatMul{}, {a, b}), {2, 3, 1, 1}, {1, 3, 5, 3, 13, 23});
  check_values(run(MatMul{}, {f32({1, 0}, {}), f32({0, 2}, {})}), {1, 2}, {0, 0});
}

TEST_CASE("matmul refuses operands that do not fit") {
  CHECK(complaint(MatMul{}, {f({2, 3}), f({2, 3})}) ==
        "matmul: cannot multiply [2,3] by [2,3]; the inner extents are 3 and 2, expected equal ones");
  CHECK(says(complaint(MatMul{.transpose_a = true}, {f({2, 3}), f({3, 3})}), "[2,3] (transposed) by [3,3]"));
  CHECK(complaint(MatMul{}, {f({3}), f({3, 2})}) ==
        "matmul: input 0 has the shape [3]; expected rank 2 or more");
  CHECK(complaint(MatMul{}, {f({2, 1, 1}), f({3, 1, 1})}) ==
        "matmul: the batch axes of [2,1,1] and [3,1,1] do not broadcast");
  CHECK(complaint(MatMul{}, {f({2, 3}), f({3, 4}), f({2})}) ==
        "matmul: the bias has the shape [2], which does not broadcast to [2,4]");
  CHECK(says(complaint(MatMul{}, {f({1, 3}), f({3, 4}), f({2, 4})}), "does not broadcast to [1,4]"));
  CHECK(says(complaint(MatMul{}, {f({1, 3}), f({3, 4}), f({1, 1, 4})}), "does not broadcast to [1,4]"));
  CHECK(says(complaint(MatMul{}, {{DType::i32, {1, 1}, {}}, {DType::i32, {1, 1}, {}}}), "only f32"));
  CHECK(says(complaint(MatMul{}, {f({1 << 20, 1}), f({1, 1 << 20})}), "limit of 2^40"));
}

TEST_CASE("reduce combines along any axes") {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  using Kind = Reduce::Kind;
  check_values(run(Reduce{Kind::sum, {1}}, {x}), {2, 1}, {6, 15});
  check_values(run(Reduce{Kind::sum, {0}}, {x}), {1, 3}, {5, 7, 9});
  check_values(run(Reduce{Kind::mean, {0, 1}}, {x}), {1, 1}, {3.5});
  check_values(run(Reduce{Kind::max, {1}}, {x}), {2, 1}, {3, 6});
  check_values(run(Reduce{Kind::min, {0}}, {x}), {1, 3}, {1, 2, 3});
  check_values(run(Reduce{Kind::prod, {1}}, {x}), {2, 1}, {6, 120});
  check_values(run(Reduce{Kind::sum, {}}, {x}), {2, 3}, {1, 2, 3, 4, 5, 6});
}

TEST_CASE("reduce over nothing gives the neutral element") {
  const Tensor x = f32({2, 0}, {});
  using Kind = Reduce::Kind;
  check_values(run(Reduce{Kind::sum, {1}}, {x}), {2, 1}, {0, 0});
  check_values(run(Reduce{Kind::prod, {1}}, {x}), {2, 1}, {1, 1});
  CHECK(run(Reduce{Kind::max, {1}}, {x}).at(0) == -kInf);
  CHECK(run(Reduce{Kind::min, {1}}, {x}).at(0) == kInf);
  CHECK(std::isnan(run(Reduce{Kind::mean, {1}}, {x}).at(0)));
  const Tensor i = tensor<int8_t>({0}, {});
  CHECK(run(Reduce{Kind::max, {0}}, {i}).at(0) == -128);
  CHECK(run(Reduce{Kind::min, {0}}, {i}).at(0) == 127);
  CHECK(run(Reduce{Kind::mean, {0}}, {i}).at(0) == 0);
}

TEST_CASE("reduce of integers wraps, and means truncate") {
  using Kind = Reduce::Kind;
  check_values(run(Reduce{Kind::sum, {0}}, {tensor<int8_t>({3}, {100, 100, 1})}), {1}, {-55});
  check_values(run(Reduce{Kind::mean, {0}}, {tensor<int8_t>({3}, {100, 100, 101})}), {1}, {100});
  check_values(run(Reduce{Kind::mean, {0}}, {tensor<int32_t>({2}, {-3, 0})}), {1}, {-1});
  check_values(run(Reduce{Kind::prod, {0}}, {tensor<uint8_t>({2}, {16, 17})}), {1}, {16});
  CHECK(run(Reduce{Kind::max, {0}}, {i64({2}, {INT64_MAX - 1, INT64_MAX})}).data<int64_t>()[0] == INT64_MAX);
}

TEST_CASE("sums of many floats stay exact") {
  Tensor x = Tensor::zeros({DType::f32, {1 << 20}, {}});
  for (float& v : x.mutable_data<float>()) v = 0.1f;
  x.set(0, 1e8);
  CHECK(run(Reduce{Reduce::Kind::sum, {0}}, {x}).at(0) == static_cast<float>(1e8 + (1048575.0 * 0.1f)));
}

TEST_CASE("reduce refuses axes that are not ascending axes of the input") {
  CHECK(complaint(Reduce{Reduce::Kind::sum, {2}}, {f({2, 3})}) ==
        "reduce: axis is 2; expected 0 to 1 for the shape [2,3]");
  CHECK(complaint(Reduce{Reduce::Kind::sum, {1, 0}}, {f({2, 3})}) ==
        "reduce: axis 0 follows 1 in axes; expected ascending axes");
  CHECK(says(complaint(Reduce{Reduce::Kind::sum, {1, 1}}, {f({2, 3})}), "axis 1 follows 1"));
  CHECK(says(complaint(Reduce{Reduce::Kind::sum, {-1}}, {f({2, 3})}), "axis is -1"));
  CHECK(says(complaint(Reduce{}, {{DType::boolean, {2}, {}}}), "expected numbers"));
}

TEST_CASE("softmax sums to one along its axis, without overflow") {
  const double e = std::exp(1.0);
  check_values(run(Softmax{1}, {f32({1, 2}, {1000, 1001})}), {1, 2}, {1 / (1 + e), e / (1 + e)});
  check_values(run(Softmax{0}, {f32({2, 2}, {0, 7, 0, 7})}), {2, 2}, {0.5, 0.5, 0.5, 0.5});
  check_values(run(Softmax{1, true}, {f32({1, 2}, {1000, 1001})}), {1, 2},
               {-std::log(1 + e), 1 - std::log(1 + e)});
  check_values(run(Softmax{0}, {f32({0}, {})}), {0}, {});
  CHECK(says(complaint(Softmax{1}, {f({2})}), "axis is 1; expected 0 to 0"));
  CHECK(says(complaint(Softmax{0}, {{DType::i32, {2}, {}}}), "only f32"));
}

}  // namespace
}  // namespace halite::ir
