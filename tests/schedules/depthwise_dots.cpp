// Depthwise convolutions of bytes by dot products of columns: kernels of any height, padding, strides and
// dilations, zero points of both factors.
#include <doctest/doctest.h>

#include "ir/text.h"
#include "tests/schedules/check_kernel.h"
#include "tests/support/error_text.h"

using namespace halite;
using test::check_kernel;

namespace {

std::string layer(const std::string& x, const std::string& weights, const std::string& y, int64_t channels,
                  const std::string& fields) {
  const std::string c = std::to_string(channels);
  std::string bias;
  for (int64_t i = 0; i < channels; i++) bias += (i ? "," : "") + std::to_string(i * 37 - 400);
  return "graph \"t\" (%x: " + x + c + "]) -> (%y) {\n  const %w: i8[" + c + "," + weights +
         ",1] = #71a\n  const %b: i32[" + c + "] = {" + bias + "}\n  %y: i32" + y + c +
         "] = conv2d(%x, %w, %b) groups=" + c + " " + fields + "\n}";
}

/// Whether a machine with dot products of four unsigned bytes takes the layer so.
std::string strategy_of(const std::string& text) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  std::vector<ir::Tensor> inputs;
  for (auto id : graph->inputs) inputs.push_back(test::random_tensor(graph->type(id), 0, 100, 1));
  return test::Runner(*graph, test::dot_machines()[3], inputs, false, false).strategy;
}

}  // namespace

TEST_CASE("a depthwise conv2d by dot products equals the reference") {
  const test::Check u8{.low = 0, .high = 127, .dots = true}, i8{.low = -128, .high = 127, .dots = true};
  check_kernel(layer("u8[2,9,11,", "3,3", "[2,9,11,", 64, "pad=[1,1,1,1]"), u8);
  check_kernel(layer("i8[1,9,11,", "3,3", "[1,9,11,", 64, "pad=[1,1,1,1] x_zero=3"), i8);
  check_kernel(layer("u8[1,9,11,", "3,3", "[1,5,6,", 48, "stride=[2,2] pad=[1,1,1,1] x_zero=3 w_zero=-2"),
               u8);
  check_kernel(layer("i8[1,8,8,", "3,3", "[1,4,4,", 16, "stride=[2,2] pad=[0,0,1,1] x_zero=-128"), i8);
  check_kernel(layer("u8[1,9,7,", "5,5", "[1,9,7,", 32, "pad=[2,2,2,2] x_zero=1"), u8);
  check_kernel(layer("u8[1,9,9,", "3,3", "[1,5,5,", 32, "dilation=[2,2] x_zero=7"), u8);
  check_kernel(layer("i8[1,9,40,", "1,9", "[1,9,40,", 32, "pad=[0,4,0,4] x_zero=7"), i8);
  check_kernel(layer("u8[1,20,6,", "7,2", "[1,7,5,", 144, "stride=[2,1] x_zero=7"), u8);
  check_kernel(layer("u8[1,6,6,", "3,3", "[1,4,4,", 37, "x_zero=7"), u8);        // no whole vectors
  check_kernel(layer("u8[1,5,3000,", "3,3", "[1,3,2998,", 32, "x_zero=7"), u8);  // long rows
}

TEST_CASE("columns are made where whole vectors of channels and a row of them fit") {
  CHECK(strategy_of(layer("u8[1,9,9,", "3,3", "[1,7,7,", 64, "x_zero=3")) == "dots");
  CHECK(strategy_of(layer("u8[1,9,9,", "3,3", "[1,7,7,", 37, "x_zero=3")) == "rows");
  CHECK(strategy_of(layer("u8[1,5,3000,", "3,3", "[1,3,2998,", 32, "x_zero=3")) == "rows");
}
