// conv2d, conv_transpose2d and pool2d: small cases computed by hand, and what infer refuses.
#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

Type f(Shape shape) { return {DType::f32, std::move(shape), {}}; }

TEST_CASE("conv2d sums windows and adds the bias") {
  const Tensor x = f32({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor w = f32({1, 2, 2, 1}, {1, 0, 0, 10});
  check_values(run(Conv2d{}, {x, w}), {1, 2, 2, 1}, {51, 62, 84, 95});
  check_values(run(Conv2d{}, {x, w, f32({1}, {0.5f})}), {1, 2, 2, 1}, {51.5, 62.5, 84.5, 95.5});
}

TEST_CASE("conv2d pads with zeros at the top and left, bottom and right") {
  const Tensor x = f32({1, 2, 2, 1}, {1, 2, 3, 4});
  const Tensor w = f32({1, 2, 2, 1}, {1, 10, 100, 1000});
  check_values(run(Conv2d{.pad = {1, 0, 0, 1}}, {x, w}), {1, 2, 2, 1}, {2100, 200, 4321, 402});
}

TEST_CASE("conv2d strides and dilates y and x apart") {
  const Tensor x = iota({1, 4, 5, 1});
  const Tensor w = f32({1, 2, 1, 1}, {1, 100});
  // Rows 0 and 2, 1 and 3; columns 0 and 3.
  check_values(run(Conv2d{.stride = {1, 3}, .dilation = {2, 1}}, {x, w}), {1, 2, 2, 1},
               {1000, 1303, 1505, 1808});
}

TEST_CASE("conv2d groups read their own channels") {
  const Tensor x = f32({1, 1, 1, 4}, {1, 2, 3, 4});
  const Tensor w = f32({4, 1, 1, 2}, {1, 0, 0, 1, 1, 0, 10, 10});
  check_values(run(Conv2d{.groups = 2}, {x, w}), {1, 1, 1, 4}, {1, 2, 3, 70});
  // Depthwise with a multiplier: output channel o belongs to input channel o / 2.
  const Tensor d = f32({4, 1, 1, 1}, {1, 2, 3, 4});
  check_values(run(Conv2d{.groups = 2}, {f32({1, 1, 1, 2}, {10, 100}), d}), {1, 1, 1, 4}, {10, 20, 300, 400});
}

TEST_CASE("conv2d refuses what does not fit, and says what it found") {
  const Type x = f({1, 8, 8, 4}), w = f({6, 3, 3, 4});
  CHECK(complaint(Conv2d{}, {x, w}) == "");
  CHECK(complaint(Conv2d{}, {x}) == "conv2d: has 1 inputs; expected 2 to 3");
  CHECK(complaint(Conv2d{}, {f({8, 8, 4}), w}) == "conv2d: the input has the shape [8,8,4]; expected rank 4");
  CHECK(complaint(Conv2d{}, {x, f({6, 3, 3, 3})}) ==
        "conv2d: weights of shape [6,3,3,3] take 3 channels a group, but the input of shape [1,8,8,4] has 4 "
        "in each of "
        "1 groups");
  CHECK(complaint(Conv2d{}, {x, w, f({4})}) == "conv2d: the bias has the shape [4]; expected [6]");
  CHECK(complaint(Conv2d{.groups = 4}, {x, f({6, 3, 3, 1})}) ==
        "conv2d: 4 input and 6 output channels do not divide into 4 groups");
  CHECK(complaint(Conv2d{.groups = 0}, {x, w}) == "conv2d: groups is 0; expected 1 to 2147483647");
  CHECK(complaint(Conv2d{.stride = {0, 1}}, {x, w}) == "conv2d: a stride is 0; expected 1 to 2147483647");
  CHECK(complaint(Conv2d{.dilation = {1, -1}}, {x, w}) ==
        "conv2d: a dilation is -1; expected 1 to 2147483647");
  CHECK(complaint(Conv2d{.pad = {0, 0, -1, 0}}, {x, w}) == "conv2d: a pad is -1; expected 0 to 2147483647");
  CHECK(complaint(Conv2d{}, {x, f({6, 9, 3, 4})}) ==
        "conv2d: the dilated kernel spans 9 pixels, but the padded input only 8 on spatial axis 0");
  CHECK(complaint(Conv2d{}, {{DType::i32, {1, 8, 8, 4}, {}}, w}) ==
        "conv2d: the input is i32[1,8,8,4]; only f32, f16, bf16, i8, u8 and i16 are supported here");
  CHECK(complaint(Conv2d{}, {f({1, 8, 0, 4}), w}) ==
        "conv2d: an extent of the input [n,h,w,c] is 0; expected 1 to 2147483647");
  CHECK(complaint(Conv2d{}, {x, f({0, 3, 3, 4})}) ==
        "conv2d: an extent of the weights is 0; expected 1 to 2147483647");
}

TEST_CASE("conv2d and matmul of f16 sum exactly and round once") {
  const auto half = [](Shape shape, std::initializer_list<double> values) {
    Tensor t = Tensor::zeros({DType::f16, std::move(shape), {}});
    int64_t i = 0;
    for (const double v : values) t.set(i++, v);
    return t;
  };
  // In f16 alone 2048 + 1 would stay 2048, twice.
  const Tensor x = half({1, 1, 1, 3}, {2048, 1, 1}), ones = half({1, 1, 1, 3}, {1, 1, 1});
  const Tensor y = run(Conv2d{}, {x, ones});
  CHECK(y.type() == Type{DType::f16, {1, 1, 1, 1}, {}});
  CHECK(y.at(0) == 2050);
  // A sum rounded before the bias is added would leave 0.
  CHECK(run(MatMul{}, {half({1, 2}, {2048, 1}), half({2, 1}, {1, 1}), half({1, 1}, {-2048})}).at(0) == 1);
  CHECK(complaint(Conv2d{}, {x.type(), f({1, 1, 1, 3})}) ==
        "conv2d: multiplies f16[1,1,1,3] and has an input f32[1,1,1,3]; expected f16");
  CHECK(complaint(Conv2d{.x_zero = 1}, {x.type(), ones.type()}) ==
        "conv2d: has a zero point, which reals do not take");
}

TEST_CASE("products of bf16 are exact and summed in f32, as bias and output are") {
  const auto narrow = [](Shape shape, std::initializer_list<float> values) {
    return run(Cast{DType::bf16}, {f32(std::move(shape), values)});
  };
  // 257 has nine bits, 1.0078125 * 1.0078125 has fifteen.
  const Tensor x = narrow({1, 1, 1, 2}, {256, 1.0078125f}), w = narrow({1, 1, 1, 2}, {1, 1.0078125f});
  const Tensor y = run(Conv2d{}, {x, w, f32({1}, {1})});
  CHECK(y.type() == Type{DType::f32, {1, 1, 1, 1}, {}});
  CHECK(y.at(0) == 258.01568603515625);
  CHECK(run(MatMul{}, {narrow({1, 2}, {256, 1}), narrow({2, 1}, {1, 1})}).at(0) == 257);
  CHECK(complaint(Conv2d{}, {x.type(), f({1, 1, 1, 2})}) ==
        "conv2d: multiplies bf16[1,1,1,2] and has an input f32[1,1,1,2]; expected bf16");
  CHECK(complaint(Conv2d{}, {x.type(), w.type(), {DType::bf16, {1}, {}}}) ==
        "conv2d: multiplies bf16[1,1,1,2] and has an input bf16[1]; expected f32");
}

TEST_CASE("conv2d survives attributes at the ends of their range") {
  const Type x = f({1, 8, 8, 4}), w = f({6, 3, 3, 4});
  const int64_t big = INT64_MAX, small = INT64_MIN;
  for (int64_t v : {big, small, int64_t{1} << 31}) {
    CHECK(complaint(Conv2d{.stride = {v, v}}, {x, w}) != "");
    CHECK(complaint(Conv2d{.dilation = {v, v}}, {x, w}) != "");
    CHECK(complaint(Conv2d{.pad = {v, v, v, v}}, {x, w}) != "");
    CHECK(complaint(Conv2d{.groups = v}, {x, w}) != "");
  }
  // In range one by one, too large together.
  const int64_t most = INT32_MAX;
  CHECK(says(complaint(Conv2d{.pad = {most, most, most, most}}, {x, w}), "limit of 2^40 bytes"));
  CHECK(says(complaint(Conv2d{.dilation = {most, most}, .pad = {0, 0, most, most}}, {x, w}),
             "the dilated kernel"));
}

TEST_CASE("conv_transpose2d scatters each pixel's kernel") {
  const Tensor x = f32({1, 1, 2, 1}, {1, 10});
  const Tensor w = f32({1, 1, 3, 1}, {1, 2, 3});
  check_values(run(ConvTranspose2d{}, {x, w}), {1, 1, 4, 1}, {1, 12, 23, 30});
  check_values(run(ConvTranspose2d{.stride = {1, 2}}, {x, w}), {1, 1, 5, 1}, {1, 2, 13, 20, 30});
  check_values(run(ConvTranspose2d{.stride = {1, 2}, .pad = {0, 1, 0, 1}}, {x, w}), {1, 1, 3, 1},
               {2, 13, 20});
  check_values(run(ConvTranspose2d{.stride = {1, 2}, .output_pad = {0, 1}}, {x, w, f32({1}, {1})}),
               {1, 1, 6, 1}, {2, 3, 14, 21, 31, 1});
  check_values(run(ConvTranspose2d{.dilation = {1, 2}}, {x, w}), {1, 1, 6, 1}, {1, 10, 2, 20, 3, 30});
  check_values(run(ConvTranspose2d{.pad = {0, -1, 0, 0}}, {x, w}), {1, 1, 5, 1}, {0, 1, 12, 23, 30});
}

TEST_CASE("conv_transpose2d groups read their own channels") {
  const Tensor x = f32({1, 1, 1, 2}, {1, 10});
  const Tensor w = f32({2, 1, 2, 1}, {1, 2, 3, 4});
  check_values(run(ConvTranspose2d{.groups = 2}, {x, w}), {1, 1, 2, 2}, {1, 30, 2, 40});
}

TEST_CASE("conv_transpose2d refuses what leaves no output") {
  const Type x = f({1, 2, 2, 1}), w = f({1, 2, 2, 1});
  CHECK(complaint(ConvTranspose2d{.pad = {2, 0, 1, 0}}, {x, w}) ==
        "conv_transpose2d: pads of 2 and 1 remove all 3 pixels of the output on spatial axis 0");
  CHECK(complaint(ConvTranspose2d{.output_pad = {-1, 0}}, {x, w}) ==
        "conv_transpose2d: an output pad is -1; expected 0 to 2147483647");
  const int64_t most = INT32_MAX;
  CHECK(says(complaint(ConvTranspose2d{.stride = {most, most}, .dilation = {most, most}}, {x, w}),
             "limit of 2^40"));
  CHECK(complaint(ConvTranspose2d{.pad = {INT64_MIN, 0, INT64_MIN, 0}}, {x, w}) != "");
}

TEST_CASE("pool2d takes maxima over the pixels inside") {
  const Tensor x = f32({1, 3, 3, 1}, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
  check_values(run(Pool2d{.kernel = {2, 2}}, {x}), {1, 2, 2, 1}, {-1, -2, -4, -5});
  check_values(run(Pool2d{.kernel = {2, 2}, .stride = {2, 2}, .pad = {1, 1, 0, 0}}, {x}), {1, 2, 2, 1},
               {-1, -2, -4, -5});
  check_values(run(Pool2d{.kernel = {2, 2}, .dilation = {2, 2}}, {x}), {1, 1, 1, 1}, {-1});
  const Tensor u = tensor<uint8_t>({1, 1, 3, 1}, {7, 200, 9});
  check_values(run(Pool2d{.kernel = {1, 2}}, {u}), {1, 1, 2, 1}, {200, 200});
}

TEST_CASE("pool2d averages over the pixels inside, or over the padding too, but never over the excess") {
  const Tensor x = f32({1, 1, 3, 1}, {1, 2, 6});
  Pool2d op{.kind = Pool2d::Kind::average, .kernel = {1, 2}, .stride = {1, 2}, .pad = {0, 1, 0, 0}};
  check_values(run(op, {x}), {1, 1, 2, 1}, {1, 4});
  op.count_include_pad = true;
  check_values(run(op, {x}), {1, 1, 2, 1}, {0.5, 4});
  op.pad = {0, 0, 0, 1};
  check_values(run(op, {x}), {1, 1, 2, 1}, {1.5, 3});
  op.excess = {0, 1};
  check_values(run(op, {x}), {1, 1, 2, 1}, {1.5, 6});
}

TEST_CASE("pool2d refuses windows that lie in the padding") {
  const Type x = f({1, 4, 4, 2});
  CHECK(complaint(Pool2d{.kernel = {2, 2}, .pad = {2, 0, 0, 0}}, {x}) ==
        "pool2d: pads of 2 and 0 on spatial axis 0 hold a whole window of 2 pixels; expected smaller pads");
  CHECK(says(complaint(Pool2d{.kernel = {2, 2}, .pad = {0, 0, 0, 3}}, {x}),
             "on spatial axis 1 hold a whole window"));
  CHECK(complaint(Pool2d{.kernel = {5, 1}}, {x}) ==
        "pool2d: the dilated kernel spans 5 pixels, but the padded input only 4 on spatial axis 0");
  CHECK(complaint(Pool2d{.kernel = {0, 1}}, {x}) ==
        "pool2d: an extent of the kernel is 0; expected 1 to 2147483647");
  CHECK(complaint(Pool2d{.excess = {1, 0}}, {x}) == "pool2d: excess is 1; expected 0 to 0");
  CHECK(complaint(Pool2d{.kind = Pool2d::Kind::average}, {{DType::boolean, {1, 2, 2, 1}, {}}}) ==
        "pool2d: the input is bool[1,2,2,1]; expected numbers");
  CHECK(complaint(Pool2d{}, {{DType::boolean, {1, 2, 2, 1}, {}}}) ==
        "pool2d: the input is bool[1,2,2,1]; expected numbers");
}

}  // namespace
}  // namespace halite::ir
