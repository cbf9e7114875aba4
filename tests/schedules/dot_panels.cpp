// Convolutions of bytes by dot products that take a lane: panels of inputs whatever strides, padding,
// dilation, rests of pixels, channels and steps, and the types and zero points of both factors.
#include <doctest/doctest.h>

#include "ir/text.h"
#include "tests/schedules/check_kernel.h"
#include "tests/support/error_text.h"

using namespace halite;
using test::check_kernel;

namespace {

struct Layer {
  std::string x, weights, y;  ///< types without channels, but for the weights' last two axes
  int64_t in, out;
  std::string fields = {};
};

std::string list(int64_t count, auto&& element) {
  std::string text;
  for (int64_t i = 0; i < count; i++) text += (i ? "," : "") + std::to_string(element(i));
  return "{" + text + "}";
}

std::string consts(const Layer& l) {
  const std::string ic = std::to_string(l.in), oc = std::to_string(l.out);
  return "  const %w: i8[" + oc + "," + l.weights + "," + ic + "] = #71a\n  const %b: i32[" + oc +
         "] = " + list(l.out, [](int64_t i) { return i * 37 - 400; }) + "\n";
}

std::string head(const Layer& l) {
  return "graph \"t\" (%x: " + l.x + std::to_string(l.in) + "]) -> (%y) {\n" + consts(l);
}

std::string sums(const Layer& l) {
  return head(l) + "  %y: i32" + l.y + std::to_string(l.out) + "] = conv2d(%x, %w, %b) " + l.fields + "\n}";
}

/// The same, scaled to bytes channel by channel.
std::string scaled(const Layer& l, const std::string& to) {
  const std::string oc = std::to_string(l.out), shape = l.y + oc + "]";
  return head(l) + "  const %m: i32[" + oc +
         "] = " + list(l.out, [](int64_t i) { return (1 << 30) + i * 40961; }) + "\n  const %s: i32[" + oc +
         "] = " + list(l.out, [](int64_t i) { return 37 + i % 5; }) + "\n  %c: i32" + shape +
         " = conv2d(%x, %w, %b) " + l.fields + "\n  %y: " + to + shape +
         " = requantize(%c, %m, %s) to=" + to + " zero_point=" + (to == "u8" ? "121" : "-5") + "\n}";
}

const test::Machine& by_lane() { return test::dot_machines().back(); }

std::string strategy_of(const std::string& text) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  std::vector<ir::Tensor> inputs;
  for (auto id : graph->inputs) inputs.push_back(test::random_tensor(graph->type(id), 0, 100, 1));
  return test::Runner(*graph, by_lane(), inputs, false, false).strategy;
}

const Layer kLayers[] = {
    {"i8[1,14,14,", "1,1", "[1,14,14,", 64, 64, "x_zero=3"},
    {"u8[1,14,14,", "1,1", "[1,14,14,", 32, 24, "x_zero=128"},
    {"i8[2,9,13,", "1,1", "[2,9,13,", 8, 20},              // rests of pixels
    {"u8[1,5,5,", "1,1", "[1,5,5,", 12, 7, "x_zero=200"},  // one chunk a block
    {"i8[1,6,7,", "1,1", "[1,6,7,", 5, 16, "x_zero=-9"},   // a rest of a step
    {"i8[1,13,11,", "1,1", "[1,7,6,", 16, 17, "stride=[2,2] x_zero=-128"},
    {"u8[1,9,9,", "3,3", "[1,9,9,", 16, 40, "pad=[1,1,1,1] x_zero=77"},
    {"i8[1,15,15,", "3,3", "[1,8,8,", 24, 12, "stride=[2,2] pad=[1,1,1,1] x_zero=5"},
    {"i8[1,10,12,", "3,3", "[1,5,6,", 3, 8, "stride=[2,2] pad=[0,0,1,1] x_zero=-1"},  // rows of taps
    {"u8[1,19,19,", "7,7", "[1,10,10,", 3, 9, "stride=[2,2] pad=[3,3,3,3] x_zero=114"},
    {"i8[1,11,11,", "3,3", "[1,7,7,", 20, 8, "dilation=[2,2] x_zero=4"},
    {"i8[1,9,9,", "3,3", "[1,5,5,", 6, 8, "dilation=[2,2] x_zero=4"},
    {"i8[1,6,6,", "3,3", "[1,4,4,", 5, 11, "x_zero=4 w_zero=0"},
    {"u8[1,8,1,", "5,1", "[1,8,1,", 16, 12, "pad=[2,0,2,0] x_zero=1"}};  // one column

}  // namespace

TEST_CASE("panels of dot products equal the reference") {
  for (const Layer& l : kLayers) {
    const test::Check check{.low = l.x[0] == 'u' ? 0.0 : -128, .high = 127, .by_lane = true};
    check_kernel(sums(l), check);
    check_kernel(scaled(l, l.out % 3 == 0 ? "i8" : "u8"), check);
  }
}

TEST_CASE("panels serve dense layers of bytes with constant weights whose panels fit on the stack") {
  for (const Layer& l : kLayers) CHECK_MESSAGE(strategy_of(sums(l)) == "panels", sums(l));
  CHECK(strategy_of(sums({"i8[1,9,9,", "3,3", "[1,9,9,", 512, 8, "pad=[1,1,1,1]"})) == "dots");
  CHECK(strategy_of(sums({"i8[1,1,1,", "1,1", "[1,1,1,", 256, 2, "x_zero=-3"})) == "dots");
  CHECK(strategy_of(sums({"i16[1,9,9,", "1,1", "[1,9,9,", 16, 8})) != "panels");
}
