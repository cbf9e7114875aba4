// What Halide cannot name becomes instructions of vectors, and sums stay in general registers through a loop.
#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "ir/text.h"
#include "tests/support/error_text.h"

using namespace halite;

namespace {

std::string compiled(const std::string& text, const char* target = "cortex-m55") {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  codegen::CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  options.emit_asm = true;
  auto artifact = codegen::compile(*std::move(graph), options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return artifact->assembly;
}

/// A convolution of 64 channels and its scaling, compiled; the assembly of its kernel.
std::string assembly(const std::string& rounding, const std::string& fields) {
  const std::string text = R"(graph "net" (%x: i8[1,6,6,64]) -> (%y) {
    const %w: i8[16,1,1,64] = #89abcdef01234567
    const %b: i32[16] = #0000000000000000
    const %m: i32[1] = {1500000000}
    const %s: i32[1] = {40}
    %c: i32[1,6,6,16] = conv2d(%x, %w, %b) x_zero=3
    %y: i8[1,6,6,16] = requantize(%c, %m, %s) to=i8 zero_point=-5 rounding=)" +
                           rounding + " " + fields + "\n}";
  return compiled(text);
}

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) found++;
  return found;
}

}  // namespace

TEST_CASE("four sums are scaled, shifted and saturated by one instruction each") {
  const std::string single = assembly("single", ""), twice = assembly("twice", "");
  for (const auto& text : {single, twice}) {
    CHECK(count(text, "vmlava.s8") == 4);
    CHECK(count(text, "vshl.s32") == 1);
    CHECK(count(text, "vqmovnb.s32") == 1);
    CHECK(count(text, "hl_") == 0);
  }
  CHECK(count(single, "vmulh.s32") == 1);
  CHECK(count(twice, "vqrdmulh.s32") == 1);
  // Other limits than the type's own take a minimum and a maximum.
  CHECK(count(assembly("single", "low=-128 high=90"), "vmin.s32") == 1);
}

TEST_CASE("sums of products leave the general registers once, behind the loop") {
  const std::string text = assembly("single", "");
  const size_t loop = text.rfind("le\tlr");
  REQUIRE(loop != std::string::npos);
  CHECK(count(text.substr(text.find("vmlava.s8"), loop - text.find("vmlava.s8")), "vmov") == 0);
  CHECK(count(text.substr(loop), "vmov\tq") == 2);
}

TEST_CASE("the sum of two scaled values is scaled in 32 bits, too") {
  const std::string text = compiled(R"(graph "net" (%x: i8[1,6,6,64], %r: i8[1,6,6,16]) -> (%y) {
    const %w: i8[16,1,1,64] = #89abcdef01234567
    const %bias: i32[16] = #0000000000000000
    const %shifted: i32[1,1,1,1] = {1048576}
    const %m0: i32[1] = {1500000000}
    const %m1: i32[1] = {1600000000}
    const %m2: i32[1] = {1700000000}
    const %first: i32[1] = {40}
    const %s: i32[1] = {32}
    const %last: i32[1] = {50}
    %c: i32[1,6,6,16] = conv2d(%x, %w, %bias) x_zero=3
    %a: i8[1,6,6,16] = requantize(%c, %m0, %first) to=i8
    %ai: i32[1,6,6,16] = cast(%a) to=i32
    %al: i32[1,6,6,16] = elementwise(%ai, %shifted) fn=mul
    %as: i32[1,6,6,16] = requantize(%al, %m1, %s) rounding=twice to=i32
    %ri: i32[1,6,6,16] = cast(%r) to=i32
    %rl: i32[1,6,6,16] = elementwise(%ri, %shifted) fn=mul
    %sum: i32[1,6,6,16] = elementwise(%as, %rl) fn=add
    %y: i8[1,6,6,16] = requantize(%sum, %m2, %last) rounding=twice to=i8 zero_point=4
  })");
  CHECK(count(text, "vqrdmulh.s32") == 2);
  CHECK(count(text, "mull") == 0);
}

TEST_CASE("a fused product and sum is one instruction for a whole vector, or for one element") {
  const auto sigmoid = [](const std::string& extent) {
    return compiled(R"(graph "net" (%x: f32[)" + extent + "]) -> (%y) {\n%y: f32[" + extent +
                        "] = elementwise(%x) fn=sigmoid\n}",
                    "arm64");
  };
  const std::string vectors = sigmoid("64"), element = sigmoid("1");
  for (const auto& text : {vectors, element}) CHECK(count(text, "fmaf") == 0);
  CHECK(count(vectors, "fmadd") == 0);
  CHECK(count(element, "fdiv") == 1);
}
