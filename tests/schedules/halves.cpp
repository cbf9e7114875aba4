// How long f16 sums products. Kernels of f16 are run under an emulator that has it
// (tests/tools/precision.cpp).
#include "schedules/halves.h"

#include <doctest/doctest.h>

namespace {

using namespace halite;
using namespace halite::schedules;

TEST_CASE("runs divide their channels, and are never longer than what f16 sums") {
  const targets::Facts facts{.vector_bits = 128, .native_f16 = true};
  const auto plan = [&](int64_t channels, int64_t taps) {
    const ir::Type x{ir::DType::f16, {1, 9, 9, channels}, {}};
    return plan_sums({.inputs = {x}, .constant = {}, .output = x, .facts = facts}, channels, taps, taps);
  };
  for (const int64_t channels : {3, 8, 24, 96, 128, 160, 256, 480, 960, 1280}) {
    for (const int64_t taps : {1, 3, 5}) {
      const Sums s = plan(channels, taps);
      CHECK(s.element() == ir::DType::f16);
      CHECK(channels % s.channels == 0);
      CHECK(s.channels * s.columns * s.rows <= kLongestRun);
      CHECK(s.in_runs == (channels * taps * taps > kLongestRun));
    }
  }
  CHECK(plan(131, 1).element() == ir::DType::f32);  // a prime number of them
}

}  // namespace
