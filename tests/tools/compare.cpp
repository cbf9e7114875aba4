// When two tensors agree.
#include "tools/compare.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace {

using namespace halite;
using tools::compare;

ir::Tensor floats(std::vector<float> values) {
  return ir::Tensor::of<float>(values, {static_cast<int64_t>(values.size())});
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST_CASE("elements within atol + rtol * |expected| agree") {
  const auto d = compare(floats({1.0f, 100.0f, 0.0f}), floats({1.0005f, 100.09f, 0.00009f}), {1e-3, 1e-4});
  CHECK(d.count == 0);
  CHECK(d.first == -1);
}

TEST_CASE("the first element that differs is named, and all are counted") {
  const auto d = compare(floats({1, 2, 3, 4}), floats({1, 2.5f, 3, 8}), {1e-3, 1e-4});
  CHECK(d.count == 2);
  CHECK(d.first == 1);
  CHECK(d.got == 2);
  CHECK(d.want == 2.5);
  CHECK(d.max_abs == 4);
  CHECK(d.max_rel == doctest::Approx(0.5));
}

TEST_CASE("a NaN agrees only with a NaN") {
  CHECK(compare(floats({kNan}), floats({kNan}), {1, 1}).count == 0);
  CHECK(compare(floats({kNan}), floats({1}), {1, 1}).count == 1);
  CHECK(compare(floats({1}), floats({kNan}), {1, 1}).count == 1);
}

TEST_CASE("an infinity agrees only with itself") {
  CHECK(compare(floats({kInfinity}), floats({kInfinity}), {1, 1}).count == 0);
  CHECK(compare(floats({kInfinity}), floats({-kInfinity}), {1, 1}).count == 1);
  CHECK(compare(floats({1e30f}), floats({kInfinity}), {1, 1}).count == 1);
  CHECK(compare(floats({kInfinity}), floats({1e30f}), {1, 1}).count == 1);
}

TEST_CASE("integers are exact unless quanta are allowed, however large") {
  const std::vector<int64_t> a{int64_t{1} << 60}, b{(int64_t{1} << 60) + 1};
  const auto exact = tools::tolerance_for(ir::DType::i64, {});
  CHECK(compare(ir::Tensor::of<int64_t>(a, {1}), ir::Tensor::of<int64_t>(b, {1}), exact).count == 1);
  const auto one = tools::tolerance_for(ir::DType::i64, {1e-3, 1.0});
  CHECK(compare(ir::Tensor::of<int64_t>(a, {1}), ir::Tensor::of<int64_t>(b, {1}), one).count == 0);
}

TEST_CASE("an atol below one leaves integers exact") {
  CHECK(tools::tolerance_for(ir::DType::i8, {1e-3, 1e-4}).atol == 0);
  CHECK(tools::tolerance_for(ir::DType::i8, {1e-3, 2.0}).atol == 2);
}

TEST_CASE("an index is shown by axis") { CHECK(tools::index_text(7, {2, 3, 2}) == "[1,0,1]"); }

}  // namespace
