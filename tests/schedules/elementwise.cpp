#include "ir/ops/elementwise.h"

#include <doctest/doctest.h>

#include "tests/schedules/check_kernel.h"

using namespace halite;
using test::check_kernel;

namespace {

std::string apply(std::string_view dtype, std::string_view shape, std::string_view call,
                  std::string_view result = {}) {
  const std::string type = std::string(dtype) + std::string(shape);
  const std::string out = result.empty() ? type : std::string(result) + std::string(shape);
  const bool binary = call.find("%b") != call.npos;
  return "graph \"t\" (%a: " + type + (binary ? ", %b: " + type : "") + ") -> (%y) {\n  %y: " + out + " = " +
         std::string(call) + "\n}\n";
}
/// The loops are tested with one function; the others need one machine.
void check_formula(std::string_view text, test::Check check = {}) {
  check.formula_only = true;
  check_kernel(text, check);
}
std::string unary(std::string_view dtype, std::string_view shape, std::string_view fn) {
  return apply(dtype, shape, "elementwise(%a) fn=" + std::string(fn));
}
std::string binary(std::string_view dtype, std::string_view shape, std::string_view fn,
                   std::string_view result = {}) {
  return apply(dtype, shape, "elementwise(%a, %b) fn=" + std::string(fn), result);
}

}  // namespace

TEST_CASE("an elementwise kernel agrees with the reference for every shape") {
  for (auto shape : {"[]", "[1,1]", "[7]", "[3,5]", "[2,3,4,5,1,2,3,2]", "[1,28,28,3]", "[100003]"}) {
    check_kernel(unary("f32", shape, "relu"));
  }
}

TEST_CASE("every real function agrees with the reference") {
  for (auto fn : {"floor",
                  "ceil",
                  "round",
                  "exp",
                  "erf",
                  "sin",
                  "cos",
                  "tan",
                  "atan",
                  "sinh",
                  "cosh",
                  "tanh",
                  "asinh",
                  "sigmoid",
                  "relu",
                  "leaky_relu alpha=0.1",
                  "elu alpha=1.5",
                  "celu alpha=0.7",
                  "selu alpha=1.67 beta=1.05",
                  "softplus",
                  "softsign",
                  "hard_sigmoid alpha=0.2 beta=0.5",
                  "hard_swish",
                  "clamp alpha=-1 beta=1.5",
                  "abs",
                  "neg",
                  "sign"}) {
    check_formula(unary("f32", "[45]", fn), {.rtol = 2e-6, .atol = 1e-7, .low = -8, .high = 8});
  }
  for (auto fn : {"sqrt", "reciprocal", "log", "asin", "acos", "atanh"}) {
    check_formula(unary("f32", "[45]", fn), {.rtol = 2e-6, .atol = 1e-7, .low = 0.01, .high = 0.99});
  }
  check_formula(unary("f32", "[45]", "acosh"), {.rtol = 2e-6, .atol = 1e-7, .low = 1.1, .high = 9});
  for (auto fn : {"is_nan", "is_inf"})
    check_formula(apply("f32", "[45]", std::string("elementwise(%a) fn=") + fn, "bool"));
}

TEST_CASE("binary functions of reals agree with the reference") {
  for (auto fn : {"add", "sub", "mul", "div", "mod", "fmod", "max", "min", "prelu"}) {
    check_formula(binary("f32", "[3,37]", fn), {.rtol = 1e-6, .atol = 1e-6});
  }
  check_formula(binary("f32", "[3,37]", "pow"), {.rtol = 2e-6, .low = 0.1, .high = 4});
}

TEST_CASE("functions of integers agree with the reference to the bit") {
  for (auto dtype : {"i8", "u8", "i32", "i64"}) {
    const double low = dtype[0] == 'u' ? 0 : -100;
    for (auto fn : {"add", "sub", "mul", "div", "mod", "fmod", "max", "min", "bitwise_and", "bitwise_or",
                    "bitwise_xor", "prelu"}) {
      check_formula(binary(dtype, "[67]", fn), {.low = low, .high = 100});
    }
    check_formula(binary(dtype, "[67]", "pow"), {.low = dtype[0] == 'u' ? 0 : -5.0, .high = 9});
    for (auto fn : {"abs", "neg", "sign", "bitwise_not", "relu", "clamp alpha=-20 beta=1e10"}) {
      check_formula(unary(dtype, "[67]", fn), {.low = low, .high = 100});
    }
    for (auto fn : {"equal", "less", "greater_equal"})
      check_formula(binary(dtype, "[67]", fn, "bool"), {.low = 0, .high = 5});
  }
  for (auto dtype : {"u8", "u64"}) {
    for (auto fn : {"shift_left", "shift_right"})
      check_formula(binary(dtype, "[67]", fn), {.low = 0, .high = 70});
  }
}

