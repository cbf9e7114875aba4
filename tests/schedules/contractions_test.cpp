// Contractions (conv2d, conv_transpose2d, matmul) against the reference, on machines with vectors of several
// widths and with none.
#include <doctest/doctest.h>

#include <random>

#include "ir/op.h"
#include "tests/schedules/kernel_of.h"

namespace {

using namespace halite;
using namespace halite::schedules;

struct Machine {
  const char* name;
  targets::Facts facts;
};

const std::vector<Machine>& machines() {
  static const std::vector<Machine> list = {
      {"scalar", {.vector_registers = 32, .max_stack_bytes = 2048}},
      {"soft float", {.vector_registers = 8, .hard_float = false, .max_stack_bytes = 1024}},
      {"128",
       {.vector_bits = 128,
        .vector_registers = 32,
        .fma = true,
        .fma_lanes = 4,
        .lane_broadcast_fma = true,
        .l1_bytes = 32 << 10,
        .l2_bytes = 256 << 10}},
      {"128 with 2 cores",
       {.vector_bits = 128,
        .vector_registers = 32,
        .fma = true,
        .fma_throughput = 2,
        .fma_lanes = 4,
        .load_list = 4,
        .lane_broadcast_fma = true,
        .l1_bytes = 32 << 10,
        .l2_bytes = 512 << 10,
        .cores = 2,
        .max_stack_bytes = 256 << 10}},
      {"128 with 8 registers",
       {.vector_bits = 128, .vector_registers = 8, .fma = true, .max_stack_bytes = 4096}},
      {"groups of 4 registers of 128",
       {.vector_bits = 512,
        .vector_registers = 8,
        .register_group = 4,
        .fma = true,
        .lane_broadcast_fma = true,
        .l1_bytes = 32 << 10,
        .l2_bytes = 512 << 10}},
      {"256",
       {.vector_bits = 256,
        .vector_registers = 16,
        .fma = true,
        .fma_throughput = 2,
        .l1_bytes = 32 << 10,
        .l2_bytes = 256 << 10,
        .cores = 2}},
      {"512",
       {.vector_bits = 512,
        .vector_registers = 32,
        .fma = true,
        .lane_broadcast_fma = true,
        .l1_bytes = 32 << 10,
        .l2_bytes = 1 << 20,
        .cores = 2}},
  };
  return list;
}

/// Sums are exact, so kernels must agree to the bit.
template <class Op>
void check(const Op& op, const std::vector<ir::Shape>& shapes, bool constant = true, uint32_t seed = 1) {
  std::mt19937 rng(seed);
  std::vector<ir::Tensor> tensors;
  for (const auto& s : shapes) tensors.push_back(exact_tensor(rng, s));
  const Example made = example(op, std::move(tensors));
  const auto& [in, types, expected] = made;
  std::vector<bool> constants(in.size(), constant);
  constants[0] = false;
  for (const Machine& machine : machines()) {
    for (const auto optimize : {Optimize::speed, Optimize::size}) {
      const Anchor anchor{types, constants, expected.type(), machine.facts, optimize};
      for (const Strategy& strategy : strategies(op, anchor)) {
        if (strategy.name.starts_with("winograd")) continue;  // rounds differently: see winograd.cpp
        CAPTURE(machine.name);
        CAPTURE(strategy.name);
        CAPTURE(static_cast<int>(optimize));
        OpKernel kernel = kernel_of(op, anchor, in, strategy.name);
        const auto got = run(kernel, Halide::get_jit_target_from_environment());
        const auto a = got[0].data<float>(), b = expected.data<float>();
        size_t wrong = 0, first = a.size();
        for (size_t i = 0; i < a.size(); ++i)
          if (a[i] != b[i] && wrong++ == 0) first = i;
        CAPTURE(first);
        CHECK(wrong == 0);
      }
    }
  }
}

/// x [n,h,w,c], weights [oc,kh,kw,c/groups], bias.
void check_conv(const ir::Conv2d& op, ir::Shape x, int64_t oc, int64_t kh, int64_t kw, bool constant = true) {
  const int64_t icg = x[3] / op.groups;
  CAPTURE(ir::to_string(x));
  CAPTURE(oc);
  CAPTURE(kh);
  check(op, {x, {oc, kh, kw, icg}, {oc}}, constant);
}

TEST_CASE("a conv2d of any kernel, stride and padding equals the reference") {
  check_conv({}, {1, 8, 8, 16}, 32, 1, 1);
  check_conv({}, {1, 13, 13, 8}, 1, 1, 1);
  check_conv({.stride = {2, 2}}, {1, 9, 9, 4}, 6, 1, 1);
  check_conv({.pad = {1, 1, 1, 1}}, {1, 9, 11, 16}, 32, 3, 3);
  check_conv({.stride = {2, 2}, .pad = {1, 1, 1, 1}}, {2, 9, 11, 7}, 13, 3, 3);
  check_conv({.stride = {2, 2}, .pad = {0, 0, 1, 1}}, {1, 28, 28, 3}, 20, 3, 3);
  check_conv({.pad = {3, 3, 3, 3}}, {1, 13, 13, 1}, 4, 7, 7);
  check_conv({.stride = {4, 4}, .pad = {2, 2, 2, 2}}, {1, 31, 31, 3}, 9, 11, 11);
  check_conv({.dilation = {2, 3}, .pad = {2, 3, 2, 3}}, {1, 12, 17, 5}, 24, 3, 3);
  check_conv({.stride = {3, 3}}, {1, 4, 4, 3}, 4, 3, 3);
  check_conv({.pad = {1, 1, 1, 1}}, {1, 3, 3, 512}, 80, 3, 3);
}
TEST_CASE("a conv2d in panels equals the reference where pixels, channels and tasks leave a rest") {
  check_conv({}, {1, 1, 196, 32}, 40, 1, 1);
  check_conv({}, {1, 1, 49, 64}, 20, 1, 1);
  check_conv({}, {2, 1, 85, 12}, 25, 1, 1);
  check_conv({}, {1, 1, 85, 512}, 16, 1, 1);  // a task is one tile
  check_conv({.stride = {2, 2}, .pad = {1, 1, 1, 1}}, {2, 29, 27, 8}, 30, 3, 3);
  check_conv({.dilation = {2, 1}, .pad = {0, 1, 2, 1}}, {1, 40, 13, 4}, 4, 3, 3);
}
TEST_CASE("a conv2d in panels of rows of taps equals the reference") {
  check_conv({.stride = {2, 2}, .pad = {1, 1, 1, 1}}, {1, 21, 33, 3}, 20, 3, 3);
  check_conv({.stride = {2, 2}, .pad = {3, 3, 3, 3}}, {2, 30, 31, 3}, 24, 7, 7);
  check_conv({.pad = {2, 2, 2, 2}}, {1, 12, 14, 1}, 8, 5, 5);
  check_conv({.dilation = {2, 1}}, {1, 11, 17, 3}, 5, 3, 3);
  check_conv({}, {1, 9, 13, 7}, 10, 1, 1);
  check_conv({.pad = {3, 3, 3, 3}}, {1, 9, 600, 3}, 16, 7, 7);  // a row of panels does not fit on the stack
}
TEST_CASE("inputs are copied into panels where multiply-adds take lanes, and channels come in fours or few") {
  const auto offers = [](const targets::Facts& facts, int64_t ic, Optimize optimize) {
    const Anchor anchor{{{ir::DType::f32, {1, 14, 14, ic}, {}}, {ir::DType::f32, {64, 1, 1, ic}, {}}},
                        {false, true},
                        {ir::DType::f32, {1, 14, 14, 64}, {}},
                        facts,
                        optimize};
    const auto all = strategies(ir::Conv2d{}, anchor);
    return std::ranges::any_of(all, [](const Strategy& s) { return s.name == "panels"; });
  };
  targets::Facts facts{.vector_bits = 128, .vector_registers = 32, .fma = true, .fma_lanes = 4};
  CHECK(offers(facts, 64, Optimize::speed));
  CHECK(offers(facts, 7, Optimize::speed));
  CHECK_FALSE(offers(facts, 62, Optimize::speed));
  CHECK_FALSE(offers(facts, 64, Optimize::size));
  CHECK_FALSE(offers(facts, 1 << 16, Optimize::speed));  // no panel of so many channels fits on the stack
  facts.fma_lanes = 0;
  CHECK_FALSE(offers(facts, 64, Optimize::speed));
}
TEST_CASE("a conv2d along one axis equals the reference") {
  check_conv({.stride = {1, 2}, .pad = {0, 2, 0, 2}}, {1, 1, 50, 8}, 16, 1, 5);
  check_conv({.pad = {2, 0, 2, 0}}, {1, 50, 1, 8}, 16, 5, 1);
  check_conv({}, {1, 1, 1, 37}, 11, 1, 1);
}
TEST_CASE("a grouped or depthwise conv2d equals the reference") {
  check_conv({.pad = {1, 1, 1, 1}, .groups = 8}, {1, 12, 12, 8}, 8, 3, 3);
  check_conv({.stride = {2, 2}, .pad = {2, 2, 2, 2}, .groups = 24}, {1, 12, 12, 24}, 24, 5, 5);
  check_conv({.pad = {1, 1, 1, 1}, .groups = 5}, {1, 8, 8, 5}, 15, 3, 3);
  check_conv({.pad = {1, 1, 1, 1}, .groups = 37}, {1, 7, 7, 37}, 37, 3, 3);
  check_conv({.pad = {1, 1, 1, 1}, .groups = 20}, {1, 13, 40, 20}, 20, 3, 3);
  check_conv({.stride = {2, 2}, .pad = {0, 0, 1, 1}, .groups = 8}, {1, 30, 30, 8}, 8, 3, 3);
  check_conv({.stride = {1, 3}, .pad = {3, 3, 3, 3}, .groups = 4}, {1, 17, 33, 4}, 4, 7, 7);
  check_conv({.dilation = {2, 2}, .pad = {2, 2, 2, 2}, .groups = 4}, {1, 10, 10, 16}, 24, 3, 3);
  check_conv({.stride = {2, 2}, .pad = {1, 1, 1, 1}, .groups = 3}, {2, 9, 9, 6}, 9, 3, 3);
  check_conv({.groups = 2}, {1, 6, 6, 32}, 64, 1, 1);
}
TEST_CASE("a conv2d whose weights are computed at run time equals the reference") {
  check_conv({.pad = {1, 1, 1, 1}}, {1, 9, 11, 7}, 13, 3, 3, false);
  check_conv({.pad = {1, 1, 1, 1}, .groups = 7}, {1, 9, 11, 7}, 7, 3, 3, false);
  check_conv({.groups = 2}, {1, 5, 5, 8}, 10, 3, 3, false);
}

TEST_CASE("a conv_transpose2d of any stride, dilation and padding equals the reference") {
  check(ir::ConvTranspose2d{}, {{1, 5, 6, 4}, {7, 3, 3, 4}, {7}});
  check(ir::ConvTranspose2d{.stride = {2, 2}}, {{1, 5, 6, 4}, {16, 2, 2, 4}, {16}});
  check(ir::ConvTranspose2d{.stride = {2, 2}, .pad = {1, 1, 1, 1}}, {{1, 7, 6, 5}, {20, 4, 4, 5}, {20}});
  check(ir::ConvTranspose2d{.stride = {2, 3}, .pad = {1, 1, 1, 1}, .output_pad = {1, 1}},
        {{2, 5, 6, 4}, {8, 3, 3, 4}, {8}});
  check(ir::ConvTranspose2d{.stride = {3, 2}, .dilation = {2, 2}}, {{1, 4, 5, 3}, {5, 3, 2, 3}, {5}});
  check(ir::ConvTranspose2d{.stride = {4, 4}}, {{1, 4, 5, 3}, {5, 2, 3, 3}, {5}});
  check(ir::ConvTranspose2d{.stride = {2, 2}, .pad = {1, 1, 1, 1}, .groups = 2},
        {{1, 4, 5, 6}, {8, 3, 3, 3}, {8}});
  check(ir::ConvTranspose2d{.stride = {2, 2}}, {{1, 5, 6, 4}, {7, 3, 3, 4}}, false);
}

TEST_CASE("a matmul of any shape equals the reference") {
  check(ir::MatMul{}, {{1, 37}, {37, 50}, {50}});
  check(ir::MatMul{}, {{1, 64}, {64, 1000}});
  check(ir::MatMul{}, {{1, 130}, {130, 1000}, {1000}});  // shared among cores for its weights alone
  check(ir::MatMul{}, {{33, 17}, {17, 19}, {33, 1}});
  check(ir::MatMul{.transpose_b = true}, {{5, 24}, {31, 24}, {1, 31}});
  check(ir::MatMul{.transpose_a = true}, {{24, 5}, {24, 31}, {1}});
  check(ir::MatMul{}, {{7, 1}, {1, 1}});
}
TEST_CASE("a batched matmul broadcasts its batch axes") {
  check(ir::MatMul{}, {{2, 3, 9, 16}, {2, 3, 16, 9}}, false);
  check(ir::MatMul{.transpose_b = true}, {{2, 3, 9, 16}, {3, 10, 16}, {10}}, false);
  check(ir::MatMul{}, {{4, 16}, {5, 16, 3}}, false);
  check(ir::MatMul{}, {{2, 1, 4, 6}, {3, 6, 5}});
  check(ir::MatMul{.transpose_a = true, .transpose_b = true}, {{2, 6, 4}, {1, 5, 6}, {2, 1, 5}});
}

}  // namespace
