// Loops over words of int8 become blocks of assembly where a machine multiplies halfwords; answers stay those
// of the interpreter, for every shape of a tile, for sums as large as they may be, and for weights that
// cannot pair.
#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "codegen/link.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "targets/machine.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// How often a block of ours loads two words of weights and moves on.
int words_of(const std::string& assembly) {
  int times = 0;
  for (size_t at = assembly.find("ldrd"); at != std::string::npos; at = assembly.find("ldrd", at + 1)) {
    const std::string line = assembly.substr(at, assembly.find('\n', at) - at);
    if (line.ends_with("], #8")) times++;
  }
  return times;
}

struct Input {
  int modulus = 256, offset = -128;
};

/// The assembly, after outputs on a Cortex-M4 agreed with the interpreter's.
std::string assembly_of(const std::string& text, bool optimize_size = false, Input values = {}) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, to_string(graph.error()));
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find("cortex-m4");
  options.optimize_size = optimize_size;
  options.emit_asm = true;
  const auto artifact = compile(*graph, options);
  REQUIRE_MESSAGE(artifact, to_string(artifact.error()));
  if (!targets::run_command(options.target)) {
    MESSAGE("not run: " << targets::how_to_run(options.target));
    return artifact->assembly;
  }
  auto input = ir::Tensor::zeros(graph->type(graph->inputs[0]));
  for (int64_t i = 0; i < input.type().elements(); i++)
    input.set(i, double((i * 37 + i / 7 + 11) % values.modulus + values.offset));
  const std::vector<std::vector<ir::Tensor>> sequence{{input}};
  const auto expected = ir::interpret(*graph, sequence[0]);
  REQUIRE(expected);
  const auto found = run_on_target(*artifact, *graph, options.target, sequence);
  REQUIRE_MESSAGE(found, to_string(found.error()));
  const ir::Tensor &got = (*found)[0][0], &wanted = (*expected)[0];
  for (int64_t i = 0; i < wanted.type().elements(); i++) REQUIRE(got.at(i) == wanted.at(i));
  return artifact->assembly;
}

using Shape = std::vector<int>;

std::string list(const Shape& shape) {
  std::string text;
  for (int extent : shape) text += (text.empty() ? "[" : ",") + std::to_string(extent);
  return text + "]";
}

/// A convolution with weights that repeat those given, or without any given, -127..127.
std::string conv(const Shape& x, const Shape& w, const Shape& y, const std::string& fields = {},
                 const std::vector<int>& weights = {}) {
  std::string values;
  for (int i = 0; i < w[0] * w[1] * w[2] * w[3]; i++)
    values += (i ? ", " : "") +
              std::to_string(weights.empty() ? (i * 89 + i / 3) % 255 - 127 : weights[i % weights.size()]);
  return "graph \"g\" (%x: i8" + list(x) + ") -> (%y) {\n  const %w: i8" + list(w) + " = {" + values +
         "}\n  %y: i32" + list(y) + " = conv2d(%x, %w) " + fields + "\n}";
}

}  // namespace

TEST_CASE("a loop over words of paired weights is one block of assembly, in speed and size mode") {
  for (const bool size : {false, true}) {
    CAPTURE(size);
    // Two pixels by two channels, and one pixel by four.
    CHECK(words_of(assembly_of(conv({1, 4, 4, 64}, {8, 1, 1, 64}, {1, 4, 4, 8}), size)) > 0);
    CHECK(words_of(assembly_of(conv({1, 1, 1, 64}, {8, 1, 1, 64}, {1, 1, 1, 8}), size)) > 0);
  }
}

TEST_CASE("kernels of any size, stride and padding keep the interpreter's answers") {
  for (const auto& text : {conv({1, 7, 9, 16}, {6, 3, 3, 16}, {1, 7, 9, 6}, "pad=[1,1,1,1]"),
                           conv({1, 13, 9, 3}, {9, 3, 3, 3}, {1, 7, 5, 9}, "stride=[2,2] pad=[1,1,1,1]"),
                           conv({1, 12, 10, 1}, {8, 10, 4, 1}, {1, 6, 5, 8}, "stride=[2,2] pad=[4,1,5,1]"),
                           conv({1, 5, 40, 128}, {4, 1, 1, 128}, {1, 5, 10, 4}, "stride=[1,4]"),
                           conv({1, 6, 7, 40}, {7, 1, 1, 40}, {1, 6, 7, 7}),
                           conv({1, 9, 9, 1}, {6, 3, 3, 1}, {1, 4, 4, 6}, "stride=[2,2]"),
                           conv({1, 14, 14, 12}, {6, 3, 3, 12}, {1, 7, 7, 6}, "stride=[2,2] pad=[0,0,1,1]"),
                           conv({1, 7, 7, 24}, {12, 3, 3, 24}, {1, 3, 3, 12}, "stride=[2,2]"),
                           conv({1, 6, 6, 16}, {6, 3, 3, 8}, {1, 6, 6, 6}, "pad=[1,1,1,1] groups=2")}) {
    CAPTURE(text.substr(text.size() - 120));
    assembly_of(text);
  }
}

TEST_CASE("sums of 24 bits pair, larger ones and weights of -128 do not, and all are exact") {
  const Input least{1, -128};
  for (const std::vector<int>& weights : {std::vector{127}, {-127}, {127, -127, -127, 127}}) {
    for (const int words : {129, 130}) {  // 128 * 127 * 516 = 2^23 - 512
      CAPTURE(words);
      const auto text = conv({1, 1, 2, 4 * words}, {2, 1, 1, 4 * words}, {1, 1, 2, 2}, "", weights);
      CHECK((words_of(assembly_of(text, false, least)) > 0) == (words == 129));
    }
  }
  const auto text = conv({1, 4, 4, 16}, {4, 1, 1, 16}, {1, 4, 4, 4}, "", {-128, 127, -128, 1});
  CHECK(words_of(assembly_of(text, false, {2, -128})) == 0);
}
