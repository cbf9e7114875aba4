// TFLite's layers with a state, step after step, against the same arithmetic written out; and detection
// post-processing.
#include <flatbuffers/flexbuffers.h>

#include "tests/frontend/run_tflite.h"

using namespace halite;
using namespace halite::test;
using Op = tfl::BuiltinOperator;
using Options = tfl::BuiltinOptions;
using Act = tfl::ActivationFunctionType;
using Numbers = std::vector<double>;

namespace {

/// Runs the model once for each of `inputs`, keeping states; gives the first output of each run.
std::vector<Numbers> run_steps(TfliteMaker& m, const std::vector<Numbers>& inputs) {
  const auto graph = m.import();
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto valid = ir::verify(*graph);
  const std::string fault = valid ? "" : to_string(valid.error());
  REQUIRE_MESSAGE(valid, fault);
  ir::StateValues states = ir::initial_states(*graph);
  std::vector<Numbers> outputs;
  for (const Numbers& numbers : inputs) {
    ir::Tensor in = ir::Tensor::zeros(graph->type(graph->inputs[0]));
    for (size_t i = 0; i < numbers.size(); ++i) in.set(static_cast<int64_t>(i), numbers[i]);
    const auto out = ir::interpret(*graph, std::span(&in, 1), states);
    REQUIRE(out);
    outputs.emplace_back();
    for (int64_t i = 0; i < (*out)[0].type().elements(); ++i) outputs.back().push_back((*out)[0].at(i));
  }
  return outputs;
}

int state(TfliteMaker& m, std::vector<int> shape, TensorType type = TensorType::FLOAT32,
          const Quant& q = {}) {
  return m.tensor("state", std::move(shape), type, q, /*variable=*/true);
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("an SVDF layer remembers the products of earlier runs") {
  TfliteMaker m;
  const int x = m.tensor("x", {1, 2}), y = m.tensor("y", {1, 1});
  // One unit of two filters with a memory of two runs.
  const int features = m.floats({2, 2}, {1, 0, 0, 1}), times = m.floats({2, 2}, {10, 1, 200, 20});
  m.node(Op::SVDF, {x, features, times, m.floats({1}, {0.5}), state(m, {1, 4})}, {y}, Options::SVDFOptions,
         tfl::CreateSVDFOptions(m.fbb, 2, Act::NONE).Union());
  m.subgraph({x}, {y});
  const auto out = run_steps(m, {{1, 2}, {3, 4}});
  CHECK(out[0] == Numbers{1 + 40 + 0.5});
  CHECK(out[1] == Numbers{10 + 3 + 400 + 80 + 0.5});
}

TEST_CASE("an integer SVDF layer rounds its state and its output") {
  TfliteMaker m;
  const int x = m.tensor("x", {1, 1}, TensorType::INT8, {{1}, {-1}}),
            y = m.tensor("y", {1, 1}, TensorType::INT8, {{8}, {-128}});
  const int features = m.constant({1, 1}, std::vector<int8_t>{3}, TensorType::INT8, {{1}});
  const int times = m.constant({1, 2}, std::vector<int16_t>{1, 2}, TensorType::INT16, {{1}});
  const int bias = m.constant({1}, std::vector<int32_t>{4}, TensorType::INT32, {{2}});
  m.node(Op::SVDF, {x, features, times, bias, state(m, {1, 2}, TensorType::INT16, {{2}})}, {y},
         Options::SVDFOptions, tfl::CreateSVDFOptions(m.fbb, 1, Act::RELU).Union());
  m.subgraph({x}, {y});
  // (x + 1) * 3 / 2 is kept: 17 of 16.5, then 3. The sum of the kept, once and twice, plus 4, is divided
  // by 4.
  const auto out = run_steps(m, {{10}, {1}});
  CHECK(out[0] == Numbers{-128 + 10});  // (34 + 4) / 4 = 9.5
  CHECK(out[1] == Numbers{-128 + 7});   // (17 + 6 + 4) / 4 = 6.75
}

TEST_CASE("an RNN layer keeps its state across steps and runs") {
  TfliteMaker m;
  const int x = m.tensor("x", {1, 2, 1}), y = m.tensor("y", {1, 2, 1});
  m.node(Op::UNIDIRECTIONAL_SEQUENCE_RNN,
         {x, m.floats({1, 1}, {2}), m.floats({1, 1}, {0.5}), m.floats({1}, {1}), state(m, {1, 1})}, {y},
         Options::SequenceRNNOptions, tfl::CreateSequenceRNNOptions(m.fbb, false, Act::RELU).Union());
  m.subgraph({x}, {y});
  const auto out = run_steps(m, {{1, 2}, {0, -9}});
  CHECK(out[0] == Numbers{3, 6.5});
  CHECK(out[1] == Numbers{4.25, 0});
}

TEST_CASE("an LSTM layer has its gates in TFLite's order, with and without an input gate") {
  for (const bool coupled : {false, true}) {
    TfliteMaker m;
    const int x = m.tensor("x", {1, 1, 1}), y = m.tensor("y", {1, 1, 1});
    std::vector<int> in{x};
    const auto gates = [&](std::vector<int> shape, const Numbers& values) {
      for (size_t k = 0; k < 4; ++k)
        in.push_back(coupled && k == 0 ? -1 : m.floats(shape, {static_cast<float>(values[k])}));
    };
    const Numbers w{0.1, 0.2, 0.3, 0.4}, r{0.5, -0.6, 0.7, -0.8}, bias{0.01, 0.02, 0.03, 0.04};
    gates({1, 1}, w);
    gates({1, 1}, r);
    in.insert(in.end(), 3, -1);
    gates({1}, bias);
    in.insert(in.end(), 2, -1);
    in.push_back(state(m, {1, 1}));
    in.push_back(state(m, {1, 1}));
    m.node(Op::UNIDIRECTIONAL_SEQUENCE_LSTM, in, {y}, Options::UnidirectionalSequenceLSTMOptions,
           tfl::CreateUnidirectionalSequenceLSTMOptions(m.fbb, Act::TANH, 0.4f).Union());
    m.subgraph({x}, {y});
    const auto out = run_steps(m, {{1}, {2}, {3}});
    double h = 0, c = 0;
    for (int step = 0; step < 3; ++step) {
      const auto sum = [&](size_t k) { return w[k] * (step + 1) + r[k] * h + bias[k]; };
      const double f = sigmoid(sum(1)), i = coupled ? 1 - f : sigmoid(sum(0));
      c = std::fmin(std::fmax(f * c + i * std::tanh(sum(2)), -0.4), 0.4);
      h = sigmoid(sum(3)) * std::tanh(c);
      CHECK(out[static_cast<size_t>(step)][0] == doctest::Approx(h).epsilon(1e-5));
    }
  }
}

TEST_CASE("a bidirectional RNN layer merges both directions") {
  TfliteMaker m;
  const int x = m.tensor("x", {1, 2, 1}), y = m.tensor("y", {1, 2, 2});
  const int one = m.floats({1, 1}, {1}), none = m.floats({1}, {0});
  m.node(Op::BIDIRECTIONAL_SEQUENCE_RNN,
         {x, one, one, none, state(m, {1, 1}), one, one, none, state(m, {1, 1}), -1, -1, -1}, {y},
         Options::BidirectionalSequenceRNNOptions,
         tfl::CreateBidirectionalSequenceRNNOptions(m.fbb, false, Act::NONE, true).Union());
  m.subgraph({x}, {y});
  CHECK(run_steps(m, {{1, 10}})[0] == Numbers{1, 11, 11, 10});
}

TEST_CASE("detection keeps the best of overlapping boxes") {
  flexbuffers::Builder options;
  options.Map([&] {
    options.Int("max_detections", 3);
    options.Int("max_classes_per_detection", 1);
    options.Int("num_classes", 2);
    options.Bool("use_regular_nms", false);
    options.Float("nms_score_threshold", 0.3f);
    options.Float("nms_iou_threshold", 0.5f);
    for (const char* scale : {"y_scale", "x_scale"}) options.Float(scale, 10.0f);
    for (const char* scale : {"h_scale", "w_scale"}) options.Float(scale, 5.0f);
  });
  options.Finish();
  const auto make = [&](const std::vector<uint8_t>& bytes) {
    TfliteMaker m;
    const int codes = m.tensor("codes", {1, 4, 4}),
              scores = m.floats({1, 4, 3}, {0, 0.8f, 0.1f, 0, 0.1f, 0.9f,  //
                                            0, 0.4f, 0.2f, 0, 0.2f, 0.2f});
    // The first two anchors overlap by 9 of 11 parts.
    const int anchors = m.floats({4, 4}, {0.5f, 0.5f, 1, 1, 0.5f, 0.6f, 1, 1, 5, 5, 1, 1, 9, 9, 1, 1});
    const std::vector<int> outputs{m.tensor("boxes", {1, 3, 4}), m.tensor("classes", {1, 3}),
                                   m.tensor("found", {1, 3}), m.tensor("count", {1})};
    m.custom_node("TFLite_Detection_PostProcess", {codes, scores, anchors}, outputs, bytes);
    m.subgraph({codes}, outputs);
    return m.import();
  };
  const auto graph = make(options.GetBuffer());
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  ir::Tensor codes = ir::Tensor::zeros(graph->type(graph->inputs[0]));
  codes.set(8, 10);  // moves the third box down by its height
  const auto out = ir::interpret(*graph, std::span(&codes, 1));
  REQUIRE(out);
  const auto numbers = [&](size_t i) {
    Numbers list;
    for (int64_t k = 0; k < (*out)[i].type().elements(); ++k)
      list.push_back(std::round((*out)[i].at(k) * 1000) / 1000);
    return list;
  };
  CHECK(numbers(0) == Numbers{0, 0.1, 1, 1.1, 5.5, 4.5, 6.5, 5.5, 0, 0, 0, 0});
  CHECK(numbers(1) == Numbers{1, 0, 0});
  CHECK(numbers(2) == Numbers{0.9, 0.4, 0});
  CHECK(numbers(3) == Numbers{2});
  const auto damaged = make({1, 2, 3, 4});
  REQUIRE_FALSE(damaged);
  CHECK(to_string(damaged.error()).find("its options are damaged") != std::string::npos);
}
