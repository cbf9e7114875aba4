// Operators on quantized tensors: requantize, quantize, dequantize, and the integer forms of conv2d, matmul,
// pool2d, softmax and gather.
#include <cmath>

#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

using Rounding = Requantize::Rounding;

Tensor i8(Shape shape, std::initializer_list<int8_t> v) { return tensor<int8_t>(std::move(shape), v); }
Tensor u8(Shape shape, std::initializer_list<uint8_t> v) { return tensor<uint8_t>(std::move(shape), v); }
Tensor i16(Shape shape, std::initializer_list<int16_t> v) { return tensor<int16_t>(std::move(shape), v); }
Tensor i32(Shape shape, std::initializer_list<int32_t> v) { return tensor<int32_t>(std::move(shape), v); }

/// x times 2^30 * 2^-shift, so 0.5 for a shift of 31.
std::vector<double> halves(Rounding rounding, int32_t shift) {
  const Requantize op{.rounding = rounding, .to = DType::i32};
  const Tensor x = i32({6}, {5, -5, 3, -3, 1, -1});
  return values(run(op, {x, i32({1}, {1 << 30}), i32({1}, {shift})}));
}

TEST_CASE("requantize rounds once with halves going up") {
  CHECK(halves(Rounding::single, 31) == std::vector<double>{3, -2, 2, -1, 1, 0});
  CHECK(halves(Rounding::single, 32) == std::vector<double>{1, -1, 1, -1, 0, 0});
}

TEST_CASE("requantize rounds twice: halves go up in the product and away from zero in the shift") {
  CHECK(halves(Rounding::twice, 31) == std::vector<double>{3, -2, 2, -1, 1, 0});
  // 5/2 is 3 and 3/2 is 2, where one step would round 5/4 to 1.
  CHECK(halves(Rounding::twice, 32) == std::vector<double>{2, -1, 1, -1, 1, 0});
  // A shift below 31 multiplies first.
  CHECK(halves(Rounding::twice, 29) == std::vector<double>{10, -10, 6, -6, 2, -2});
}

TEST_CASE("requantize in floats rounds halves to even") {
  const Requantize op{.rounding = Rounding::real, .to = DType::i8, .zero_point = 10};
  check_values(run(op, {i32({5}, {1, 3, 5, -1, 1000000}), f32({1}, {0.5f})}), {5}, {10, 12, 12, 10, 127});
}

TEST_CASE("requantize takes a scale for each channel, adds the zero point and clamps") {
  const Requantize op{.to = DType::u8, .zero_point = 3, .low = 3, .high = 200};
  const Tensor x = i32({2, 2}, {8, 8, -8, 1 << 20});
  check_values(run(op, {x, i32({2}, {1 << 30, 1 << 30}), i32({2}, {31, 30})}), {2, 2}, {7, 11, 3, 200});
}

TEST_CASE("requantize scales 64-bit sums") {
  const Tensor x = tensor<int64_t>({2}, {int64_t{1} << 40, -(int64_t{1} << 40)});
  const Requantize op{.to = DType::i16};
  check_values(run(op, {x, i32({1}, {1 << 14}), i32({1}, {44})}), {2}, {1024, -1024});
}

TEST_CASE("requantize refuses what has no meaning") {
  const auto t = [](DType d, Shape s) { return Type{d, std::move(s), {}}; };
  const Type acc = t(DType::i32, {4}), one = t(DType::i32, {1});
  CHECK(complaint(Requantize{}, {acc, t(DType::i32, {3}), one}) ==
        "requantize: the multiplier has the shape [3]; expected [1] or [4]");
  CHECK(complaint(Requantize{}, {t(DType::f32, {4}), one, one}) ==
        "requantize: the input is f32[4]; expected i8, u8, i16, u16, i32 or i64");
  CHECK(complaint(Requantize{.low = 5, .high = 4}, {acc, one, one}) ==
        "requantize: nothing lies between low 5 and high 4");
  CHECK(says(complaint(Requantize{.rounding = Rounding::twice}, {t(DType::i64, {4}), one, one}),
             "at most 32 bits"));
  CHECK(says(complaint(Requantize{.to = DType::f32}, {acc, one, one}), "to is f32"));
  CHECK(says(complaint(Requantize{}, {acc, one}), "has 2 inputs"));
}

