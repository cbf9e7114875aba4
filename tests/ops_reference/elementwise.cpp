// Elementwise functions: each formula on chosen numbers, every dtype class, broadcasting, and what infer
// refuses.
#include <cmath>
#include <limits>

#include "ir/ops/elementwise_formulas.h"
#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// fn over f32 numbers.
std::vector<double> of(Elementwise op, std::initializer_list<float> a) {
  return values(run(op, {f32({static_cast<int64_t>(a.size())}, a)}));
}
template <class T>
std::vector<double> of(Fn fn, std::initializer_list<T> a, std::initializer_list<T> b) {
  const Shape shape{static_cast<int64_t>(a.size())};
  return values(run(Elementwise{fn}, {tensor<T>(shape, a), tensor<T>(shape, b)}));
}
void check_near(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    if (std::isnan(expected[i])) {
      CHECK(std::isnan(found[i]));
    } else if (std::isinf(expected[i])) {
      CHECK(found[i] == expected[i]);
    } else {
      CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-6));
    }
  }
}

TEST_CASE("each function has a name and an arity") {
  CHECK(to_string(Fn::abs) == "abs");
  CHECK(to_string(Fn::clamp) == "clamp");
  CHECK(to_string(Fn::add) == "add");
  CHECK(to_string(Fn::shift_right) == "shift_right");
  CHECK(to_string(Fn::prelu) == "prelu");
  CHECK(to_string(Fn::select) == "select");
  CHECK(to_string(static_cast<Fn>(200)) == "");
  CHECK(arity(Fn::abs) == 1);
  CHECK(arity(Fn::clamp) == 1);
  CHECK(arity(Fn::add) == 2);
  CHECK(arity(Fn::prelu) == 2);
  CHECK(arity(Fn::select) == 3);
}

TEST_CASE("rounding functions go to the even neighbour, down and up") {
  check_near(of({Fn::round}, {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 2.4f}), {0, 2, 2, 0, -2, 2});
  check_near(of({Fn::floor}, {1.5f, -1.5f}), {1, -2});
  check_near(of({Fn::ceil}, {1.5f, -1.5f}), {2, -1});
}

TEST_CASE("functions of one real") {
  check_near(of({Fn::abs}, {-2, 3}), {2, 3});
  check_near(of({Fn::neg}, {-2, 3}), {2, -3});
  check_near(of({Fn::sign}, {-2, 0, 3, kNan}), {-1, 0, 1, kNan});
  check_near(of({Fn::sqrt}, {4, -1}), {2, kNan});
  check_near(of({Fn::reciprocal}, {4, 0}), {0.25, kInf});
  check_near(of({Fn::exp}, {0, 1, -kInf}), {1, 2.718281828, 0});
  check_near(of({Fn::log}, {1, 10, 0}), {0, 2.302585093, -kInf});
  check_near(of({Fn::erf}, {0, 0.5f, -3}), {0, 0.5204998778, -0.9999779095});
  check_near(of({Fn::sin}, {0, 1}), {0, 0.8414709848});
  check_near(of({Fn::cos}, {0, 1}), {1, 0.5403023059});
  check_near(of({Fn::tan}, {1}), {1.557407725});
  check_near(of({Fn::asin}, {1}), {1.570796327});
  check_near(of({Fn::acos}, {0}), {1.570796327});
  check_near(of({Fn::atan}, {1}), {0.7853981634});
  check_near(of({Fn::sinh}, {1}), {1.175201194});
  check_near(of({Fn::cosh}, {1}), {1.543080635});
  check_near(of({Fn::tanh}, {1, 100}), {0.761594156, 1});
  check_near(of({Fn::asinh}, {1}), {0.881373587});
  check_near(of({Fn::acosh}, {2}), {1.316957897});
  check_near(of({Fn::atanh}, {0.5f}), {0.5493061443});
  check_near(of({Fn::sigmoid}, {0, 2, -1000}), {0.5, 0.880797078, 0});
}

