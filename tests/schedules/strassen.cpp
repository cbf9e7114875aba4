// Strassen's product against the reference, on machines with vectors of several widths, one core and two.
#include "schedules/strassen.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "ir/op.h"
#include "schedules/strassen_plan.h"
#include "tests/schedules/kernel_of.h"

namespace {

using namespace halite;
using namespace halite::schedules;

targets::Facts by_lane(int load_list) {
  return {.vector_bits = 128,
          .vector_registers = 32,
          .fma = true,
          .fma_throughput = 2,
          .fma_lanes = 4,
          .load_list = load_list,
          .lane_broadcast_fma = true,
          .l1_bytes = 32 << 10,
          .l2_bytes = 512 << 10,
          .max_stack_bytes = 256 << 10};
}

targets::Facts by_broadcast(int bits, int cores) {
  return {.vector_bits = bits,
          .vector_registers = bits == 512 ? 32 : 16,
          .fma = true,
          .fma_throughput = 2,
          .lane_broadcast_fma = true,
          .l1_bytes = 32 << 10,
          .l2_bytes = 64 << 10,
          .cores = cores,
          .max_stack_bytes = 128 << 10};
}

const std::vector<targets::Facts>& machines() {
  static const std::vector<targets::Facts> list{by_lane(0), by_lane(4), by_broadcast(128, 1),
                                                by_broadcast(256, 2), by_broadcast(512, 1)};
  return list;
}

struct Case {
  bool constant_bias = true, in_place = false, exact = true;
};

ir::Tensor random_tensor(std::mt19937& rng, ir::Shape shape) {
  auto t = ir::Tensor::zeros({ir::DType::f32, std::move(shape), {}});
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  for (float& v : t.mutable_data<float>()) v = uniform(rng);
  return t;
}

/// Convolves x [n,h,w,c] with oc kernels of 1x1 on every machine; gives the largest error.
double largest_error(const ir::Shape& x, int64_t oc, const Case& given = {}) {
  CAPTURE(ir::to_string(x));
  CAPTURE(oc);
  std::mt19937 rng(3);
  const auto make = given.exact ? exact_tensor : random_tensor;
  const ir::Conv2d op;
  const auto [in, types, expected] =
      example(op, {make(rng, x), make(rng, {oc, 1, 1, x[3]}), make(rng, {oc})});
  double worst = 0;
  for (const targets::Facts& facts : machines()) {
    CAPTURE(facts.vector_bits);
    Anchor anchor{types, {false, true, given.constant_bias}, expected.type(), facts};
    anchor.in_place = given.in_place;
    REQUIRE(strassen::strategies(op, anchor).size() == 1);
    OpKernel kernel = kernel_of(op, anchor, in, "strassen");
    const auto got = run(kernel, Halide::get_jit_target_from_environment());
    const auto a = got[0].data<float>(), b = expected.data<float>();
    for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(double{a[i]} - b[i]));
  }
  return worst;
}

TEST_CASE("Strassen's seven products give each quarter of the eight") {
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 2; ++column) {
      int sums[4][4] = {};
      for (const auto& p : strassen::kTable)
        for (int w = 0; w < 4; ++w)
          for (int x = 0; x < 4; ++x) sums[w][x] += p.results[row * 2 + column] * p.weights[w] * p.inputs[x];
      for (int w = 0; w < 4; ++w)
        for (int x = 0; x < 4; ++x)
          CHECK(sums[w][x] == (w / 2 == row && x % 2 == column && w % 2 == x / 2 ? 1 : 0));
    }
  }
}

TEST_CASE("Strassen's product equals the reference for any number of pixels and channels") {
  CHECK(largest_error({1, 1, 196, 64}, 96) == 0);
  CHECK(largest_error({1, 1, 50, 32}, 100) == 0);
  CHECK(largest_error({1, 1, 5, 96}, 33) == 0);
  CHECK(largest_error({1, 7, 7, 64}, 64) == 0);
  CHECK(largest_error({1, 1, 784, 256}, 256) == 0);
}

TEST_CASE("Strassen's product takes batches, a bias known at run time, and residuals in place") {
  CHECK(largest_error({3, 2, 40, 32}, 48) == 0);
  CHECK(largest_error({1, 1, 49, 64}, 37, {.constant_bias = false}) == 0);
  CHECK(largest_error({1, 1, 61, 64}, 72, {.in_place = true}) == 0);
}

TEST_CASE("Strassen's product keeps the bound of its error") {
  for (const int64_t channels : {64, 1024}) {
    const double largest = static_cast<double>(channels) / 4, rounding = 0x1p-24;
    CHECK(largest_error({1, 1, 196, channels}, 64, {.exact = false}) <= 4 * rounding * largest);
  }
}

TEST_CASE("Strassen's product is offered for 1x1 with constant weights where their size does not matter") {
  targets::Facts small = by_lane(4);
  small.l2_bytes = 0;
  const auto offered = [](const ir::Conv2d& op, const targets::Facts& facts, int64_t channels = 64,
                          int64_t kernel = 1, bool constant = true, Optimize optimize = Optimize::speed) {
    const std::vector<ir::Type> in{{ir::DType::f32, {1, 1, 64, channels}, {}},
                                   {ir::DType::f32, {64, kernel, kernel, channels / op.groups}, {}}};
    const auto out = infer(op, in);
    REQUIRE(static_cast<bool>(out));
    return strassen::strategies(op, {in, {false, constant}, (*out)[0], facts, optimize}).size();
  };
  CHECK(offered({}, by_lane(4)) == 1);
  CHECK(offered({}, small) == 0);
  CHECK(offered({}, by_lane(4), 63) == 0);
  CHECK(offered({.pad = {1, 1, 1, 1}}, by_lane(4), 64, 3) == 0);
  CHECK(offered({}, by_lane(4), 64, 1, false) == 0);
  CHECK(offered({}, by_lane(4), 64, 1, true, Optimize::size) == 0);
  CHECK(offered({.stride = {1, 2}}, by_lane(4)) == 0);
  CHECK(offered({.groups = 2}, by_lane(4)) == 0);
}

TEST_CASE("The cost model takes Strassen's product where the reduction is long") {
  const auto best = [](int64_t pixels, int64_t channels) {
    const std::vector<ir::Type> in{{ir::DType::f32, {1, 1, pixels, channels}, {}},
                                   {ir::DType::f32, {channels, 1, 1, channels}, {}}};
    const ir::Conv2d op;
    const Anchor anchor{in, {false, true}, (*infer(op, in))[0], by_lane(4)};
    return strategies(op, anchor).front().name;
  };
  CHECK(best(196, 512) == "strassen");
  CHECK(best(3136, 16) != "strassen");
}

}  // namespace
