// Operators that move elements: broadcast, cast, concat, gather, pad, reshape, slice, transpose.
#include <cmath>
#include <limits>

#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

Type f(Shape shape) { return {DType::f32, std::move(shape), {}}; }
const Type kPerTensor{DType::i8, {2, 3}, Quantization{{0.5f}, {3}, -1}};
const Type kPerAxis{DType::i8, {2, 3}, Quantization{{0.5f, 1, 2}, {0, 0, 0}, 1}};

TEST_CASE("broadcast repeats extents of 1") {
  check_values(run(Broadcast{{2, 3}}, {f32({2, 1}, {1, 2})}), {2, 3}, {1, 1, 1, 2, 2, 2});
  check_values(run(Broadcast{{2, 3}}, {f32({1, 3}, {1, 2, 3})}), {2, 3}, {1, 2, 3, 1, 2, 3});
  check_values(run(Broadcast{{0}}, {f32({1}, {1})}), {0}, {});
  check_values(run(Broadcast{{}}, {f32({}, {7})}), {}, {7});
}

TEST_CASE("broadcast refuses other extents") {
  CHECK(complaint(Broadcast{{2, 4}}, {f({2, 3})}) ==
        "broadcast: cannot repeat the shape [2,3] to [2,4]; axis 1 has extent 3 where 1 or 4 was expected");
  CHECK(complaint(Broadcast{{2}}, {f({2, 3})}) ==
        "broadcast: shape has 1 entries; expected one for each axis of [2,3]");
  CHECK(complaint(Broadcast{{-1}}, {f({1})}) ==
        "broadcast: the output has the shape [-1]; an extent cannot be negative");
  CHECK(says(complaint(Broadcast{{INT64_MAX}}, {f({1})}), "larger than the limit of 2^40 bytes a tensor"));
  CHECK(says(complaint(Broadcast{{1 << 20, 0, INT64_MAX}}, {f({1, 0, 1})}), "limit of 2^40"));
}

TEST_CASE("cast from floats truncates and saturates, and NaN gives 0") {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = f32({7}, {1.9f, -1.9f, 300, -300, inf, -inf, std::numeric_limits<float>::quiet_NaN()});
  check_values(run(Cast{DType::i8}, {x}), {7}, {1, -1, 127, -128, 127, -128, 0});
  check_values(run(Cast{DType::u8}, {x}), {7}, {1, 0, 255, 0, 255, 0, 0});
  check_values(run(Cast{DType::boolean}, {f32({3}, {0, -0.0f, 0.1f})}), {3}, {0, 0, 1});
  CHECK(run(Cast{DType::i64}, {x}).data<int64_t>()[4] == INT64_MAX);
  CHECK(run(Cast{DType::u64}, {x}).data<uint64_t>()[4] == UINT64_MAX);
}

TEST_CASE("cast between integers wraps") {
  check_values(run(Cast{DType::i8}, {i64({3}, {200, -129, 1 << 20})}), {3}, {-56, 127, 0});
  check_values(run(Cast{DType::u32}, {i64({1}, {-1})}), {1}, {4294967295.0});
  check_values(run(Cast{DType::boolean}, {i64({2}, {256, 0})}), {2}, {1, 0});
}

TEST_CASE("cast rounds to the nearest float once") {
  CHECK(run(Cast{DType::f32}, {i64({1}, {16777217})}).data<float>()[0] == 16777216.0f);
  // Just above the middle of two floats; by way of a double it would be rounded down.
  CHECK(run(Cast{DType::f32}, {i64({1}, {0x4000004000000001})}).data<float>()[0] == 0x4.000008p60f);
  CHECK(run(Cast{DType::f16}, {f32({2}, {65504, 1e6f})}).data<uint16_t>()[0] == 0x7bff);
  // To bf16 by way of f32, which loses the last 1 and leaves a tie: 2^36 + 2^28.
  CHECK(run(Cast{DType::bf16}, {i64({1}, {0x1010000001})}).data<uint16_t>()[0] == 0x5180);
  const Tensor narrow = run(Cast{DType::bf16}, {f32({3}, {3.14159265f, -3.4e38f, 0.5f})});
  const std::vector<double> wide = values(run(Cast{DType::f64}, {narrow}));
  CHECK(wide == std::vector<double>{3.140625, -INFINITY, 0.5});
  check_values(run(Cast{DType::i32}, {narrow}), {3}, {3, -2147483648.0, 0});
  check_values(run(Cast{DType::boolean}, {narrow}), {3}, {1, 1, 1});
  CHECK(says(complaint(Elementwise{Fn::abs}, {narrow.type()}), "bf16 is cast to f32 before it is computed"));
  check_values(run(Cast{DType::f32}, {boolean({2}, {1, 0})}), {2}, {1, 0});
  check_values(run(Cast{DType::f64}, {f32({1}, {0.5f})}), {1}, {0.5});
}

