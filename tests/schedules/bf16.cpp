// Sums in f32 of products of bf16, with and without instructions that multiply pairs of them.
#include <doctest/doctest.h>

#include "tests/schedules/check_kernel.h"

namespace {

using namespace halite;

/// Products are exact, so only the order of f32's sums of at most some hundreds of products is left.
constexpr double kRounding = 0x1p-18;

TEST_CASE("convolutions of bf16: borders, odd runs, strides, groups, channels that fill no vector") {
  struct Layer {
    std::string x, w, channels, y, fields;
  };
  for (const Layer& l : {Layer{"1,7,7,16", "24,1,1,16", "24", "1,7,7,24", ""},
                         Layer{"1,8,8,32", "40,3,3,32", "40", "1,8,8,40", "pad=[1,1,1,1]"},
                         Layer{"1,9,9,3", "20,3,3,3", "20", "1,5,5,20", "stride=[2,2] pad=[1,1,1,1]"},
                         Layer{"2,6,6,7", "5,1,1,7", "5", "2,6,6,5", ""},
                         Layer{"1,5,5,12", "18,3,3,4", "18", "1,5,5,18", "groups=3 pad=[1,1,1,1]"},
                         Layer{"1,7,7,16", "16,3,3,1", "16", "1,7,7,16", "groups=16 pad=[1,1,1,1]"},
                         Layer{"1,4,4,64", "33,1,1,64", "33", "1,2,2,33", "stride=[2,2]"}}) {
    for (const bool constant : {true, false}) {
      const std::string w = "%w: bf16[" + l.w + "]", b = "%b: f32[" + l.channels + "]";
      const std::string text = "graph \"g\" (%x: bf16[" + l.x + "]" + (constant ? "" : ", " + w + ", " + b) +
                               ") -> (%y) {\n" +
                               (constant ? "  const " + w + " = #1\n  const " + b + " = #2\n" : "") +
                               "  %y: f32[" + l.y + "] = conv2d(%x, %w, %b) " + l.fields + "\n}\n";
      CAPTURE(text);
      test::check_kernel(text, {.rtol = kRounding, .atol = 1e-4, .dots = true});
    }
  }
}

TEST_CASE("products of bf16 matrices, of constant and of other ones") {
  for (const std::string k : {"1", "6", "33", "64"}) {
    for (const bool constant : {true, false}) {
      const std::string w = "%w: bf16[" + k + ",40]";
      const std::string text = "graph \"g\" (%x: bf16[5," + k + "]" + (constant ? "" : ", " + w) +
                               ") -> (%y) {\n" + (constant ? "  const " + w + " = #1\n" : "") +
                               "  const %b: f32[40] = #2\n  %y: f32[5,40] = matmul(%x, %w, %b)\n}\n";
      CAPTURE(text);
      test::check_kernel(text, {.rtol = kRounding, .atol = 1e-4, .dots = true});
    }
  }
}

TEST_CASE("what is added to a product is widened, and its result rounded where it is stored") {
  // A sum of f32 that differs in the last bit may round to the next bf16.
  test::check_kernel(R"(graph "g" (%x: bf16[1,7,7,16], %skip: bf16[1,7,7,24]) -> (%y) {
  const %w: bf16[24,1,1,16] = #1
  %p: f32[1,7,7,24] = conv2d(%x, %w)
  %s: f32[1,7,7,24] = cast(%skip) to=f32
  %t: f32[1,7,7,24] = elementwise(%p, %s) fn=add
  %r: f32[1,7,7,24] = elementwise(%t) fn=relu
  %y: bf16[1,7,7,24] = cast(%r) to=bf16
}
)",
                     {.rtol = 0x1p-7, .atol = 1e-4, .dots = true});
}

}  // namespace
