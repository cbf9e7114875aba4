// Operators of com.microsoft, by the formulas that its documentation states.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::check_near;
using test::ModelMaker;
using test::run;
using test::Values;

namespace {

const std::string kContrib = "com.microsoft";

ModelMaker one(const std::string& op, std::vector<int64_t> shape) {
  return ModelMaker().input("x", std::move(shape)).node(op, {"x"}, {"y"}).domain(kContrib).output("y");
}

}  // namespace

TEST_CASE("fused activations add their bias first") {
  const Values x{-2, -0.5, 0, 3}, bias{0.5, -1, 1, 0.25};
  Values exact, fast, quick;
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i] + bias[i];
    exact.push_back(v / 2 * (1 + std::erf(v / std::numbers::sqrt2)));
    fast.push_back(v / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v))));
    quick.push_back(x[i] / (1 + std::exp(-1.702 * x[i])));
  }
  for (const auto& [op, wanted] : {std::pair("BiasGelu", exact), std::pair("FastGelu", fast)}) {
    ModelMaker m;
    m.input("x", {1, 4}).floats("b", {4}, {0.5, -1, 1, 0.25}).node(op, {"x", "b"}, {"y"}).domain(kContrib);
    check_near(run(m.output("y"), {x}), wanted);
  }
  check_near(run(one("QuickGelu", {4}), {x}), quick);
  check_near(run(one("Gelu", {1}), {{1}}), {0.5 * (1 + std::erf(1 / std::numbers::sqrt2))});
}

TEST_CASE("a fused product transposes matrices and has a factor") {
  ModelMaker m;
  m.input("a", {2, 1}).floats("b", {3, 2}, {1, 2, 3, 4, 5, 6}).node("FusedMatMul", {"a", "b"}, {"y"});
  m.domain(kContrib).set("transA", int64_t{1}).set("transB", int64_t{1}).set("alpha", 0.5f).output("y");
  check_near(run(m, {{10, 1}}), {6, 17, 28});
}

TEST_CASE("sums are normalised and given on") {
  // The sum of input, skip and bias is (0, 2, 4): its mean is 2, its variance 8/3, its mean square 20/3.
  const double deviation = std::sqrt(8.0 / 3), root = std::sqrt(20.0 / 3);
  for (const bool mean : {true, false}) {
    ModelMaker m;
    m.input("x", {1, 1, 3}).floats("skip", {1, 3}, {0, 1, 1}).floats("g", {3}, {1, 1, 10});
    m.floats("beta", {3}, {0, 0, 100}).floats("bias", {3}, {-1, -1, 0});
    if (mean)
      m.node("SkipLayerNormalization", {"x", "skip", "g", "beta", "bias"}, {"y", "", "", "sum"});
    else
      m.node("SkipSimplifiedLayerNormalization", {"x", "skip", "g", "bias"}, {"y", "", "", "sum"});
    m.domain(kContrib).output("y").output("sum");
    check_near(run(m, {{1, 2, 3}}), mean ? Values{-2 / deviation, 0, 20 / deviation + 100, 0, 2, 4}
                                         : Values{0, 2 / root, 40 / root, 0, 2, 4});
  }
}

TEST_CASE("embeddings of words, places and segments are added and normalised") {
  ModelMaker m;
  m.input("ids", {1, 2}, TensorProto::INT32).input("segments", {1, 2}, TensorProto::INT32);
  m.input("mask", {1, 2}, TensorProto::INT32).floats("words", {3, 2}, {0, 0, 1, 2, 3, 5});
  m.floats("places", {4, 2}, {10, 20, 30, 50, 0, 0, 0, 0}).floats("kinds", {2, 2}, {100, 200, 300, 500});
  m.floats("g", {2}, {1, 2}).floats("beta", {2}, {0, 1});
  m.node("EmbedLayerNormalization", {"ids", "segments", "words", "places", "kinds", "g", "beta", "mask"},
         {"y", "count", "sum"});
  m.domain(kContrib).output("y").output("count", TensorProto::INT32).output("sum");
  // Of two unlike numbers, the normalised ones are -1 and 1.
  check_near(run(m, {{2, 1}, {0, 1}, {1, 0}}), {-1, 3, -1, 3, 1, 113, 225, 331, 552});
}