TEST_CASE("comparisons, logic and select agree with the reference") {
  for (auto fn : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
    check_formula(binary("f32", "[3,37]", fn, "bool"));
  }
  for (auto fn : {"logical_and", "logical_or", "logical_xor", "equal"})
    check_formula(binary("bool", "[67]", fn));
  check_formula(unary("bool", "[67]", "logical_not"));
  check_formula(
      "graph \"t\" (%c: bool[5,33], %a: f32[5,33], %b: f32[1,33]) -> (%y) {\n"
      "  %y: f32[5,33] = elementwise(%c, %a, %b) fn=select\n}");
}

TEST_CASE("a magnitude around a library function of a magnitude agrees with the reference") {
  for (const std::string dtype : {"f32", "f64"}) {
    const std::string type = dtype + "[45]";
    check_formula("graph \"t\" (%a: " + type + ") -> (%y) {\n  %b: " + type +
                      " = elementwise(%a) fn=abs\n  %c: " + type +
                      " = elementwise(%b) fn=sin\n  %y: " + type + " = elementwise(%c) fn=abs\n}\n",
                  {.rtol = 2e-6, .atol = 1e-7, .low = -8, .high = 8});
  }
}

TEST_CASE("f16 and f64 agree with the reference") {
  for (auto fn : {"add", "mul", "max"}) {
    check_formula(binary("f16", "[67]", fn), {.rtol = 1e-3, .atol = 1e-4});
    check_formula(binary("f64", "[67]", fn), {.rtol = 1e-15});
  }
  for (auto fn : {"exp", "tanh", "relu", "sqrt"}) {
    check_formula(unary("f16", "[67]", fn), {.rtol = 2e-3, .atol = 1e-4, .low = 0, .high = 3});
    check_formula(unary("f64", "[67]", fn), {.rtol = 1e-12, .low = 0, .high = 3});
  }
}

TEST_CASE("casts saturate, truncate and wrap as the reference does") {
  for (auto from : {"f32", "f16", "bf16", "i8", "i64", "bool"}) {
    for (auto to : {"f32", "f16", "bf16", "u8", "i32", "bool"}) {
      check_formula(apply(from, "[45]", std::string("cast(%a) to=") + to, to),
                    {.rtol = 1e-7, .low = -300, .high = 300});
    }
  }
  const std::vector<float> extremes{NAN,           INFINITY,       -INFINITY, 3e9f,  -3e9f,
                                    2147483520.0f, -2147483648.0f, 0.9f,      -0.9f, 1e20f};
  for (auto to : {"i8", "u8", "i32", "u32", "i64", "u64", "bool"}) {
    check_formula(apply("f32", "[10]", std::string("cast(%a) to=") + to, to),
                  {.inputs = {ir::Tensor::of<float>(extremes, {10})}});
  }
}

TEST_CASE("chains with broadcast operands agree with the reference") {
  for (auto shapes : {std::pair{"[2,9,9,16]", "[1,1,1,16]"},
                      {"[2,9,9,16]", "[2,1,1,16]"},
                      {"[2,9,9,3]", "[1,1,1,3]"},
                      {"[4,3,7]", "[1,3,1]"},
                      {"[4,3,7]", "[1,1,1]"},
                      {"[1,200,300]", "[1,200,1]"}}) {
    const std::string x = std::string("f32") + shapes.first, b = std::string("f32") + shapes.second;
    check_kernel("graph \"t\" (%x: " + x + ", %b: " + b + ", %r: " + x + ") -> (%y) {\n  %s: " + x +
                     " = elementwise(%x, %b) fn=add\n  %g: " + x + " = elementwise(%s) fn=sigmoid\n  %m: " +
                     x + " = elementwise(%s, %g) fn=mul\n  %y: " + x + " = elementwise(%m, %r) fn=add\n}",
                 {.rtol = 2e-6, .atol = 1e-6});
  }
}
