#include "ir/type.h"

#include <doctest/doctest.h>

using namespace halite::ir;

TEST_CASE("every element type parses from its name") {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto t = static_cast<DType>(i);
    CHECK(parse_dtype(to_string(t)) == t);
  }
  CHECK(to_string(DType::boolean) == "bool");
  CHECK(size_of(DType::boolean) == 1);
  CHECK(size_of(DType::f16) == 2);
  CHECK(!parse_dtype("float"));
}

TEST_CASE("the element count refuses what would overflow") {
  const int64_t big = int64_t{1} << 40;
  CHECK(element_count({}) == 1);
  CHECK(element_count({2, 3, 4}) == 24);
  CHECK(element_count({2, 0, 4}) == 0);
  CHECK(!element_count({2, -1}));
  CHECK(!element_count({big, big}));
  CHECK(!element_count({0, big, big}));
  CHECK(!element_count({big, big, 0}));
}

TEST_CASE("strides are row-major") {
  CHECK(contiguous_strides({2, 3, 4}) == std::vector<int64_t>{12, 4, 1});
  CHECK(contiguous_strides({}).empty());
}

TEST_CASE("shapes broadcast as in NumPy") {
  CHECK(broadcast({2, 1, 4}, {3, 1}) == Shape{2, 3, 4});
  CHECK(broadcast({}, {5}) == Shape{5});
  CHECK(broadcast({0}, {1}) == Shape{0});
  CHECK(!broadcast({2}, {3}));
}

TEST_CASE("types print as dtype and shape") {
  CHECK(to_string(Type{DType::u8, {1, 2}, {}}) == "u8[1,2]");
  CHECK(to_string(Type{DType::f32, {}, {}}) == "f32[]");
}
