// Winograd's convolution by every size of tile against the reference, on machines with vectors of several
// widths, one core and two.
#include "schedules/winograd.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "ir/op.h"
#include "schedules/winograd_matrices.h"
#include "tests/schedules/kernel_of.h"

namespace {

using namespace halite;
using namespace halite::schedules;

constexpr double kRounding = 0x1p-24;

struct Machine {
  const char* name;
  targets::Facts facts;
};

const std::vector<Machine>& machines() {
  static const std::vector<Machine> list = {
      {"128",
       {.vector_bits = 128,
        .vector_registers = 32,
        .fma = true,
        .fma_lanes = 4,
        .lane_broadcast_fma = true,
        .l1_bytes = 32 << 10,
        .l2_bytes = 256 << 10,
        .max_stack_bytes = 256 << 10}},
      {"128 with 8 registers and a small stack",
       {.vector_bits = 128,
        .vector_registers = 8,
        .fma = true,
        .l2_bytes = 128 << 10,
        .max_stack_bytes = 8 << 10}},
      {"256 with 2 cores",
       {.vector_bits = 256,
        .vector_registers = 16,
        .fma = true,
        .fma_throughput = 2,
        .l1_bytes = 32 << 10,
        .l2_bytes = 256 << 10,
        .cores = 2,
        .max_stack_bytes = 128 << 10}},
      {"512",
       {.vector_bits = 512,
        .vector_registers = 32,
        .fma = true,
        .lane_broadcast_fma = true,
        .l1_bytes = 32 << 10,
        .l2_bytes = 1 << 20,
        .max_stack_bytes = 256 << 10}},
  };
  return list;
}

/// The largest error allowed, for sums of that many channels. Two outputs a tile: none, since all that is
/// added is a multiple of 1/64/256 below 2^10. Else so many roundings of the largest sum of products (see
/// winograd.h).
double allowed(const std::string& strategy, int64_t channels) {
  const double largest = 9 * static_cast<double>(channels) / 4;
  return strategy == "winograd2" ? 0 : (strategy == "winograd4" ? 16 : 32) * kRounding * largest;
}

int heap_requests = 0;
void* count_malloc(Halide::JITUserContext*, size_t bytes) {
  heap_requests++;
  return std::aligned_alloc(128, (bytes + 127) & ~size_t{127});
}
void count_free(Halide::JITUserContext*, void* p) { std::free(p); }

struct Case {
  ir::Conv2d op{.pad = {1, 1, 1, 1}};
  bool constant_bias = true, in_place = false;
};

/// x [n,h,w,c], weights [oc,3,3,c], bias [oc], in tiles of that many outputs a side.
void check(const Case& given, const ir::Shape& x, int64_t oc, const std::string& outputs = "4") {
  CAPTURE(ir::to_string(x));
  CAPTURE(oc);
  std::mt19937 rng(1);
  const auto [in, types, expected] =
      example(given.op, {exact_tensor(rng, x), exact_tensor(rng, {oc, 3, 3, x[3]}), exact_tensor(rng, {oc})});
  for (const Machine& machine : machines()) {
    Anchor anchor{types, {false, true, given.constant_bias}, expected.type(), machine.facts};
    anchor.in_place = given.in_place;
    for (const Strategy& strategy : strategies(given.op, anchor)) {
      if (!winograd::is_named(strategy.name) || outputs.find(strategy.name.back()) == std::string::npos)
        continue;
      CAPTURE(std::string(machine.name));
      CAPTURE(strategy.name);
      OpKernel kernel = kernel_of(given.op, anchor, in, strategy.name);
      kernel.pipeline.jit_handlers().custom_malloc = count_malloc;
      kernel.pipeline.jit_handlers().custom_free = count_free;
      heap_requests = 0;
      const auto got = run(kernel, Halide::get_jit_target_from_environment());
      CHECK(heap_requests == 0);
      const auto a = got[0].data<float>(), b = expected.data<float>();
      double worst = 0;
      for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(double{a[i]} - b[i]));
      CHECK(worst <= allowed(strategy.name, x[3]));
    }
  }
}

TEST_CASE("Winograd's convolution equals the reference for any size, padding and number of channels") {
  check({}, {1, 13, 11, 8}, 20, "24");
  check({{}}, {1, 9, 14, 5}, 7);
  check({{.pad = {0, 2, 1, 0}}}, {1, 7, 30, 4}, 16);
  check({}, {1, 1, 1, 16}, 16);
  check({}, {1, 28, 28, 64}, 48);
}

TEST_CASE("Winograd's convolution takes batches, a bias known at run time, and residuals in place") {
  check({}, {3, 10, 9, 8}, 24, "24");
  check({.constant_bias = false}, {2, 8, 8, 16}, 20);
  check({.in_place = true}, {1, 15, 13, 16}, 24);
}

TEST_CASE("Winograd's convolution in tiles of six outputs equals the reference") {
  check({}, {1, 41, 37, 12}, 16, "6");
}

TEST_CASE(
    "Winograd's convolution is offered for 3x3 with constant weights where their size does not matter") {
  const targets::Facts& big = machines().back().facts;
  targets::Facts small = big, scalar = big;
  small.l2_bytes = 0;
  scalar.vector_bits = 0;
  const auto offered = [](const ir::Conv2d& op, const targets::Facts& facts, bool constant = true,
                          Optimize optimize = Optimize::speed, int64_t kernel = 3) {
    const std::vector<ir::Type> in{{ir::DType::f32, {1, 16, 16, 16}, {}},
                                   {ir::DType::f32, {16, kernel, kernel, 16 / op.groups}, {}}};
    const auto out = infer(op, in);
    REQUIRE(static_cast<bool>(out));
    return winograd::strategies(op, {in, {false, constant}, (*out)[0], facts, optimize}).size();
  };
  CHECK(offered({}, big) == 3);
  CHECK(offered({}, small) == 0);
  CHECK(offered({}, scalar) == 0);
  CHECK(offered({}, big, false) == 0);
  CHECK(offered({}, big, true, Optimize::size) == 0);
  CHECK(offered({}, big, true, Optimize::speed, 5) == 0);
  CHECK(offered({.stride = {2, 1}}, big) == 0);
  CHECK(offered({.dilation = {1, 2}}, big) == 0);
  CHECK(offered({.groups = 2}, big) == 0);
}

TEST_CASE("The cost model takes Winograd's convolution for many channels and the direct one for few") {
  for (const Machine& machine : machines()) {
    const auto best = [&](int64_t size, int64_t channels) {
      const std::vector<ir::Type> in{{ir::DType::f32, {1, size, size, channels}, {}},
                                     {ir::DType::f32, {channels, 3, 3, channels}, {}}};
      const ir::Conv2d op{.pad = {1, 1, 1, 1}};
      return strategies(op, {in, {false, true}, (*infer(op, in))[0], machine.facts})[0].name;
    };
    CAPTURE(std::string(machine.name));
    CHECK(best(56, 64) != "direct");
    CHECK(best(1, 4) == "direct");
  }
}

}  // namespace