TEST_CASE("activations follow their formulas") {
  check_near(of({Fn::relu}, {-1, 2, kNan}), {0, 2, kNan});
  check_near(of({Fn::leaky_relu, 0.1}, {-2, 3}), {-0.2, 3});
  check_near(of({Fn::elu, 2}, {-1, 3}), {2 * std::expm1(-1.0), 3});
  check_near(of({Fn::celu, 2}, {-1, 3}), {2 * std::expm1(-0.5), 3});
  check_near(of({Fn::selu, 1.5, 2}, {-1, 3}), {3 * std::expm1(-1.0), 6});
  check_near(of({Fn::softplus}, {0, 1000, -20}), {std::log(2.0), 1000, std::exp(-20.0)});
  check_near(of({Fn::softsign}, {-3, 1}), {-0.75, 0.5});
  check_near(of({Fn::hard_sigmoid, 0.2, 0.5}, {-5, 1, 5}), {0, 0.7, 1});
  check_near(of({Fn::hard_swish}, {-4, 1, 4}), {0, 2.0 / 3, 4});
  check_near(of({Fn::clamp, -1, 2}, {-5, 0.5f, 5, kNan}), {-1, 0.5, 2, kNan});
  check_near(of({Fn::clamp, -kInf, 2}, {-5, 5}), {-5, 2});
  // Where the bounds cross, the upper one rules.
  check_near(of({Fn::clamp, 3, 2}, {0, 5}), {2, 2});
}

TEST_CASE("functions of two reals") {
  check_near(of<float>(Fn::add, {1, 2}, {10, 20}), {11, 22});
  check_near(of<float>(Fn::sub, {1, 2}, {10, 20}), {-9, -18});
  check_near(of<float>(Fn::mul, {1, 2}, {10, 20}), {10, 40});
  check_near(of<float>(Fn::div, {1, -1, 0}, {4, 0, 0}), {0.25, -kInf, kNan});
  check_near(of<float>(Fn::pow, {2, 4, -8}, {3, 0.5f, 2}), {8, 2, 64});
  check_near(of<float>(Fn::mod, {5.5f, -5.5f, 5.5f, -5.5f}, {3, 3, -3, -3}), {2.5, 0.5, -0.5, -2.5});
  check_near(of<float>(Fn::fmod, {5.5f, -5.5f, 5.5f, -5.5f}, {3, 3, -3, -3}), {2.5, -2.5, 2.5, -2.5});
  check_near(of<float>(Fn::max, {1, kNan, 1}, {2, 1, kNan}), {2, kNan, kNan});
  check_near(of<float>(Fn::min, {1, kNan, 1}, {2, 1, kNan}), {1, kNan, kNan});
  check_near(of<float>(Fn::prelu, {-2, 2}, {0.5f, 0.5f}), {-1, 2});
}

TEST_CASE("integer arithmetic wraps") {
  check_near(of<int8_t>(Fn::add, {127, -128}, {1, -1}), {-128, 127});
  check_near(of<int32_t>(Fn::mul, {INT32_MAX, 1 << 16}, {2, 1 << 16}), {-2, 0});
  check_near(of<uint16_t>(Fn::mul, {65535}, {65535}), {1});
  check_near(of<uint8_t>(Fn::sub, {0}, {1}), {255});
  const Tensor low = tensor<int32_t>({1}, {INT32_MIN});
  CHECK(values(run(Elementwise{Fn::neg}, {low})) == std::vector<double>{INT32_MIN});
  CHECK(values(run(Elementwise{Fn::abs}, {low})) == std::vector<double>{INT32_MIN});
}

TEST_CASE("integer division truncates and never traps") {
  check_near(of<int32_t>(Fn::div, {7, -7, 7, 5, INT32_MIN}, {2, 2, -2, 0, -1}), {3, -3, -3, 0, INT32_MIN});
  check_near(of<int32_t>(Fn::fmod, {7, -7, 7, 5, INT32_MIN}, {3, 3, -3, 0, -1}), {1, -1, 1, 0, 0});
  check_near(of<int32_t>(Fn::mod, {7, -7, 7, -7, 5, INT32_MIN}, {3, 3, -3, -3, 0, -1}), {1, 2, -2, -1, 0, 0});
  check_near(of<uint8_t>(Fn::mod, {200, 5}, {255, 3}), {200, 2});
  check_near(of<int64_t>(Fn::div, {INT64_MIN}, {-1}), {static_cast<double>(INT64_MIN)});
}

TEST_CASE("integer powers are exact, and truncate where negative") {
  check_near(of<int32_t>(Fn::pow, {3, -2, 2, -1, -1, 1, 0, 0, 7}, {4, 3, -1, -3, -2, -9, -1, 0, 0}),
             {81, -8, 0, -1, 1, 1, 0, 1, 1});
  check_near(of<uint8_t>(Fn::pow, {2, 2}, {7, 8}), {128, 0});
}

TEST_CASE("shifts by the width or more give zero") {
  check_near(of<uint8_t>(Fn::shift_left, {129, 1, 1}, {1, 7, 8}), {2, 128, 0});
  check_near(of<uint64_t>(Fn::shift_right, {8, 8}, {3, 64}), {1, 0});
}

