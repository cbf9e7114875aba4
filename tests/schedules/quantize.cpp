// quantize, requantize and dequantize of reals: ties, saturation, what is no number, and when a kernel may
// take for granted that there is none.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ir/text.h"
#include "schedules/reals.h"
#include "tests/schedules/check_kernel.h"
#include "tests/support/error_text.h"

using namespace halite;
using test::check_kernel;

namespace {

const std::vector<std::string> kTypes{"u8", "i8", "u16", "i16", "i32"};

std::string zero_of(const std::string& type) { return type[0] == 'u' ? "131" : "-7"; }

/// Ties, both ends of every type, and what is outside of it.
ir::Tensor awkward_reals() {
  std::vector<float> values{0.0f, -0.0f, 1e-40f, 1e38f, -1e38f, 3e9f, -3e9f, 1073741824.0f, -8388609.0f};
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float special : {kInfinity, -kInfinity, std::nanf("")}) values.push_back(special);
  for (const float centre : {0.0f, 124.0f, -131.0f, 121.0f, -121.0f, 32767.0f, -32768.0f, 65404.0f, -131.0f})
    for (int i = -4; i <= 4; i++) values.push_back(centre + 0.5f * static_cast<float>(i));
  for (const float half : {0.5f, 1.5f, 2.5f, 126.5f})
    for (const float to : {-kInfinity, kInfinity}) values.push_back(std::nextafter(half, to));
  while (values.size() % 16 != 3) values.push_back(static_cast<float>(values.size()) / 3);
  auto tensor = ir::Tensor::zeros({ir::DType::f32, {static_cast<int64_t>(values.size())}, {}});
  std::copy(values.begin(), values.end(), tensor.mutable_data<float>().begin());
  return tensor;
}

using schedules::Rounded;

Rounded rounded(const std::string& text) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  schedules::Group group;
  for (uint32_t i = 0; i < graph->nodes.size(); i++) group.nodes.push_back(ir::NodeId{i});
  return schedules::what_is_rounded(*graph, group, group.nodes.back());
}

}  // namespace

TEST_CASE("reals are rounded to even and saturated, and what is no number is the zero point") {
  const ir::Tensor x = awkward_reals();
  const std::string n = std::to_string(x.type().elements());
  for (const auto& type : kTypes)
    for (const std::string ties : {"even", "away"})
      for (const bool by_lane : {false, true})
        check_kernel("graph \"t\" (%x: f32[" + n + "]) -> (%y) {\n  const %s: f32[1] = {1}\n  %y: " + type +
                         "[" + n + "] = quantize(%x, %s) to=" + type + " ties=" + ties + " zero_point=[" +
                         zero_of(type) + "]\n}",
                     {.by_lane = by_lane, .inputs = {x}});
}

TEST_CASE("sums times real scales are rounded to even and saturated") {
  for (const auto& type : kTypes)
    for (const std::string scale : {"0.5", "0.0078125", "1e-38", "3e38"})
      for (const bool by_lane : {false, true})
        check_kernel("graph \"t\" (%x: i32[3,37]) -> (%y) {\n  const %s: f32[1] = {" + scale +
                         "}\n  %y: " + type + "[3,37] = requantize(%x, %s) rounding=real to=" + type +
                         " zero_point=" + zero_of(type) + "\n}",
                     {.low = -300, .high = 300, .by_lane = by_lane});
}

TEST_CASE("a sum of two dequantized tensors is quantized in one kernel") {
  check_kernel(
      "graph \"t\" (%a: u8[5,67], %b: i8[5,67]) -> (%y) {\n  const %s: f32[1] = {0.0371}\n"
      "  const %t: f32[1] = {0.113}\n"
      "  %ar: f32[5,67] = dequantize(%a, %s) zero_point=[3]\n  %br: f32[5,67] = dequantize(%b, %t)\n"
      "  %sum: f32[5,67] = elementwise(%ar, %br) fn=add\n  %relu: f32[5,67] = elementwise(%sum) fn=relu\n"
      "  %y: u8[5,67] = quantize(%relu, %t) to=u8 zero_point=[9]\n}",
      {.low = 0, .high = 127});
}

TEST_CASE("bounds tell which reals are numbers, and which are small") {
  const auto requantized = [](const std::string& scale) {
    return rounded("graph \"t\" (%x: i32[4]) -> (%y) {\n  const %s: f32[1] = {" + scale +
                   "}\n  %y: u8[4] = requantize(%x, %s) rounding=real to=u8\n}");
  };
  CHECK(requantized("0.5") == Rounded::number);
  CHECK(requantized("0.24") == Rounded::small);
  CHECK(requantized("1e30") == Rounded::anything);  // sums may be 2^31
  CHECK(requantized("inf") == Rounded::anything);
  CHECK(requantized("nan") == Rounded::anything);
  const auto quantized = [](const std::string& given, const std::string& scale, const std::string& node) {
    return rounded("graph \"t\" (%x: " + given + "[4]) -> (%y) {\n  const %s: f32[1] = {" + scale +
                   "}\n  const %two: f32[1] = {2}\n" + node + "  %y: u8[4] = quantize(%r, %s) to=u8\n}");
  };
  const std::string real = "  %r: f32[4] = dequantize(%x, %two)\n";
  CHECK(quantized("u8", "0.5", real) == Rounded::small);
  CHECK(quantized("u8", "1e-7", real) == Rounded::number);
  CHECK(quantized("u8", "0", real) == Rounded::anything);  // 0 / 0
  CHECK(quantized("f32", "0.5", "  %r: f32[4] = elementwise(%x) fn=relu\n") == Rounded::anything);
  CHECK(quantized("i8", "0.5",
                  "  %d: f32[4] = cast(%x) to=f32\n  %r: f32[4] = elementwise(%d, %two) fn=mul\n") ==
        Rounded::small);
  CHECK(quantized("i8", "0.5", "  %d: f32[4] = cast(%x) to=f32\n  %r: f32[4] = elementwise(%d) fn=log\n") ==
        Rounded::anything);
}
