#include "ir/tensor.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace halite::ir;

TEST_CASE("a tensor of any element type is read and written as doubles") {
  for (int i = 0; i < kDTypeCount; ++i) {
    Tensor t = Tensor::zeros({static_cast<DType>(i), {3}, {}});
    t.set(1, 1);
    CHECK(t.at(0) == 0);
    CHECK(t.at(1) == 1);
  }
}

TEST_CASE("integers saturate when written") {
  const auto written = [](DType dtype, double v) {
    Tensor t = Tensor::zeros({dtype, {}, {}});
    t.set(0, v);
    return t.at(0);
  };
  CHECK(written(DType::i8, 1000) == 127);
  CHECK(written(DType::i8, -1000) == -128);
  CHECK(written(DType::u8, -1) == 0);
  CHECK(written(DType::i32, 2.9) == 2);
  CHECK(written(DType::i16, NAN) == 0);
  CHECK(written(DType::i64, INFINITY) == static_cast<double>(std::numeric_limits<int64_t>::max()));
  CHECK(written(DType::boolean, 0.5) == 1);
}

TEST_CASE("copies share bytes and writing to shared bytes is refused") {
  const std::vector<float> values{1, 2, 3, 4};
  Tensor a = Tensor::of<float>(values, {2, 2});
  const Tensor b = a.with_type({DType::f32, {4}, {}});
  CHECK(a.bytes().data() == b.bytes().data());
  CHECK_THROWS_AS(a.set(0, 1), halite::InternalError);
  CHECK_THROWS_AS((void)a.data<double>(), halite::InternalError);
  CHECK_THROWS_AS((void)a.with_type({DType::f32, {3}, {}}), halite::InternalError);
}

TEST_CASE("every half is widened and narrowed back to itself") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float wide = f16_to_f32(static_cast<uint16_t>(bits));
    if (std::isnan(wide)) {
      CHECK((bits & 0x7fff) > 0x7c00);
      CHECK(std::isnan(f16_to_f32(f32_to_f16(wide))));
    } else if (f32_to_f16(wide) != bits) {
      FAIL_CHECK("half ", bits, " became ", f32_to_f16(wide));
    }
  }
}

TEST_CASE("narrowing to bf16 keeps the upper half of an f32, rounded to nearest, ties to even") {
  const auto narrowed = [](uint32_t bits) { return f32_to_bf16(std::bit_cast<float>(bits)); };
  CHECK(narrowed(0x3f800000) == 0x3f80);
  CHECK(narrowed(0x3f808000) == 0x3f80);  // a tie, down to even
  CHECK(narrowed(0x3f808001) == 0x3f81);
  CHECK(narrowed(0x3f818000) == 0x3f82);  // a tie, up to even
  CHECK(narrowed(0x80000000) == 0x8000);
  CHECK(narrowed(0x7f7fffff) == 0x7f80);  // past the largest: infinity
  CHECK(narrowed(0xff800000) == 0xff80);
  CHECK(narrowed(0x7f800001) == 0x7fc0);  // NaN, whose payload would round to infinity
  CHECK(narrowed(0x00000001) == 0);
  CHECK(bf16_to_f32(0x4049) == 3.140625f);
  CHECK(bf16_to_f32(0x0001) == 0x1p-133f);
}

TEST_CASE("narrowing to half rounds to nearest, ties to even") {
  // Between each pair of neighbouring finite halves: just below, at and just above the midpoint (exact in
  // f32).
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const float low = f16_to_f32(static_cast<uint16_t>(bits)),
                high = f16_to_f32(static_cast<uint16_t>(bits + 1));
    const float middle = (low + high) / 2;
    const uint32_t even = bits + (bits & 1);
    const bool right = f32_to_f16(std::nextafter(middle, low)) == bits && f32_to_f16(middle) == even &&
                       f32_to_f16(std::nextafter(middle, high)) == bits + 1 &&
                       f32_to_f16(-middle) == (even | 0x8000);
    if (!right) FAIL_CHECK("around half ", bits);
  }
  CHECK(f32_to_f16(65504.0f) == 0x7bff);
  CHECK(f32_to_f16(65519.996f) == 0x7bff);
  CHECK(f32_to_f16(65520.0f) == 0x7c00);
  CHECK(f32_to_f16(-INFINITY) == 0xfc00);
  CHECK(f32_to_f16(1e-30f) == 0);
}