TEST_CASE("concat joins along any axis") {
  const Tensor a = f32({2, 1}, {1, 2}), b = f32({2, 2}, {3, 4, 5, 6});
  check_values(run(Concat{1}, {a, b, a}), {2, 4}, {1, 3, 4, 1, 2, 5, 6, 2});
  check_values(run(Concat{0}, {a, a}), {4, 1}, {1, 2, 1, 2});
  check_values(run(Concat{0}, {f32({0, 2}, {}), b}), {2, 2}, {3, 4, 5, 6});
  check_values(run(Concat{0}, {i64({1}, {INT64_MAX})}), {1}, {static_cast<double>(INT64_MAX)});
}

TEST_CASE("concat refuses inputs that do not line up") {
  CHECK(says(complaint(Concat{0}, {}), "has 0 inputs"));
  CHECK(complaint(Concat{2}, {f({2, 3})}) == "concat: axis is 2; expected 0 to 1 for the shape [2,3]");
  CHECK(complaint(Concat{0}, {f({})}) == "concat: axis is 0, but the input is a scalar, which has no axis");
  CHECK(complaint(Concat{0}, {f({2, 3}), f({2, 4})}) ==
        "concat: input 1 has the shape [2,4] and input 0 [2,3]; expected equal extents on all axes but 0");
  CHECK(says(complaint(Concat{0}, {f({2, 3}), f({2})}), "input 1 has the shape [2] and input 0 [2,3]"));
  CHECK(complaint(Concat{0}, {f({2}), {DType::i32, {2}, {}}}) ==
        "concat: input 1 is i32[2] and input 0 is f32[2]; expected the same dtype");
  const Type half{DType::i8, {int64_t{1} << 39}, {}};
  CHECK(says(complaint(Concat{0}, {half, half, half}), "limit of 2^40"));
}

TEST_CASE("gather picks slices by index") {
  const Tensor x = iota({2, 3});
  check_values(run(Gather{1}, {x, i64({2}, {2, 0})}), {2, 2}, {2, 0, 5, 3});
  check_values(run(Gather{0}, {x, i64({}, {1})}), {3}, {3, 4, 5});
  check_values(run(Gather{1}, {x, tensor<int32_t>({1, 2}, {-1, -3})}), {2, 1, 2}, {2, 0, 5, 3});
  // Out of range: the nearest that exists.
  check_values(run(Gather{1}, {x, i64({4}, {3, 99, -4, INT64_MIN})}), {2, 4}, {2, 2, 0, 0, 5, 5, 3, 3});
  check_values(run(Gather{0}, {f32({0, 2}, {}), i64({0}, {})}), {0, 2}, {});
}

TEST_CASE("gather refuses wrong indices and empty axes") {
  const Type i{DType::i64, {4}, {}};
  CHECK(complaint(Gather{0}, {f({2}), f({4})}) ==
        "gather: the indices are f32[4]; expected i8, u8, i32 or i64");
  CHECK(complaint(Gather{-1}, {f({2}), i}) == "gather: axis is -1; expected 0 to 0 for the shape [2]");
  CHECK(complaint(Gather{0}, {f({0, 2}), i}) ==
        "gather: axis 0 of the input of shape [0,2] is empty; expected at least one slice to pick from");
  CHECK(says(complaint(Gather{0}, {f({1, 1 << 20}), {DType::i64, {1 << 20}, {}}}), "limit of 2^40"));
}