TEST_CASE("quantize divides, rounds and saturates") {
  const Tensor x = f32({6}, {0.25f, 0.75f, -0.25f, -0.75f, 100, std::nanf("")});
  const Tensor scale = f32({1}, {0.5f});
  check_values(run(Quantize{.zero_point = {1}}, {x, scale}), {6}, {1, 3, 1, -1, 127, 1});
  check_values(run(Quantize{.ties = Quantize::Ties::away, .zero_point = {1}}, {x, scale}), {6},
               {2, 3, 0, -1, 127, 1});
  const Quantize by_row{.to = DType::u8, .zero_point = {0, 10}, .axis = 0};
  check_values(run(by_row, {f32({2, 2}, {1, 2, 1, -9}), f32({2}, {1, 0.5f})}), {2, 2}, {1, 2, 12, 0});
}

TEST_CASE("dequantize subtracts and multiplies") {
  check_values(run(Dequantize{.zero_point = {-128}}, {i8({3}, {-128, 0, 127}), f32({1}, {0.5f})}), {3},
               {0, 64, 127.5});
  const Dequantize by_column{.zero_point = {1, 2}, .axis = 1};
  check_values(run(by_column, {u8({2, 2}, {1, 2, 3, 255}), f32({2}, {2, 0.25f})}), {2, 2}, {0, 0, 4, 63.25});
  CHECK(says(complaint(Dequantize{}, {Type{DType::f32, {2}, {}}, Type{DType::f32, {1}, {}}}),
             "expected i8, u8"));
  CHECK(complaint(Dequantize{.zero_point = {1, 2, 3}, .axis = 0},
                  {Type{DType::i8, {2}, {}}, Type{DType::f32, {2}, {}}}) ==
        "dequantize: has 3 zero points; expected 1 or 2");
}

TEST_CASE("conv2d of integers subtracts zero points and pads with nothing") {
  const Tensor x = i8({1, 1, 2, 1}, {3, 5}), w = i8({1, 1, 3, 1}, {1, 2, 3});
  const Conv2d op{.pad = {0, 1, 0, 1}, .x_zero = 1, .w_zero = -1};
  // (2,4) under (2,3,4): 2*3+4*4 and 2*2+4*3.
  const Tensor y = run(op, {x, w, i32({1}, {100})});
  check_values(y, {1, 1, 2, 1}, {122, 116});
  CHECK(y.type().dtype == DType::i32);
  CHECK(run(op, {i16({1, 1, 2, 1}, {3, 5}), w}).type().dtype == DType::i64);
  CHECK(says(complaint(Conv2d{.x_zero = 200}, {x.type(), w.type()}), "the zero point of the input is 200"));
  CHECK(says(complaint(Conv2d{}, {x.type(), Type{DType::f32, {1, 1, 1, 1}, {}}}), "the weights is f32"));
}

TEST_CASE("matmul of integers subtracts zero points and wraps") {
  const Tensor a = u8({1, 2}, {10, 20}), b = i8({2, 1}, {3, -4});
  check_values(run(MatMul{.a_zero = 10}, {a, b, i32({1}, {7})}), {1, 1}, {-33});
  check_values(run(MatMul{.b_zero = 3}, {a, b, i32({1}, {INT32_MIN})}), {1, 1}, {INT32_MAX - 139.0});
  CHECK(says(complaint(MatMul{}, {a.type(), b.type(), Type{DType::f32, {1}, {}}}), "expected i32 or i64"));
}

TEST_CASE("an average of integers rounds halves away from zero") {
  const Pool2d op{.kind = Pool2d::Kind::average, .kernel = {1, 2}};
  check_values(run(op, {i8({1, 1, 3, 1}, {1, 2, -5})}), {1, 1, 2, 1}, {2, -2});
}

TEST_CASE("softmax of bytes reads its exponentials from a table") {
  Tensor table = Tensor::zeros({DType::f32, {256}, {}});
  table.set(255, 1);
  table.set(254, 0.5);
  const Tensor y = run(Softmax{.axis = 0, .scale = 0.5}, {i8({3}, {7, 6, -100}), table});
  check_values(y, {3}, {1 / 0.75, 0.5 / 0.75, 0});
  CHECK(says(complaint(Softmax{}, {Type{DType::i16, {3}, {}}, table.type()}), "expected i8 or u8"));
}

TEST_CASE("gather looks bytes up in a table of 256") {
  Tensor table = Tensor::zeros({DType::i32, {256}, {}});
  for (int i = 0; i < 256; ++i) table.set(i, 1000 + i);
  check_values(run(Gather{}, {table, i8({3}, {-128, -1, 5})}), {3}, {1128, 1255, 1005});
  check_values(run(Gather{}, {table, u8({2}, {128, 255})}), {2}, {1128, 1255});
}

}  // namespace
}  // namespace halite::ir
