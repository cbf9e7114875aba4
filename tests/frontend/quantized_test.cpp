// Quantized operators on numbers worked out by hand from the formulas that TFLite documents. Whole models and
// single operators with TFLite's own outputs are compared elsewhere (tflite_goldens_test.cpp).
#include <doctest/doctest.h>

#include <cmath>

#include "frontend/decompose/quantized_recurrent.h"
#include "ir/interpret.h"

namespace halite::frontend {
namespace {

ir::Quantization scale(float s, int64_t zero = 0) { return {{s}, {zero}, -1}; }

/// A graph with one input, and the output that `build` makes of it.
template <class T, class Build>
std::vector<double> run(const std::vector<T>& input, Shape shape, Build build) {
  ir::Graph graph;
  Builder b(graph);
  const Tensor x = Tensor::of<T>(input, shape);
  const V in = b.input("x", x.type());
  graph.outputs = {build(b, in)};
  const auto outputs = ir::interpret(graph, std::vector<Tensor>{x});
  REQUIRE(outputs);
  std::vector<double> values;
  for (int64_t i = 0; i < outputs->at(0).type().elements(); ++i) values.push_back(outputs->at(0).at(i));
  return values;
}

using Values = std::vector<double>;

TEST_CASE("a factor becomes a multiplier of 31 bits and a shift") {
  const auto check = [](double real, int32_t multiplier, int32_t shift) {
    const FixedPoint f = fixed_point(real);
    CHECK(f.multiplier == multiplier);
    CHECK(f.shift == shift);
  };
  check(0.5, 1 << 30, 31);
  check(1, 1 << 30, 30);
  check(0.75, 3 << 29, 31);
  check(0, 0, 31);
  check(1e-12, 0, 31);
  check(1.0 - 1e-12, 1 << 30, 30);  // rounds up to the next power of two
  CHECK_THROWS_AS(fixed_point(1e12), Rejected);
  CHECK_THROWS_AS(fixed_point(NAN), Rejected);
  CHECK(narrow(fixed_point(0.75)).multiplier == 3 << 13);
  CHECK(narrow(fixed_point(0.75)).shift == 15);
  CHECK(narrow({INT32_MAX, 31}).multiplier == 0x7FFF);
}

TEST_CASE("a convolution is rounded once in production and twice in the reference") {
  // 0.75, 1.25 and -2.5. Rounded twice, 1.25 is 2.5 halves, then 3 halves, then 2.
  for (const auto rounding : {quantized::Rounding::production, quantized::Rounding::reference}) {
    const Values y = run<int8_t>({3, 5, -10}, {1, 1, 3, 1}, [&](Builder& b, V x) {
      const int8_t one = 1;
      const V w = b.constant(Tensor::of<int8_t>({&one, 1}, {1, 1, 1, 1}));
      return quantized::conv2d(b, {x, scale(1)}, {w, scale(0.25f)}, {}, {},
                               {DType::i8, scale(1), quantized::Activation::none, rounding});
    });
    REQUIRE(y.size() == 3);
    CHECK(y[0] == 1);
    CHECK(y[1] == (rounding == quantized::Rounding::production ? 1 : 2));
    CHECK(y[2] == (rounding == quantized::Rounding::production ? -2 : -3));
  }
}

TEST_CASE("a quantized sum rescales its operands") {
  const Values y = run<int8_t>({-128, -3, 0, 7, 127}, {5}, [](Builder& b, V x) {
    return quantized::add(b, {x, scale(0.5f)}, {x, scale(0.25f, 4)}, {DType::i8, scale(0.5f)});
  });
  // x/2 + (x-4)/4 in halves: 1.5x - 2
  CHECK(y == Values{-128, -7, -2, 9, 127});
}

TEST_CASE("fused activations clamp at quantized bounds") {
  using quantized::Activation;
  const auto range = [](Activation a) { return quantized::range_of({DType::i8, scale(0.1f, -10), a}); };
  CHECK(range(Activation::none).low == -128);
  CHECK(range(Activation::relu).low == -10);
  CHECK(range(Activation::relu).high == 127);
  CHECK(range(Activation::relu6).high == 50);
  CHECK(range(Activation::relu_n1_to_1).low == -20);
  CHECK(range(Activation::relu_n1_to_1).high == 0);
}

TEST_CASE("functions of bytes are looked up in tables") {
  const Values y = run<int8_t>({-128, 0, 127}, {3}, [](Builder& b, V x) {
    const V y = quantized::logistic(b, {x, scale(0.1f)}, {DType::i8, scale(1.0f / 256, -128)});
    CHECK(std::holds_alternative<ir::Gather>(b.graph().nodes.back().op));
    return y;
  });
  CHECK(y == Values{-128, 0, 127});
}

TEST_CASE("fixed-point functions of 16 bits are near the real ones at both ends and between") {
  for (int x = INT16_MIN; x <= INT16_MAX; x += 37) {
    const double real = x / 4096.0;
    CAPTURE(real);
    CHECK(std::fabs(fixed_logistic(static_cast<int16_t>(x), 3) / 32768.0 - 1 / (1 + std::exp(-real))) < 1e-3);
    CHECK(std::fabs(fixed_tanh(static_cast<int16_t>(x), 3) / 32768.0 - std::tanh(real)) < 1e-3);
  }
  CHECK(fixed_logistic(0, 3) == 1 << 14);
  CHECK(fixed_tanh(0, 3) == 0);
}

TEST_CASE("activations of 16 bits are near the real ones") {
  std::vector<int16_t> x;
  for (int i = INT16_MIN; i <= INT16_MAX; i += 257) x.push_back(static_cast<int16_t>(i));
  const Shape shape{static_cast<int64_t>(x.size())};
  const auto check = [&](auto build, float in_scale, quantized::Rounding rounding, double (*f)(double)) {
    const quantized::Output out{DType::i16, scale(1.0f / 32768), quantized::Activation::none, rounding};
    const Values y =
        run<int16_t>(x, shape, [&](Builder& b, V v) { return build(b, {v, scale(in_scale)}, out); });
    for (size_t i = 0; i < x.size(); ++i) {
      CAPTURE(x[i]);
      CHECK(std::fabs(y[i] / 32768 - f(x[i] * static_cast<double>(in_scale))) < 1e-3);
    }
  };
  for (const auto rounding : {quantized::Rounding::production, quantized::Rounding::reference})
    for (const float in_scale : {1.0f / 4096, 1.0f / 2048, 0.0007f}) {
      check(quantized::logistic, in_scale, rounding, [](double v) { return 1 / (1 + std::exp(-v)); });
      check(quantized::tanh, in_scale, rounding, [](double v) { return std::tanh(v); });
    }
}

TEST_CASE("the logistic function of 16 bits is that of TFLite's table") {
  // With the scale 1/(24*512), 512 x lies at step x of the table, whose entries have 16 bits, one more than
  // the result.
  const Values y = run<int16_t>({0, 512, 2048, 14848, -512}, {5}, [](Builder& b, V x) {
    return quantized::logistic(b, {x, scale(1.0f / 12288)}, {DType::i16, scale(1.0f / 32768)});
  });
  CHECK(y == Values{16384, 16726, 17747, 25232, 16042});
}

TEST_CASE("softmax of 16 bits is near the real one") {
  const std::vector<int16_t> x{0, 1000, -2000, 5000, 4000, 4999, -32768, 0, 0, 0, 0, 0};
  const Values y = run<int16_t>(x, {2, 6}, [](Builder& b, V v) {
    return quantized::softmax(b, {v, scale(0.001f)}, 1, {DType::i16, scale(1.0f / 32768)});
  });
  for (size_t row = 0; row < 2; ++row) {
    double sum = 0;
    for (size_t i = 0; i < 6; ++i) sum += std::exp(x[6 * row + i] * 0.001);
    for (size_t i = 0; i < 6; ++i)
      CHECK(std::fabs(y[6 * row + i] / 32768 - std::exp(x[6 * row + i] * 0.001) / sum) < 1e-3);
  }
}

TEST_CASE("activations of 16 bits with other scales or zero points are refused") {
  ir::Graph graph;
  Builder b(graph);
  const V x = b.input("x", {DType::i16, {4}, {}});
  CHECK_THROWS_AS(quantized::tanh(b, {x, scale(0.001f)}, {DType::i16, scale(0.001f)}), Rejected);
  CHECK_THROWS_AS(quantized::tanh(b, {x, scale(0.001f, 3)}, {DType::i16, scale(1.0f / 32768)}), Rejected);
  CHECK_THROWS_AS(quantized::logistic(b, {x, scale(100)}, {DType::i16, scale(1.0f / 32768)}), Rejected);
}

TEST_CASE("integer LSTM layers whose cell or weights are scaled in other ways are refused") {
  ir::Graph graph;
  Builder b(graph);
  const auto zeros = [&](DType dtype, Shape shape) { return b.constant(Tensor::zeros({dtype, shape, {}})); };
  const V x = b.input("x", {DType::i8, {1, 1, 2}, {}});
  const Quantized w{zeros(DType::i8, {2, 2}), scale(0.01f)};
  const quantized::LstmGate gate{w, w, zeros(DType::i32, {2}), {}};
  quantized::Lstm layer{{x, scale(0.1f)},
                        {gate, gate, gate, gate},
                        {zeros(DType::i8, {1, 2}), scale(0.1f)},
                        {zeros(DType::i16, {1, 2}), scale(1.0f / 4096)},
                        scale(0.1f),
                        {},
                        {}};
  CHECK(b.shape(quantized::lstm(b, layer).y) == Shape{1, 1, 2});
  layer.c.q = scale(0.0003f);
  CHECK_THROWS_AS(quantized::lstm(b, layer), Rejected);
  layer.c.q = scale(4);
  CHECK_THROWS_AS(quantized::lstm(b, layer), Rejected);
  layer.c.q = scale(1.0f / 4096);
  layer.gates[1]->r.q = scale(0.01f, 3);
  CHECK_THROWS_AS(quantized::lstm(b, layer), Rejected);
}

TEST_CASE("quantizations that make no sense are refused") {
  ir::Graph graph;
  Builder b(graph);
  const V x = b.input("x", {DType::i8, {4}, {}});
  const quantized::Output out{DType::i8, scale(1)};
  CHECK_THROWS_AS(quantized::add(b, {x, scale(0)}, {x, scale(1)}, out), Rejected);
  CHECK_THROWS_AS(quantized::add(b, {x, scale(INFINITY)}, {x, scale(1)}, out), Rejected);
  CHECK_THROWS_AS(quantized::add(b, {x, scale(1, 200)}, {x, scale(1)}, out), Rejected);
  CHECK_THROWS_AS(quantized::add(b, {x, {}}, {x, scale(1)}, out), Rejected);
}

}  // namespace
}  // namespace halite::frontend