TEST_CASE("bitwise functions") {
  check_near(of<uint8_t>(Fn::bitwise_and, {12}, {10}), {8});
  check_near(of<uint8_t>(Fn::bitwise_or, {12}, {10}), {14});
  check_near(of<uint8_t>(Fn::bitwise_xor, {12}, {10}), {6});
  check_near(values(run(Elementwise{Fn::bitwise_not}, {tensor<int32_t>({1}, {5})})), {-6});
}

TEST_CASE("integers clamp, and bounds beyond the dtype saturate") {
  const Tensor x = tensor<uint8_t>({3}, {0, 100, 255});
  check_near(values(run(Elementwise{Fn::clamp, -5, 1000}, {x})), {0, 100, 255});
  check_near(values(run(Elementwise{Fn::clamp, 10, 200}, {x})), {10, 100, 200});
  check_near(values(run(Elementwise{Fn::sign}, {x})), {0, 1, 1});
  check_near(values(run(Elementwise{Fn::relu}, {tensor<int8_t>({2}, {-3, 3})})), {0, 3});
}

TEST_CASE("comparisons give booleans for all dtypes") {
  const Tensor a = f32({3}, {1, 2, kNan}), b = f32({3}, {2, 2, kNan});
  const auto compared = [&](Fn fn) {
    const Tensor y = run(Elementwise{fn}, {a, b});
    CHECK(y.type().dtype == DType::boolean);
    return values(y);
  };
  check_near(compared(Fn::equal), {0, 1, 0});
  check_near(compared(Fn::not_equal), {1, 0, 1});
  check_near(compared(Fn::less), {1, 0, 0});
  check_near(compared(Fn::less_equal), {1, 1, 0});
  check_near(compared(Fn::greater), {0, 0, 0});
  check_near(compared(Fn::greater_equal), {0, 1, 0});
  // Neighbours that one double cannot tell apart.
  check_near(of<int64_t>(Fn::less, {INT64_MAX - 1}, {INT64_MAX}), {1});
  check_near(of<uint64_t>(Fn::equal, {UINT64_MAX}, {UINT64_MAX - 1}), {0});
  check_near(values(run(Elementwise{Fn::equal}, {boolean({2}, {0, 1}), boolean({2}, {1, 1})})), {0, 1});
}

TEST_CASE("tests for NaN and infinity") {
  check_near(of({Fn::is_nan}, {1, kNan, kInf}), {0, 1, 0});
  check_near(of({Fn::is_inf}, {1, kNan, -kInf}), {0, 0, 1});
}

TEST_CASE("logic over booleans") {
  const Tensor a = boolean({4}, {0, 0, 1, 1}), b = boolean({4}, {0, 1, 0, 1});
  check_near(values(run(Elementwise{Fn::logical_and}, {a, b})), {0, 0, 0, 1});
  check_near(values(run(Elementwise{Fn::logical_or}, {a, b})), {0, 1, 1, 1});
  check_near(values(run(Elementwise{Fn::logical_xor}, {a, b})), {0, 1, 1, 0});
  check_near(values(run(Elementwise{Fn::logical_not}, {a})), {1, 1, 0, 0});
}

TEST_CASE("select takes any dtype and broadcasts all three inputs") {
  const Tensor c = boolean({2, 1}, {1, 0});
  check_values(run(Elementwise{Fn::select}, {c, i64({1, 2}, {1, 2}), i64({1, 1}, {9})}), {2, 2},
               {1, 2, 9, 9});
  check_near(values(run(Elementwise{Fn::select}, {boolean({1}, {1}), boolean({1}, {0}), boolean({1}, {1})})),
             {0});
}

TEST_CASE("inputs broadcast as in NumPy, and may be scalar or empty") {
  check_values(run(Elementwise{Fn::add}, {f32({2, 1}, {1, 2}), f32({1, 3}, {10, 20, 30})}), {2, 3},
               {11, 21, 31, 12, 22, 32});
  check_values(run(Elementwise{Fn::sub}, {f32({1, 1, 2}, {1, 2}), f32({2, 1, 1}, {10, 20})}), {2, 1, 2},
               {-9, -8, -19, -18});
  check_values(run(Elementwise{Fn::add}, {f32({}, {1}), f32({}, {2})}), {}, {3});
  check_values(run(Elementwise{Fn::add}, {f32({0, 2}, {}), f32({1, 2}, {1, 2})}), {0, 2}, {});
}

