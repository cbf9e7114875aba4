// Kernels of f16 against the reference: on machines that compute with it (imitated here), and on those that
// store it and compute in f32.
#include "schedules/halves.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ir/text.h"
#include "tests/schedules/check_kernel.h"

namespace {

using namespace halite;
using namespace halite::schedules;
using test::check_kernel;

/// Sums of `products` of factors in +-1: they are of the size of sqrt(products) / 3, and runs of 128 are off
/// by about 1 in 1000 of that; here by five times as much at most.
test::Check rounding(double products, double off = 0.001) {
  return {.rtol = 0x1p-10, .atol = 5 * off * std::sqrt(products) / 3, .low = -1, .high = 1, .halves = true};
}

TEST_CASE("convolutions of f16, short and in runs") {
  check_kernel(R"(graph "pointwise" (%x: f16[1,5,7,16], %r: f16[1,5,7,24]) -> (%y) {
    const %w: f16[24,1,1,16] = #1
    const %b: f16[24] = #2
    %a: f16[1,5,7,24] = conv2d(%x, %w, %b)
    %c: f16[1,5,7,24] = elementwise(%a, %r) fn=add
    %y: f16[1,5,7,24] = elementwise(%c) fn=relu
  })",
               rounding(16));
  check_kernel(R"(graph "long" (%x: f16[1,4,6,192]) -> (%y) {
    const %w: f16[20,1,1,192] = #1
    const %b: f16[20] = #2
    %y: f16[1,4,6,20] = conv2d(%x, %w, %b)
  })",
               rounding(192));
  check_kernel(R"(graph "window" (%x: f16[2,6,7,32]) -> (%y) {
    const %w: f16[12,3,3,32] = #1
    %y: f16[2,3,4,12] = conv2d(%x, %w) stride=[2,2] pad=[1,1,1,1]
  })",
               rounding(288));
  check_kernel(R"(graph "uneven" (%x: f16[1,4,4,131]) -> (%y) {
    const %w: f16[9,2,2,131] = #1
    %y: f16[1,3,3,9] = conv2d(%x, %w)
  })",
               rounding(524));
  check_kernel(R"(graph "groups" (%x: f16[1,5,5,8]) -> (%y) {
    const %w: f16[16,3,3,4] = #1
    %y: f16[1,5,5,16] = conv2d(%x, %w) pad=[1,1,1,1] groups=2
  })",
               rounding(36));
}

TEST_CASE("Winograd's convolutions of f16") {
  for (const char* ic : {"32", "160"}) {
    const std::string channels = ic;
    check_kernel("graph \"g\" (%x: f16[1,13,14," + channels + "]) -> (%y) {\n  const %w: f16[24,3,3," +
                     channels +
                     "] = #1\n  const %b: f16[24] = #2\n"
                     "  %y: f16[1,13,14,24] = conv2d(%x, %w, %b) pad=[1,1,1,1]\n}",
                 rounding(9 * std::stod(channels), 0.007));
  }
}

TEST_CASE("depthwise convolutions of f16") {
  check_kernel(R"(graph "depthwise" (%x: f16[1,6,7,24]) -> (%y) {
    const %w: f16[24,3,3,1] = #1
    const %b: f16[24] = #2
    %a: f16[1,6,7,24] = conv2d(%x, %w, %b) pad=[1,1,1,1] groups=24
    %y: f16[1,6,7,24] = elementwise(%a) fn=clamp alpha=0 beta=6
  })",
               rounding(9));
  check_kernel(R"(graph "wide" (%x: f16[1,14,15,8]) -> (%y) {
    const %w: f16[8,13,13,1] = #1
    %y: f16[1,14,15,8] = conv2d(%x, %w) pad=[6,6,6,6] groups=8
  })",
               rounding(169));
}

TEST_CASE("products of matrices of f16, and their end in f32") {
  check_kernel(R"(graph "dense" (%x: f16[3,40]) -> (%y) {
    const %w: f16[40,21] = #1
    const %b: f16[1,21] = #2
    %a: f16[3,21] = matmul(%x, %w, %b)
    %y: f32[3,21] = cast(%a) to=f32
  })",
               rounding(40));
  check_kernel(R"(graph "long" (%x: f16[2,5,256], %w: f16[2,24,256]) -> (%y) {
    %y: f16[2,5,24] = matmul(%x, %w) transpose_b=true
  })",
               rounding(256));
}

TEST_CASE("softmax and functions in f32 between f16") {
  check_kernel(R"(graph "softmax" (%x: f16[5,37]) -> (%y) {
    %a: f32[5,37] = cast(%x) to=f32
    %y: f32[5,37] = softmax(%a) axis=1
  })",
               {.rtol = 1e-5, .halves = true});
  check_kernel(R"(graph "swish" (%x: f16[3,50], %b: f16[1,50]) -> (%y) {
    %a: f32[3,50] = cast(%x) to=f32
    %s: f32[3,50] = elementwise(%a) fn=sigmoid
    %c: f32[3,50] = elementwise(%a, %s) fn=mul
    %d: f16[3,50] = cast(%c) to=f16
    %y: f16[3,50] = elementwise(%d, %b) fn=add
  })",
               {.rtol = 0x1p-10, .atol = 0x1p-12, .halves = true});
}

TEST_CASE("functions that f16 computes as f32 does agree to the bit") {
  for (const char* fn : {"add", "sub", "mul", "max", "min", "prelu"})
    check_kernel(std::string("graph \"g\" (%x: f16[3,50], %b: f16[3,50]) -> (%y) {\n") +
                     "  %y: f16[3,50] = elementwise(%x, %b) fn=" + fn + "\n}",
                 {.halves = true});
  for (const char* fn :
       {"neg", "abs", "relu", "clamp alpha=-0.1 beta=1.7", "leaky_relu alpha=0.25", "leaky_relu alpha=0.1"})
    check_kernel(std::string("graph \"g\" (%x: f16[3,50]) -> (%y) {\n") +
                     "  %y: f16[3,50] = elementwise(%x) fn=" + fn + "\n}",
                 {.halves = true});
}

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
