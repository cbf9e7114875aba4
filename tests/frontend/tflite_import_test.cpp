// TFLite files: what is taken from them besides operators, control flow, variables, and what damaged ones
// say.
#include "ir/passes/passes.h"
#include "tests/frontend/run_tflite.h"

using namespace halite;
using namespace halite::test;
using Op = tfl::BuiltinOperator;
using Options = tfl::BuiltinOptions;

namespace {

ir::Graph imported(TfliteMaker& m, const frontend::ImportOptions& options = {}) {
  auto graph = m.import(options);
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto valid = ir::verify(*graph);
  const std::string fault = valid ? "" : to_string(valid.error());
  REQUIRE_MESSAGE(valid, fault);
  return *std::move(graph);
}

void check_error(const Result<ir::Graph>& graph, const char* part) {
  REQUIRE_FALSE(graph);
  const std::string message = to_string(graph.error());
  CAPTURE(message);
  CHECK(message.find(part) != std::string::npos);
}

std::vector<double> run(const ir::Graph& graph, const std::vector<std::vector<double>>& inputs,
                        size_t output = 0) {
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; i < inputs.size(); ++i) {
    tensors.push_back(ir::Tensor::zeros(graph.type(graph.inputs[i])));
    for (size_t k = 0; k < inputs[i].size(); ++k) tensors[i].set(static_cast<int64_t>(k), inputs[i][k]);
  }
  const auto outputs = ir::interpret(graph, tensors);
  REQUIRE(outputs);
  std::vector<double> values;
  for (int64_t i = 0; i < (*outputs)[output].type().elements(); ++i)
    values.push_back((*outputs)[output].at(i));
  return values;
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("inputs and outputs keep the file's names and quantization") {
  TfliteMaker m;
  const int x = m.tensor("x", {4}, TensorType::INT8, {{0.5}, {-3}}),
            y = m.tensor("y", {2, 2}, TensorType::INT8, {{0.5}, {-3}});
  m.node(Op::RESHAPE, {x, m.integers({2, 2})}, {y});
  m.subgraph({x}, {y, x});
  const ir::Graph graph = imported(m);
  CHECK(graph.value(graph.inputs[0]).name == "x");
  CHECK(graph.value(graph.outputs[0]).name == "y");
  CHECK(graph.outputs[1] == graph.inputs[0]);
  const ir::Quantization expected{{0.5f}, {-3}, -1};
  CHECK(graph.type(graph.inputs[0]).quantization == expected);
  CHECK(graph.type(graph.outputs[0]).quantization == expected);
}

TEST_CASE("tensors of one name become values of different names") {
  TfliteMaker m;
  const int a = m.tensor("t", {2}), b = m.tensor("t", {2}), c = m.tensor("t", {2}), d = m.tensor("", {2});
  m.node(Op::ADD, {a, b}, {c});
  m.node(Op::ABS, {c}, {d});
  m.subgraph({a, b}, {c, d});
  const ir::Graph graph = imported(m);
  CHECK(graph.value(graph.inputs[1]).name == "t_1");
  CHECK(graph.value(graph.outputs[0]).name == "t_2");
  CHECK(graph.value(graph.outputs[1]).name == "output_1");
  CHECK(run(graph, {{1, -5}, {2, 3}}) == Values{3, -2});
  CHECK(run(graph, {{1, -5}, {2, 3}}, 1) == Values{3, 2});
}

TEST_CASE("open extents take the file's shape or the user's") {
  const auto make = [] {
    TfliteMaker m;
    const int x = m.tensor("x", {1, 2}, TensorType::FLOAT32, {}, false, {-1, 2}), y = m.tensor("y", {1, 2});
    m.node(Op::ABS, {x}, {y});
    m.subgraph({x}, {y});
    return m;
  };
  frontend::ImportOptions options;
  std::vector<std::string> notes;
  options.notes = &notes;
  TfliteMaker plain = make(), wide = make(), wrong = make();
  CHECK(imported(plain, options).type({0}).shape == ir::Shape{1, 2});
  CHECK(notes.size() == 1);
  options.input_shapes["x"] = {5, 2};
  const ir::Graph graph = imported(wide, options);
  CHECK(graph.type(graph.outputs[0]).shape == ir::Shape{5, 2});
  options.input_shapes = {{"z", {1}}};
  check_error(wrong.import(options), "'z' is given, but the model's inputs are 'x'");
  options.input_shapes.clear();
  options.axes["N"] = 2;
  TfliteMaker unnamed = make();
  check_error(unnamed.import(options), "the model has no names for axes");
}

TEST_CASE("inputs with data are constants, and may be given by the user") {
  TfliteMaker m;
  const int x = m.tensor("x", {2}), w = m.floats({2}, {10, 20}), y = m.tensor("y", {2});
  m.node(Op::ADD, {x, w}, {y});
  m.subgraph({x, w}, {y});
  const ir::Graph graph = imported(m);
  CHECK(graph.inputs.size() == 1);
  CHECK(run(graph, {{1, 2}}) == Values{11, 22});
}

TEST_CASE("weights in f16, int8 and int4 become real numbers") {
  const auto check = [](TfliteMaker& m, int weights, const Values& expected) {
    const int x = m.tensor("x", {1, 1}), y = m.tensor("y", {1, static_cast<int>(expected.size())});
    m.node(Op::FULLY_CONNECTED, {x, weights}, {y}, Options::FullyConnectedOptions,
           tfl::CreateFullyConnectedOptions(m.fbb).Union());
    m.subgraph({x}, {y});
    CHECK(run(imported(m), {{1}}) == expected);
  };
  TfliteMaker half, bytes, nibbles;
  const int stored = half.constant({2, 1}, std::vector<uint16_t>{0x3c00, 0xc000}, TensorType::FLOAT16);
  const int wide = half.tensor("wide", {2, 1});
  half.node(Op::DEQUANTIZE, {stored}, {wide});
  check(half, wide, {1, -2});
  check(bytes, bytes.constant({2, 1}, std::vector<int8_t>{3, -4}, TensorType::INT8, {{0.5, 2}, {0, 1}, 0}),
        {1.5, -10});
  check(nibbles, nibbles.constant({3, 1}, std::vector<uint8_t>{0xf7, 0x08}, TensorType::INT4, {{1}}),
        {7, -1, -8});
}

TEST_CASE("sparse weights become dense") {
  const auto axis = [](TfliteMaker& m, int dense) {
    return tfl::CreateDimensionMetadata(m.fbb, tfl::DimensionType::DENSE, dense);
  };
  const auto compressed = [](TfliteMaker& m, std::vector<uint8_t> segments, std::vector<uint8_t> indices) {
    const auto s = tfl::CreateUint8Vector(m.fbb, m.fbb.CreateVector(segments)).Union();
    const auto i = tfl::CreateUint8Vector(m.fbb, m.fbb.CreateVector(indices)).Union();
    return tfl::CreateDimensionMetadata(m.fbb, tfl::DimensionType::SPARSE_CSR, 0,
                                        tfl::SparseIndexVector::Uint8Vector, s,
                                        tfl::SparseIndexVector::Uint8Vector, i);
  };
  const auto output_of = [](TfliteMaker& m, int weights, std::vector<int> shape) {
    const int y = m.tensor("y", shape);
    m.node(Op::ABS, {weights}, {y});
    m.subgraph({}, {y});
    return m.import();
  };
  {
    TfliteMaker m;  // rows of [0 1 0; 2 0 3]
    const auto order = m.fbb.CreateVector(std::vector<int>{0, 1});
    const auto levels = m.fbb.CreateVector(std::vector{axis(m, 2), compressed(m, {0, 1, 3}, {1, 0, 2})});
    const int w = m.constant({2, 3}, std::vector<float>{1, 2, 3}, TensorType::FLOAT32, {},
                             tfl::CreateSparsityParameters(m.fbb, order, 0, levels));
    const auto graph = output_of(m, w, {2, 3});
    REQUIRE(graph);
    CHECK(run(*graph, {}) == Values{0, 1, 0, 2, 0, 3});
  }
  {
    TfliteMaker m;  // blocks of 2 by 2: the right one of two
    const auto order = m.fbb.CreateVector(std::vector<int>{0, 1, 2, 3});
    const auto map = m.fbb.CreateVector(std::vector<int>{0, 1});
    const auto levels =
        m.fbb.CreateVector(std::vector{axis(m, 1), compressed(m, {0, 1}, {1}), axis(m, 2), axis(m, 2)});
    const int w = m.constant({2, 4}, std::vector<float>{1, 2, 3, 4}, TensorType::FLOAT32, {},
                             tfl::CreateSparsityParameters(m.fbb, order, map, levels));
    const auto graph = output_of(m, w, {2, 4});
    REQUIRE(graph);
    CHECK(run(*graph, {}) == Values{0, 0, 1, 2, 0, 0, 3, 4});
  }
  {
    TfliteMaker m;  // an index outside the tensor
    const auto order = m.fbb.CreateVector(std::vector<int>{0, 1});
    const auto levels = m.fbb.CreateVector(std::vector{axis(m, 2), compressed(m, {0, 1, 2}, {1, 3})});
    const int w = m.constant({2, 3}, std::vector<float>{1, 2}, TensorType::FLOAT32, {},
                             tfl::CreateSparsityParameters(m.fbb, order, 0, levels));
    check_error(output_of(m, w, {2, 3}), "as a sparse tensor does not fit its shape");
  }
}

TEST_CASE("buffers may lie behind the flatbuffer, but inside the file") {
  const auto make = [](uint64_t offset, uint64_t size) {
    TfliteMaker m;
    m.far_buffer(offset, size);
    const int far = m.tensor_of_buffer({2}, 1), y = m.tensor("y", {2});
    m.node(Op::ABS, {far}, {y});
    m.subgraph({}, {y});
    std::vector<std::byte> bytes = m.bytes();
    bytes.resize(4096);
    const float values[] = {-1, 2};
    std::memcpy(bytes.data() + 4000, values, sizeof values);
    return frontend::import_tflite(bytes);
  };
  const auto graph = make(4000, 8);
  REQUIRE(graph);
  CHECK(run(*graph, {}) == Values{1, 2});
  check_error(make(4000, 100), "buffer 1 lies outside the file");
  check_error(make(uint64_t{1} << 63, 8), "buffer 1 lies outside the file");
  check_error(make(4000, 4), "its buffer has 4 bytes, but f32[2] takes 8");
}

TEST_CASE("branches are joined, and decided where the condition is known") {
  for (const bool known : {false, true}) {
    TfliteMaker m;
    const int c = known ? m.constant({}, std::vector<uint8_t>{0}, TensorType::BOOL)
                        : m.tensor("c", {}, TensorType::BOOL);
    const int x = m.tensor("x", {2}), y = m.tensor("y", {2});
    m.node(Op::IF, {c, x}, {y}, Options::IfOptions, tfl::CreateIfOptions(m.fbb, 1, 2).Union());
    m.subgraph(known ? std::vector<int>{x} : std::vector<int>{c, x}, {y});
    for (const Op op : {Op::NEG, Op::SQUARE}) {
      const int in = m.tensor("in", {2}), out = m.tensor("out", {2});
      m.node(op, {in}, {out});
      m.subgraph({in}, {out});
    }
    const ir::Graph graph = imported(m);
    if (known) {
      CHECK(run(graph, {{3, -2}}) == Values{9, 4});
      CHECK(graph.nodes.size() == 1);
      continue;
    }
    CHECK(run(graph, {{1}, {3, -2}}) == Values{-3, 2});
    CHECK(run(graph, {{0}, {3, -2}}) == Values{9, 4});
  }
}

TEST_CASE("loops are unrolled where constants say how often they run") {
  for (const bool known : {true, false}) {
    TfliteMaker m;
    const int i = m.integers({0}), n = known ? m.integers({3}) : m.tensor("n", {1}, TensorType::INT32);
    const int x = m.tensor("x", {1}), y0 = m.tensor("i", {1}, TensorType::INT32);
    const int y1 = m.tensor("m", {1}, TensorType::INT32), y2 = m.tensor("y", {1});
    m.node(Op::WHILE, {i, n, x}, {y0, y1, y2}, Options::WhileOptions,
           tfl::CreateWhileOptions(m.fbb, 1, 2).Union());
    m.subgraph(known ? std::vector<int>{x} : std::vector<int>{n, x}, {y2});
    {
      const int a = m.tensor("a", {1}, TensorType::INT32), b = m.tensor("b", {1}, TensorType::INT32);
      const int c = m.tensor("c", {1}), less = m.tensor("less", {1}, TensorType::BOOL);
      m.node(Op::LESS, {a, b}, {less});
      m.subgraph({a, b, c}, {less});
    }
    {
      const int a = m.tensor("a", {1}, TensorType::INT32), b = m.tensor("b", {1}, TensorType::INT32);
      const int c = m.tensor("c", {1}), next = m.tensor("next", {1}, TensorType::INT32),
                twice = m.tensor("twice", {1});
      m.node(Op::ADD, {a, m.integers({1})}, {next});
      m.node(Op::ADD, {c, c}, {twice});
      m.subgraph({a, b, c}, {next, b, twice});
    }
    if (known)
      CHECK(run(imported(m), {{5}}) == Values{40});
    else
      check_error(m.import(), "how often it runs is computed at run time");
  }
}

TEST_CASE("variables are states that begin as CALL_ONCE says") {
  TfliteMaker m;
  const auto handle = [&](int to) {
    m.node(Op::VAR_HANDLE, {}, {to}, Options::VarHandleOptions,
           tfl::CreateVarHandleOptions(m.fbb, 0, m.fbb.CreateString("sum")).Union());
  };
  const int x = m.tensor("x", {1}), h = m.tensor("h", {}, TensorType::RESOURCE), old = m.tensor("old", {1});
  const int sum = m.tensor("sum", {1});
  m.node(Op::CALL_ONCE, {}, {}, Options::CallOnceOptions, tfl::CreateCallOnceOptions(m.fbb, 1).Union());
  handle(h);
  m.node(Op::READ_VARIABLE, {h}, {old});
  m.node(Op::ADD, {x, old}, {sum});
  m.node(Op::ASSIGN_VARIABLE, {h, sum}, {});
  m.subgraph({x}, {sum});
  const int h2 = m.tensor("h", {}, TensorType::RESOURCE), first = m.floats({1}, {100});
  handle(h2);
  m.node(Op::ASSIGN_VARIABLE, {h2, first}, {});
  m.subgraph({}, {});
  const ir::Graph graph = imported(m);
  REQUIRE(graph.states.size() == 1);
  CHECK(graph.states[0].name == "sum");
  CHECK(graph.states[0].initial.at(0) == 100);
  ir::StateValues states = ir::initial_states(graph);
  ir::Tensor in = ir::Tensor::zeros(graph.type(graph.inputs[0]));
  for (const double expected : {101.0, 103.0, 106.0}) {
    in.set(0, in.at(0) + 1);
    const auto out = ir::interpret(graph, std::span(&in, 1), states);
    REQUIRE(out);
    CHECK((*out)[0].at(0) == expected);
  }
}

TEST_CASE("all nodes that are not supported are listed at once") {
  TfliteMaker m;
  const int x = m.tensor("x", {2}), a = m.tensor("a", {2}), b = m.tensor("b", {2}), c = m.tensor("c", {2}),
            d = m.tensor("d", {2});
  m.node(Op::UNIQUE, {x}, {a});
  m.custom_node("Magic", {x}, {b}, {});
  m.node(Op::ADD, {a, b}, {c});
  m.node(Op::WHERE, {x}, {d});
  m.subgraph({x}, {c, d});
  frontend::ImportOptions options;
  std::vector<frontend::UnsupportedNode> nodes;
  options.unsupported = &nodes;
  const auto graph = m.import(options);
  check_error(graph, "3 nodes cannot be compiled: 'custom::Magic', 'tflite::UNIQUE', 'tflite::WHERE'");
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[1].node == "#1");
}

