#include "ir/text.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "ir/op_text.h"
#include "ir/text_scanner.h"
#include "ir/verify.h"

using namespace halite::ir;

namespace {

std::string error_of(std::string_view text) {
  const auto g = parse(text);
  return g ? "none" : halite::to_string(g.error());
}

// A value of any field type that `fields` can visit, different from call to call.
struct RandomValue {
  std::mt19937 random{7};
  void operator()(std::string_view, int64_t& v) { v = static_cast<int64_t>(random()) - (int64_t{1} << 31); }
  void operator()(std::string_view, bool& v) { v = random() & 1; }
  void operator()(std::string_view, double& v) {
    const uint64_t bits = (uint64_t{random()} << 32) | random();
    v = std::bit_cast<double>(bits);
    if (v != v) v = std::numeric_limits<double>::infinity();
  }
  void operator()(std::string_view, DType& v) { v = static_cast<DType>(random() % 12); }
  void operator()(std::string_view, Fn& v) {
    v = static_cast<Fn>(random() % (static_cast<int>(Fn::select) + 1));
  }
  void operator()(std::string_view, Region& v) {
    constexpr const char* kTexts[] = {R"(graph "a } b \" {" (%x: f32[]) -> (%x) {})",
                                      R"(graph "" () -> (%c) { const %c: i64[2] = {1, -5} })"};
    v.graph = std::make_shared<const Graph>(*parse(kTexts[random() % 2]));
  }
  template <NamedEnum E>
  void operator()(std::string_view, E& v) {
    v = static_cast<E>(random() % kEnumNames<E>.size());
  }
  template <class T>
  void operator()(std::string_view name, std::vector<T>& v) {
    v.resize(random() % 4);
    for (T& e : v) (*this)(name, e);
  }
  template <class T, size_t N>
  void operator()(std::string_view name, std::array<T, N>& v) {
    for (T& e : v) (*this)(name, e);
  }
};

template <size_t I = 0>
void for_each_operator(auto&& f) {
  if constexpr (I < std::variant_size_v<Op>) {
    f(std::variant_alternative_t<I, Op>{});
    for_each_operator<I + 1>(f);
  }
}

// Reads back what print(Op) wrote.
Op reparse(const std::string& text) {
  Scanner in(text);
  Op op = *make_op(in.word());
  while (in.peek() != '\0') {
    const std::string_view field = in.word();
    in.expect("=");
    const auto ok = set_field(op, field, in.field_value());
    if (!ok) FAIL(ok.error().message);
  }
  return op;
}

}  // namespace

TEST_CASE("every operator with random fields reads back as it was printed") {
  RandomValue random;
  for_each_operator([&](auto op) {
    for (int i = 0; i < 50; ++i) {
      op.fields(op, random);
      const std::string text = print(Op(op));
      CAPTURE(text);
      CHECK(reparse(text) == Op(op));
      CHECK(hash(reparse(text)) == hash(Op(op)));
    }
  });
}

TEST_CASE("graphs within graphs read back as they were printed") {
  const std::string text = R"(graph "outer" (%c: bool[], %n: i64[], %x: f32[2]) -> (%y) {
  %y: f32[2] = branch(%c, %n, %x) yes=graph "" (%n: i64[], %x: f32[2]) -> (%y) {
      const %true: bool[] = {true}
      %y: f32[2] = loop(%n, %true, %x) limit=4 carried=1 body=graph "" (%i: i64[], %x: f32[2]) -> (%true, %y) {
          const %true: bool[] = {true}
          %y: f32[2] = elementwise(%x) fn=relu @"inner }"
        }
    } no=graph "" (%n: i64[], %x: f32[2]) -> (%x) {
    } @"choose"
}
)";
  const auto g = parse(text);
  if (!g) FAIL(halite::to_string(g.error()));
  CHECK(g->nodes[0].name == "choose");
  const std::string again = print(*g);
  CHECK(again == text);
}