TEST_CASE("pad extends in each mode") {
  const Tensor x = f32({3}, {1, 2, 3});
  const auto padded = [&](Pad::Mode mode, int64_t before, int64_t after) {
    return values(run(Pad{.mode = mode, .before = {before}, .after = {after}, .value = 9}, {x}));
  };
  using Values = std::vector<double>;
  CHECK(padded(Pad::Mode::constant, 1, 2) == Values{9, 1, 2, 3, 9, 9});
  CHECK(padded(Pad::Mode::edge, 2, 1) == Values{1, 1, 1, 2, 3, 3});
  CHECK(padded(Pad::Mode::reflect, 2, 2) == Values{3, 2, 1, 2, 3, 2, 1});
  CHECK(padded(Pad::Mode::reflect, 0, 5) == Values{1, 2, 3, 2, 1, 2, 3, 2});
  CHECK(padded(Pad::Mode::wrap, 4, 1) == Values{3, 1, 2, 3, 1, 2, 3, 1});
  CHECK(padded(Pad::Mode::constant, -1, 1) == Values{2, 3, 9});
  CHECK(padded(Pad::Mode::reflect, -1, 2) == Values{2, 3, 2, 3});
  CHECK(padded(Pad::Mode::constant, -1, -2) == Values{});
  CHECK(padded(Pad::Mode::constant, -3, 2) == Values{9, 9});
}

TEST_CASE("pad extends several axes, and saturates its value to the dtype") {
  check_values(run(Pad{.before = {1, 0}, .after = {0, 1}, .value = 7}, {f32({1, 2}, {1, 2})}), {2, 3},
               {7, 7, 7, 1, 2, 7});
  check_values(run(Pad{.before = {1}, .after = {0}, .value = 1e9}, {tensor<int8_t>({1}, {5})}), {2},
               {127, 5});
  check_values(run(Pad{.mode = Pad::Mode::reflect, .before = {2}, .after = {1}}, {f32({1}, {4})}), {4},
               {4, 4, 4, 4});
}

TEST_CASE("pad refuses amounts that do not fit") {
  CHECK(complaint(Pad{.before = {1}, .after = {1, 1}}, {f({2, 2})}) ==
        "pad: before has 1 entries; expected one for each axis of [2,2]");
  CHECK(complaint(Pad{.before = {-2}, .after = {-1}}, {f({2})}) ==
        "pad: amounts -2 and -1 crop more than axis 0 of the input of shape [2] has");
  CHECK(says(complaint(Pad{.before = {-5}, .after = {9}}, {f({2})}), "crop more than axis 0"));
  CHECK(
      complaint(Pad{.mode = Pad::Mode::edge, .before = {-2}, .after = {1}}, {f({2})}) ==
      "pad: nothing is left of axis 0 of the input of shape [2] to extend by; expected mode constant there");
  CHECK(says(complaint(Pad{.before = {INT64_MAX}, .after = {INT64_MAX}}, {f({2})}), "an amount is"));
  CHECK(says(complaint(Pad{.before = {INT64_MIN}, .after = {0}}, {f({2})}), "an amount is"));
}

TEST_CASE("reshape keeps the order") {
  check_values(run(Reshape{{3, 2}}, {iota({2, 3})}), {3, 2}, {0, 1, 2, 3, 4, 5});
  check_values(run(Reshape{{}}, {f32({1, 1}, {5})}), {}, {5});
  CHECK(complaint(Reshape{{4}}, {f({2, 3})}) == "reshape: [2,3] has 6 elements and [4] 4; expected as many");
  CHECK(says(complaint(Reshape{{-2, -3}}, {f({2, 3})}), "an extent cannot be negative"));
  CHECK(says(complaint(Reshape{{int64_t{1} << 32, int64_t{1} << 32}}, {f({0})}), "limit of 2^40"));
  CHECK(says(complaint(Reshape{Shape(40, 1)}, {f({})}), "has rank 40; at most 32 is supported"));
}

TEST_CASE("slice takes regular grids, backwards too") {
  const Tensor x = iota({3, 4});
  check_values(run(Slice{{1, 0}, {1, 2}, {2, 2}}, {x}), {2, 2}, {4, 6, 8, 10});
  check_values(run(Slice{{2, 3}, {-1, -3}, {3, 2}}, {x}), {3, 2}, {11, 8, 7, 4, 3, 0});
  check_values(run(Slice{{99, 0}, {1, 1}, {0, 4}}, {x}), {0, 4}, {});
}