TEST_CASE("f16 and f64 are computed in double and rounded once") {
  Tensor h = Tensor::zeros({DType::f16, {2}, {}});
  h.set(0, 2);
  h.set(1, -1);
  check_near(values(run(Elementwise{Fn::sqrt}, {h})), {1.4140625, kNan});
  check_near(values(run(Elementwise{Fn::less}, {h, h})), {0, 0});
  const double third =
      values(run(Elementwise{Fn::div}, {tensor<double>({1}, {1}), tensor<double>({1}, {3})}))[0];
  CHECK(third == 1.0 / 3.0);
}

TEST_CASE("elementwise functions refuse inputs that they have no meaning for") {
  const Type x{DType::f32, {2}, {}}, i{DType::i32, {2}, {}}, b{DType::boolean, {2}, {}},
      s{DType::i8, {2}, {}};
  CHECK(complaint(Elementwise{Fn::add}, {x}) == "add: has 1 inputs; expected 2");
  CHECK(complaint(Elementwise{Fn::exp}, {i}) == "exp: input 0 is i32[2]; expected a floating-point dtype");
  CHECK(complaint(Elementwise{Fn::add}, {b, b}) == "add: input 0 is bool[2]; expected numbers");
  CHECK(complaint(Elementwise{Fn::less}, {b, b}) == "less: input 0 is bool[2]; expected numbers");
  CHECK(complaint(Elementwise{Fn::add}, {x, i}) ==
        "add: input 0 is f32[2] and input 1 is i32[2]; expected one dtype");
  CHECK(complaint(Elementwise{Fn::bitwise_not}, {x}) == "bitwise_not: input 0 is f32[2]; expected integers");
  CHECK(complaint(Elementwise{Fn::shift_left}, {s, s}) ==
        "shift_left: input 0 is i8[2]; expected unsigned integers");
  CHECK(complaint(Elementwise{Fn::logical_not}, {x}) == "logical_not: input 0 is f32[2]; expected booleans");
  CHECK(complaint(Elementwise{Fn::select}, {x, x, x}) ==
        "select: the condition is f32[2]; expected booleans");
  CHECK(complaint(Elementwise{Fn::select}, {b, x, i}) ==
        "select: input 1 is f32[2] and input 2 is i32[2]; expected one dtype");
  CHECK(complaint(Elementwise{Fn::add}, {x, {DType::f32, {3}, {}}}) ==
        "add: inputs of shapes [2] and [3] do not broadcast; expected equal ranks, and extents that are "
        "equal or 1");
  CHECK(says(complaint(Elementwise{Fn::add}, {x, {DType::f32, {1, 2}, {}}}), "expected equal ranks"));
  CHECK(complaint(Elementwise{Fn::clamp, kNan, 1}, {x}) == "clamp: an attribute is not a number (NaN)");
  CHECK(complaint(Elementwise{Fn::celu, 0}, {x}) == "celu: alpha is 0; expected any other number");
}

TEST_CASE("broadcasting cannot make a tensor beyond the limit") {
  const Type column{DType::f32, {1 << 20, 1}, {}}, row{DType::f32, {1, 1 << 20}, {}};
  CHECK(complaint(Elementwise{Fn::add}, {column, row}) ==
        "add: the output of type f32[1048576,1048576] is larger than the limit of 2^40 bytes a tensor");
}

TEST_CASE("every function runs for every dtype that infer admits") {
  for (int f = 0; f <= static_cast<int>(Fn::select); ++f)
    for (int d = 0; d < kDTypeCount; ++d) {
      const Fn fn = static_cast<Fn>(f);
      CAPTURE(to_string(fn));
      Tensor x = Tensor::zeros({static_cast<DType>(d), {3}, {}});
      for (int i = 0; i < 3; ++i) x.set(i, i % 2);
      std::vector<Tensor> in(static_cast<size_t>(arity(fn)), x);
      if (fn == Fn::select) in[0] = boolean({3}, {0, 1, 0});
      Types types;
      for (const Tensor& t : in) types.push_back(t.type());
      const Elementwise op{fn, 1, 2};
      const auto out = infer(op, types);
      if (!out) continue;
      std::vector<Tensor> y{Tensor::zeros(out->at(0))};
      reference(op, in, y);
      const FnClass c = class_of(fn);
      const bool truth =
          c == FnClass::real_test || c == FnClass::equality || c == FnClass::order || c == FnClass::logic;
      CHECK((y[0].type().dtype == DType::boolean) == (truth || static_cast<DType>(d) == DType::boolean));
    }
}

}  // namespace
}  // namespace halite::ir