TEST_CASE("errors in graphs within graphs are told") {
  const std::string head = "graph \"\" (%c: bool[]) -> (%y) { %y: f32[] = branch(%c) yes=";
  CHECK(error_of(head + "graph \"\" () -> (%z) {} no=none }").find("in the graph of field yes: ") !=
        std::string::npos);
  CHECK(error_of(head + "graph \"\" () -> (%z) {").find("this graph has no end") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "graph \"\" () -> () {";
  CHECK(error_of(head + deep).find("nested more than 32 deep") != std::string::npos);
}

TEST_CASE("a graph with constants of every element type reads back as it was printed") {
  Graph g;
  g.name = "all \"types\"\n\x01";
  const ValueId x = g.add_input("x y/0:\xc3\xa9", {DType::f32, {2, 3}, {}});
  for (int i = 0; i < kDTypeCount; ++i) {
    Tensor t = Tensor::zeros({static_cast<DType>(i), {4}, {}});
    const double lowest = is_signed(t.type().dtype) ? -3 : 0;
    t.set(0, lowest);
    t.set(1, 1);
    t.set(2, is_float(t.type().dtype) ? 0.1 : 100);
    t.set(3, is_float(t.type().dtype) ? std::numeric_limits<double>::infinity() : 5);
    g.add_constant("c" + std::to_string(i), std::move(t));
  }
  g.add_constant("scalar",
                 Tensor::of<int64_t>(std::vector<int64_t>{std::numeric_limits<int64_t>::min() + 1}, {}));
  g.add_constant("none", Tensor::zeros({DType::f32, {0, 3}, {}}));
  const auto y = g.add_node("node \"1\"", Elementwise{Fn::leaky_relu, 0.1}, {x});
  REQUIRE(y);
  const auto z = g.add_node("", Transpose{{1, 0}}, {(*y)[0]});
  REQUIRE(z);
  g.outputs = {(*z)[0], x, (*z)[0]};
  const std::string text = print(g);
  const auto again = parse(text);
  if (!again) FAIL(to_string(again.error()));
  CHECK(print(*again) == text);
  CHECK(again->name == g.name);
  CHECK(again->nodes[0].name == "node \"1\"");
  for (size_t i = 0; i < g.values.size(); ++i) {
    CHECK(again->values[i].name == g.values[i].name);
    CHECK(again->values[i].type == g.values[i].type);
    if (g.values[i].constant) {
      const auto a = again->values[i].constant->bytes(), b = g.values[i].constant->bytes();
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
  }
}

TEST_CASE("quantized types read back as they were printed") {
  Graph g;
  g.inputs.push_back(g.add_value("a", {DType::i8, {2, 3}, Quantization{{0.5f}, {-3}, -1}}));
  g.inputs.push_back(g.add_value("b", {DType::u8, {2, 3}, Quantization{{0.1f, 1e-9f}, {0, 255}, 0}}));
  g.outputs = g.inputs;
  const auto again = parse(print(g));
  if (!again) FAIL(to_string(again.error()));
  CHECK(again->values[0].type == g.values[0].type);
  CHECK(again->values[1].type == g.values[1].type);
}

TEST_CASE("a large constant is printed as its hash and filled the same way each time") {
  const std::string text = "graph \"g\" () -> (%c) {\n  const %c: f32[100] = #0123456789abcdef\n}\n";
  const auto a = parse(text), b = parse(text);
  REQUIRE(a);
  CHECK(print(*a) == print(*b));
  CHECK(print(*a).find("= #") != std::string::npos);
  const auto full = parse(print(*a, {1000}));
  REQUIRE(full);
  CHECK(print(*full, {1000}) == print(*a, {1000}));
}

TEST_CASE("states read back as they were printed, whatever their output is") {
  const std::string text =
      "graph \"g\" (%x: f32[2]) -> (%y) {\n"
      "  state %a: f32[2] = zeros -> %y\n"
      "  state %b: f32[2] = {1, -2} -> %a @\"cell/b\"\n"
      "  state %c: i8[20] = #0123456789abcdef -> %c\n"
      "  state %d: f32[2] = {3, 4} -> %two\n"
      "  const %two: f32[2] = {2, 2}\n"
      "  %y: f32[2] = elementwise(%a, %b) fn=add\n}\n";
  const auto g = parse(text);
  if (!g) FAIL(to_string(g.error()));
  REQUIRE(g->states.size() == 4);
  CHECK(g->states[0].name == "a");
  CHECK(g->states[1].name == "cell/b");
  CHECK(g->states[1].initial.at(1) == -2);
  CHECK(g->states[1].output == g->states[0].input);
  const auto hashless = [](std::string s) { return s.replace(s.find('#') + 1, 16, ""); };
  CHECK(hashless(print(*g)) == hashless(text));
}

TEST_CASE("errors in the text say line and column") {
  CHECK(error_of("") == "line 1, column 1: expected 'graph', found the end");
  CHECK(error_of("graph \"g\" (%x: f33[1]) -> () {}") ==
        "line 1, column 16: no element type is called 'f33'");
  CHECK(error_of("graph \"g\" () -> (%y) {\n}\n") == "line 1, column 18: %y is not defined before its use");
  const std::string head = "graph \"g\" (%x: f32[2]) -> (%x) {\n";
  CHECK(error_of(head + "  %y: f32[2] = elemental(%x)\n}") ==
        "line 2, column 16: no operator is called 'elemental'");
  CHECK(error_of(head + "  %y: f32[2] = elementwise(%x) fn=rely\n}") ==
        "line 2, column 32: 'rely' is no value of field fn");
  CHECK(error_of(head + "  %y: f32[2] = elementwise(%x) gamma=1\n}") ==
        "line 2, column 32: elementwise has no field gamma");
  CHECK(error_of(head + "  const %c: f32[2] = {1}\n}") ==
        "line 2, column 22: 1 elements, but f32[2] has more");
  CHECK(error_of(head + "  const %c: i8[1] = {300}\n}") == "line 2, column 22: '300' is no i8");
  CHECK(error_of(head + "  const %x: i8[1] = {3}\n}") == "line 2, column 9: %x is defined a second time");
  CHECK(error_of(head + "  state %h: f32[2] = zeros -> %z\n}") ==
        "line 2, column 31: %z is not defined before its use");
  CHECK(error_of(head + "  state %h: f32[3] = zeros -> %x\n}") ==
        "h: the state is f32[3], but its output is f32[2]");
  CHECK(error_of(head + "} more") == "line 2, column 3: text behind the graph");
  CHECK(error_of("graph \"g\" (%x: f32[9999999999,9999999999]) -> (%x) {}") ==
        "line 1, column 16: shape [9999999999,9999999999] is out of range");
}

TEST_CASE("a wrong type in the text is found by the verifier") {
  const std::string text =
      "graph \"g\" (%x: f32[2]) -> (%y) {\n  %y: f32[3] = elementwise(%x) fn=exp @\"e\"\n}";
  CHECK(error_of(text) == "e: output y is f32[3], but elementwise gives f32[2]");
}

TEST_CASE("no damage to a text makes the parser fail otherwise than with an error") {
  const std::string text =
      "graph \"g\" (%x: f32[2,2]) -> (%y) {\n  const %c: f32[2,2] = {1, 2, 3, 4}\n"
      "  state %h: f32[2,2] = zeros -> %a @\"h\"\n"
      "  %a: f32[2,2] = elementwise(%x, %c) fn=add @\"n\"\n  %y: f32[4] = reshape(%a) shape=[4]\n}\n";
  REQUIRE(error_of(text) == "none");
  std::mt19937 random(3);
  for (size_t length = 0; length < text.size() - 2; ++length)
    CHECK(error_of(text.substr(0, length)) != "none");
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = text;
    for (int n = 0; n < 3; ++n) damaged[random() % damaged.size()] = static_cast<char>(random() % 96 + 32);
    (void)parse(damaged);
  }
}