TEST_CASE("slice refuses to leave its input") {
  const Type x = f({4});
  CHECK(complaint(Slice{{0}, {0}, {1}}, {x}) == "slice: the step on axis 0 is 0; expected any other number");
  CHECK(complaint(Slice{{2}, {1}, {3}}, {x}) ==
        "slice: 3 elements from 2 in steps of 1 leave axis 0 of the shape [4]");
  CHECK(says(complaint(Slice{{1}, {-1}, {3}}, {x}), "leave axis 0"));
  CHECK(says(complaint(Slice{{4}, {1}, {1}}, {x}), "leave axis 0"));
  CHECK(says(complaint(Slice{{-1}, {1}, {1}}, {x}), "leave axis 0"));
  CHECK(complaint(Slice{{0}, {1}, {5}}, {x}) == "slice: takes 5 elements of axis 0 of the shape [4]");
  CHECK(says(complaint(Slice{{0}, {1}, {-1}}, {x}), "takes -1 elements"));
  CHECK(says(complaint(Slice{{0}, {INT64_MIN}, {1}}, {x}), "larger than the shape"));
  CHECK(says(complaint(Slice{{0}, {INT64_MAX}, {4}}, {x}), "larger than the shape"));
  CHECK(says(complaint(Slice{{INT64_MAX}, {4}, {4}}, {x}), "leave axis 0"));
  CHECK(says(complaint(Slice{{0, 0}, {1}, {1}}, {x}), "start has 2 entries"));
}

TEST_CASE("transpose permutes axes") {
  check_values(run(Transpose{{1, 0}}, {iota({2, 3})}), {3, 2}, {0, 3, 1, 4, 2, 5});
  check_values(run(Transpose{{2, 0, 1}}, {iota({1, 2, 3})}), {3, 1, 2}, {0, 3, 1, 4, 2, 5});
  check_values(run(Transpose{{}}, {f32({}, {3})}), {}, {3});
  CHECK(complaint(Transpose{{0, 0}}, {f({2, 3})}) ==
        "transpose: perm is [0,0]; expected each of 0 to 1 once");
  CHECK(says(complaint(Transpose{{0, 2}}, {f({2, 3})}), "perm is [0,2]"));
  CHECK(says(complaint(Transpose{{0, -1}}, {f({2, 3})}), "perm is [0,-1]"));
  CHECK(says(complaint(Transpose{{0}}, {f({2, 3})}), "perm has 1 entries"));
}

TEST_CASE("inputs that are no tensors are refused by every operator") {
  const Type negative = f({1, -4, 1, 1}), huge = f({1, INT64_MAX, INT64_MAX, 2}), deep = f(Shape(33, 1));
  Type bad = kPerAxis;
  bad.quantization->scale.pop_back();
  Type nan_scale = kPerTensor;
  nan_scale.quantization->scale[0] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<Op> all{ArgReduce{},       Broadcast{},  Cast{},     Concat{},     Conv2d{},
                            ConvTranspose2d{}, Dequantize{}, Quantize{}, Requantize{}, Elementwise{},
                            Gather{},          MatMul{},     Pad{},      Pool2d{},     Reduce{},
                            Reshape{},         Resize{},     Slice{},    Softmax{},    Transpose{},
                            Branch{},          Loop{}};
  CHECK(all.size() == std::variant_size_v<Op>);
  for (const Op& op : all) {
    CAPTURE(name_of(op));
    for (size_t count = 0; count < 5; ++count)
      for (const Type& t : {negative, huge, deep, bad, nan_scale})
        CHECK(complaint(op, Types(count, t)) != "");
  }
  CHECK(complaint(Cast{}, {negative}) ==
        "cast: input 0 has the shape [1,-4,1,1]; an extent cannot be negative");
  CHECK(complaint(Cast{}, {bad}) == "cast: input 0 has 2 scales and 3 zero points; expected 3 of each");
  CHECK(says(complaint(Cast{}, {nan_scale}), "a scale is a positive number"));
}

}  // namespace
}  // namespace halite::ir
