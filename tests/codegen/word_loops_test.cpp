// Loops over words of int8 become blocks of assembly where a machine multiplies halfwords; answers stay those
// of the interpreter, for every shape of a tile, for sums as large as they may be, and for weights that
// cannot pair.
#include <doctest/doctest.h>

#include "tests/codegen/integer_models.h"

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

/// The assembly, after outputs on a Cortex-M4 agreed with the interpreter's.
std::string assembly_of(const std::string& text, bool optimize_size = false, Input values = {}) {
  return checked(text, "cortex-m4", values, optimize_size).assembly;
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
