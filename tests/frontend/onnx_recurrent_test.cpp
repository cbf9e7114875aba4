// Recurrent layers whose sequences have lengths of their own, by the formulas of their specification, with a
// hidden state of one number.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::check_near;
using test::ModelMaker;
using test::run;
using test::Values;

namespace {

constexpr int64_t kSteps = 3, kBatch = 2;
const Values kX{0.5, -1, 2, 0.25, -0.75, 1.5};  // [step, sequence]
const Values kLengths{3, 1};

double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

struct State {
  double h = 0, c = 0;
};

/// Y [step, direction, sequence], then Y_h and, with a cell, Y_c [direction, sequence]. A direction starts at
/// its end of each sequence; behind the sequence Y is 0.
template <class Step>
Values layer(const std::vector<bool>& reversed, const std::vector<State>& initial, bool cell, Step&& step) {
  const auto directions = static_cast<int64_t>(reversed.size());
  Values y(static_cast<size_t>(kSteps * directions * kBatch)), h, c;
  for (int64_t d = 0; d < directions; ++d)
    for (int64_t n = 0; n < kBatch; ++n) {
      State state = initial[static_cast<size_t>(n)];
      const auto length = static_cast<int64_t>(kLengths[static_cast<size_t>(n)]);
      for (int64_t i = 0; i < length; ++i) {
        const int64_t t = reversed[static_cast<size_t>(d)] ? length - 1 - i : i;
        state = step(kX[static_cast<size_t>(t * kBatch + n)], state);
        y[static_cast<size_t>((t * directions + d) * kBatch + n)] = state.h;
      }
      h.push_back(state.h);
      c.push_back(state.c);
    }
  y.insert(y.end(), h.begin(), h.end());
  if (cell) y.insert(y.end(), c.begin(), c.end());
  return y;
}

/// Both directions have the same weights.
std::vector<float> twice(std::vector<float> values) {
  const size_t count = values.size();
  for (size_t i = 0; i < count; ++i) values.push_back(values[i]);
  return values;
}

}  // namespace

TEST_CASE("sequences of an RNN end where their lengths say, in both directions") {
  for (const bool known : {false, true}) {
    ModelMaker m;
    m.input("x", {kSteps, kBatch, 1})
        .floats("w", {2, 1, 1}, twice({0.8f}))
        .floats("r", {2, 1, 1}, twice({-0.6f}));
    m.input("h0", {2, kBatch, 1});
    if (known) {
      auto* lengths = m.graph().add_initializer();
      lengths->set_name("lengths");
      lengths->set_data_type(TensorProto::INT32);
      lengths->add_dims(kBatch);
      for (const double length : kLengths) lengths->add_int32_data(static_cast<int>(length));
    } else {
      m.input("lengths", {kBatch}, TensorProto::INT32);
    }
    m.node("RNN", {"x", "w", "r", "", "lengths", "h0"}, {"y", "h"}).set("direction", "bidirectional");
    m.set("hidden_size", int64_t{1}).output("y").output("h");
    const Values h0{0.1, 0.2, 0.1, 0.2};
    const auto found = known ? run(m, {kX, h0}) : run(m, {kX, h0, kLengths});
    check_near(found, layer({false, true}, {{0.1}, {0.2}}, false,
                            [](double x, State s) { return State{std::tanh(0.8 * x - 0.6 * s.h)}; }));
  }
}

TEST_CASE("an LSTM keeps both states behind the end of a sequence") {
  const std::vector<float> w{0.5f, -0.3f, 0.9f, 1.1f}, r{0.2f, 0.4f, -0.7f, 0.6f};  // i, o, f, c
  ModelMaker m;
  m.input("x", {kSteps, kBatch, 1}).floats("w", {1, 4, 1}, w).floats("r", {1, 4, 1}, r);
  m.input("lengths", {kBatch}, TensorProto::INT32).input("h0", {1, kBatch, 1}).input("c0", {1, kBatch, 1});
  m.node("LSTM", {"x", "w", "r", "", "lengths", "h0", "c0"}, {"y", "h", "c"}).set("direction", "reverse");
  m.output("y").output("h").output("c");
  const auto step = [&](double x, State s) {
    const double i = sigmoid(w[0] * x + r[0] * s.h), o = sigmoid(w[1] * x + r[1] * s.h);
    const double f = sigmoid(w[2] * x + r[2] * s.h), c = f * s.c + i * std::tanh(w[3] * x + r[3] * s.h);
    return State{o * std::tanh(c), c};
  };
  check_near(run(m, {kX, kLengths, {0.3, -0.2}, {0.7, 0.4}}),
             layer({true}, {{0.3, 0.7}, {-0.2, 0.4}}, true, step));
}

TEST_CASE("a GRU stops at the end of a sequence, with the reset gate behind the product") {
  const std::vector<float> w{0.5f, -0.3f, 0.9f}, r{0.2f, 0.4f, -0.7f};  // z, r, h
  ModelMaker m;
  m.input("x", {kSteps, kBatch, 1}).floats("w", {1, 3, 1}, w).floats("r", {1, 3, 1}, r);
  m.floats("b", {1, 6}, {0, 0, 0.5f, 0, 0, 0.25f}).input("lengths", {kBatch}, TensorProto::INT32);
  m.node("GRU", {"x", "w", "r", "b", "lengths"}, {"y", "h"}).set("linear_before_reset", int64_t{1});
  m.output("y").output("h");
  const auto step = [&](double x, State s) {
    const double z = sigmoid(w[0] * x + r[0] * s.h), reset = sigmoid(w[1] * x + r[1] * s.h);
    const double candidate = std::tanh(w[2] * x + 0.5 + reset * (r[2] * s.h + 0.25));
    return State{(1 - z) * candidate + z * s.h};
  };
  check_near(run(m, {kX, kLengths}), layer({false}, {{}, {}}, false, step));
}

TEST_CASE("lengths beyond the steps, or of another number than the sequences, are refused") {
  for (const bool shape : {false, true}) {
    ModelMaker m;
    m.input("x", {kSteps, kBatch, 1}).floats("w", {1, 1, 1}, {1}).floats("r", {1, 1, 1}, {1});
    m.integers("lengths", shape ? std::vector<int64_t>{1} : std::vector<int64_t>{1, 4});
    m.node("RNN", {"x", "w", "r", "", "lengths"}, {"y"}).output("y");
    const auto graph = m.import();
    REQUIRE(!graph);
    const std::string text = to_string(graph.error());
    CHECK(text.find(shape ? "[2] is needed" : "has the length 4, but there are 3 steps") !=
          std::string::npos);
  }
}
