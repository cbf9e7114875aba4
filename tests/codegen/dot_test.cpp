// Integer products use the instructions that each machine has for them, and keep sums in registers.
#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "ir/text.h"
#include "tests/codegen/integer_models.h"
#include "tests/support/error_text.h"

using namespace halite;

namespace {

std::string assembly(const char* text, const std::string& target, const std::string& features) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  codegen::CompileOptions options;
  options.name = "net";
  options.target = targets::refine(*targets::find(target), "", features);
  options.emit_asm = true;
  auto artifact = codegen::compile(*graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return artifact->assembly;
}

int count(const std::string& text, const std::string& word) {
  int n = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

constexpr const char* kConv =
    "graph \"t\" (%x: i8[1,8,8,32]) -> (%y) {\n  const %w: i8[64,3,3,32] = #89ab\n"
    "  const %b: i32[64] = #0123\n"
    "  %y: i32[1,8,8,64] = conv2d(%x, %w, %b) pad=[1,1,1,1] x_zero=-3\n}";
constexpr const char* kUnsignedConv =
    "graph \"t\" (%x: u8[1,8,8,32]) -> (%y) {\n  const %w: u8[64,1,1,32] = #89ab\n"
    "  const %b: i32[64] = #0123\n  %y: i32[1,8,8,64] = conv2d(%x, %w, %b) x_zero=130 w_zero=121\n}";
constexpr const char* kMatmul =
    "graph \"t\" (%x: i8[4,66]) -> (%y) {\n  const %w: i8[66,64] = #89ab\n  const %b: i32[64] = #0123\n"
    "  %y: i32[4,64] = matmul(%x, %w, %b) a_zero=9\n}";

struct Case {
  const char *target, *features, *bytes, *pairs;  ///< instructions; pairs: for weights of nine bits
};

const Case kCases[] = {
    {"x86-64", "", "pmaddwd", "pmaddwd"},      {"x86-64-v3", "", "vpmaddwd", "vpmaddwd"},
    {"x86-64-v4", "", "vpmaddwd", "vpmaddwd"}, {"x86-64-v4", "+avx512vnni", "vpdpbusd", "vpdpwssd"},
    {"arm64-v8.2", "", "sdot", nullptr},
};

}  // namespace

TEST_CASE("int8 products are the machine's dot products") {
  for (const Case& c : kCases) {
    INFO(std::string(c.target), ' ', std::string(c.features));
    for (const char* graph : {kConv, kMatmul})
      CHECK(count(assembly(graph, c.target, c.features), c.bytes) >= 4);
    if (c.pairs) CHECK(count(assembly(kUnsignedConv, c.target, c.features), c.pairs) >= 4);
  }
}

TEST_CASE("weights that outgrow the cache are read once, tile of channels by tile of channels") {
  for (const char* target : {"host", "x86-64-v3"})
    codegen::checked(
        "graph \"t\" (%x: i8[1,7,7,256]) -> (%y) {\n  const %w: i8[272,3,3,256] = #89ab\n"
        "  const %b: i32[272] = #0123\n"
        "  %y: i32[1,7,7,272] = conv2d(%x, %w, %b) pad=[1,1,1,1] x_zero=-3\n}",
        target);
}

TEST_CASE("dot products that take a lane have no broadcasts, and bytes are widened half by half") {
  const std::string dense = assembly(kConv, "arm64-v8.2", "");
  CHECK(count(dense, ".4b[3]") >= 4);
  CHECK(count(dense, "ld1r") == 0);
  const std::string depthwise = assembly(
      "graph \"t\" (%x: u8[1,8,8,32]) -> (%y) {\n  const %w: i8[32,3,3,1] = #89ab\n"
      "  const %b: i32[32] = #0123\n  const %s: f32[32] = #0123\n"
      "  %c: i32[1,8,8,32] = conv2d(%x, %w, %b) pad=[1,1,1,1] groups=32 x_zero=9\n"
      "  %y: u8[1,8,8,32] = requantize(%c, %s) rounding=real to=u8\n}",
      "arm64-v8.2", "");
  for (const char* instruction : {"smlal2", "fcvtns", "sqxtun"}) CHECK(count(depthwise, instruction) >= 4);
}

TEST_CASE("sums that stay small are rounded by their conversion, and saturated when they become bytes") {
  const auto quantized = [](const std::string& scale) {
    return "graph \"t\" (%x: u8[1,8,8,32]) -> (%y) {\n  const %w: i8[64,1,1,32] = #89ab\n"
           "  const %b: i32[64] = #0123\n  const %s: f32[1] = {" +
           scale +
           "}\n  %c: i32[1,8,8,64] = conv2d(%x, %w, %b)\n"
           "  %y: u8[1,8,8,64] = requantize(%c, %s) rounding=real to=u8\n}";
  };
  for (const char* target : {"x86-64", "x86-64-v3", "x86-64-v4"}) {
    CAPTURE(target);
    const std::string code = assembly(quantized("0.01").c_str(), target, "");
    CHECK(count(code, "cvtps2dq") >= 4);
    CHECK(count(code, "minps") == 0);
    // 2^32 times that leaves 32 bits, so it is saturated before.
    CHECK(count(assembly(quantized("0.3").c_str(), target, ""), "minps") >= 4);
  }
  CHECK(count(assembly(quantized("0.01").c_str(), "x86-64-v4", ""), "vpackuswb") >= 4);
}