TEST_CASE("broken TFLite files are refused with the reason") {
  const auto one_node = [](TfliteMaker& m, std::vector<int> in, std::vector<int> out) {
    m.tensor("x", {2});
    m.tensor("y", {2});
    m.node(Op::ABS, in, out);
    m.subgraph({0}, {1});
  };
  {
    TfliteMaker m;
    one_node(m, {0}, {1});
    std::vector<std::byte> bytes = m.bytes();
    bytes.resize(bytes.size() / 2);
    check_error(frontend::import_tflite(bytes), "damaged or cut short");
  }
  {
    TfliteMaker m;
    one_node(m, {0}, {1});
    check_error(frontend::import_tflite(m.bytes(2)), "schema has version 2; 3 is supported");
  }
  TfliteMaker far, unmade, empty, calls;
  one_node(far, {7}, {1});
  check_error(far.import(), "node #0: it names tensor 7, but there are 2");
  one_node(unmade, {1}, {1});
  check_error(unmade.import(), "it reads tensor 1 ('y'), which nothing has made");
  empty.subgraph({}, {});
  check_error(empty.import(), "the model has no outputs");
  const int x = calls.tensor("x", {1}), y = calls.tensor("y", {1});
  calls.node(Op::CALL, {x}, {y}, Options::CallOptions, tfl::CreateCallOptions(calls.fbb, 0).Union());
  calls.subgraph({x}, {y});
  check_error(calls.import(), "subgraphs call each other without end");
}
