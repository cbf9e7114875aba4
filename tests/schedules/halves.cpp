// How long f16 sums products. Kernels of f16 are run under an emulator that has it
// (tests/tools/precision.cpp).
#include "schedules/halves.h"

#include <Halide.h>
#include <doctest/doctest.h>

#include "schedules/register_tile.h"

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

TEST_CASE("rows of a first layer are runs of f16, too") {
  const targets::Facts facts{.vector_bits = 128, .native_f16 = true};
  const ir::Type x{ir::DType::f16, {1, 9, 9, 3}, {}};
  const Sums s = plan_sums({.inputs = {x}, .constant = {}, .output = x, .facts = facts}, 7 * 3, 1, 7);
  CHECK(s.element() == ir::DType::f16);
  CHECK(s.in_runs);
  CHECK(s.channels == 21);
  CHECK(s.rows == 1);
}

TEST_CASE("the last block of a run overlaps the one before, and each step has its lane") {
  for (const int64_t run : {8, 9, 15, 16, 21, 27}) {
    const Blocks blocks{run, 8};
    for (int k = 0; k < run; ++k) {
      const Halide::Expr first = Halide::Internal::simplify(blocks.start(k / 8)),
                         in_block = Halide::Internal::simplify(blocks.step(k));
      const int64_t *start = Halide::Internal::as_const_int(first),
                    *lane = Halide::Internal::as_const_int(in_block);
      REQUIRE((start && lane));
      CHECK(*start + *lane == k);
      CHECK((*lane >= 0 && *lane < 8));
      CHECK(*start + 8 <= run);
    }
  }
}

}  // namespace
