// The list of targets, and how facts follow --cpu and --features.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "targets/machine.h"
#include "targets/target.h"

using namespace halite;
using targets::find;

TEST_CASE("every target has a name of its own, a triple, a Halide text and a runtime") {
  std::set<std::string> names;
  for (const auto& t : targets::all()) {
    CAPTURE(t.name);
    CHECK(names.insert(t.name).second);
    CHECK_FALSE(t.summary.empty());
    CHECK_FALSE(t.triple.empty());
    CHECK_FALSE(t.cpu.empty());
    CHECK(t.halide.find("-no_runtime-no_asserts-no_bounds_query") != std::string::npos);
    CHECK(
        std::set<std::string>{"x86_64", "aarch64", "armv7", "thumb", "riscv64", "riscv32", "riscv32f"}.count(
            t.runtime));
    CHECK(t.board);
    CHECK_FALSE(t.toolchain.empty());
    CHECK(targets::find(t.name)->triple == t.triple);
  }
  CHECK(names.size() == 18);
  CHECK_FALSE(find("z80"));
}

TEST_CASE(
    "the CMake toolchain file of every target that is not this machine states the target's compiler and "
    "flags") {
  for (const auto& t : targets::all()) {
    CAPTURE(t.name);
    const bool native = t.toolchain[0] == "cc" || t.toolchain[0] == "gcc";
    std::ifstream file(HALITE_SOURCE_DIR "/targets/" + t.name + "/toolchain.cmake");
    REQUIRE(bool(file) == !native);
    if (native) continue;
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(text.find("set(CMAKE_C_COMPILER " + t.toolchain[0] + ")") != std::string::npos);
    CHECK((text.find("_FLAGS_INIT \"") != std::string::npos) == (t.toolchain.size() > 1));
    for (size_t i = 1; i < t.toolchain.size(); i++) CHECK(text.find(t.toolchain[i]) != std::string::npos);
    CHECK(text.find("set(HALITE_TARGET " + t.name + ")") != std::string::npos);
  }
}

TEST_CASE("the facts of every target fit together") {
  for (const auto& t : targets::all()) {
    CAPTURE(t.name);
    const auto& f = t.facts;
    CHECK((f.vector_bits == 0 || f.vector_bits >= 128));
    CHECK(f.vector_registers >= 8);
    CHECK((f.int8_dot == 0 || f.int8_dot == 2 || f.int8_dot == 4 || f.int8_dot == 16));
    CHECK((f.hard_float || !f.fma));
    CHECK((f.fma_latency >= 1 && f.fma_throughput >= 1 && f.cores >= 1));
    CHECK((t.platform == targets::Platform::posix || f.cores == 1));
    CHECK(f.max_stack_bytes >= 2048);
    CHECK((f.l1_bytes > 0 || t.platform == targets::Platform::none));
  }
}

TEST_CASE("the host is at least the x86-64 or arm64 baseline and runs natively") {
  const auto host = *find("host");
  CHECK(host.facts.vector_bits >= 128);
  CHECK(targets::runs_natively(host));
  REQUIRE(targets::run_command(host));
  CHECK(*targets::run_command(host) == std::vector<std::string>{"{image}"});
}

TEST_CASE("facts and Halide's text follow added features") {
  const auto t = targets::refine(*find("x86-64"), "", "+avx2,+fma");
  CHECK(t.features == "+avx2,+fma");
  CHECK(t.facts.vector_bits == 256);
  CHECK(t.facts.fma);
  CHECK(t.halide.find("-avx2") != std::string::npos);
  const auto vnni = targets::refine(*find("x86-64-v4"), "", "+avx512vnni");
  CHECK(vnni.facts.int8_dot == 4);
  CHECK(targets::refine(*find("armv7"), "", "+vfp4").facts.fma);
}

TEST_CASE("vectors are groups of registers until registers are as long") {
  const auto facts = [](const char* name, const char* features) {
    return targets::refine(*find(name), "", features).facts;
  };
  for (const auto& f : {facts("riscv64", "+v"), facts("riscv64-v", ""), facts("riscv64-v", "+zvl256b"),
                        facts("riscv64", "+v,+zvl512b"), facts("riscv64", "+zvl512b,+v")}) {
    CHECK(f.vector_bits == 512);
    CHECK(f.vector_registers * f.register_group == 32);
  }
  CHECK(facts("riscv64-v", "").register_group == 4);
  CHECK(facts("riscv64-v", "+zvl256b").register_group == 2);
  CHECK(facts("riscv64", "+v,+zvl512b").register_group == 1);
  CHECK(facts("riscv64", "+v,+zvl1024b").vector_bits == 1024);
  const auto scalar = facts("riscv64-v", "-v");
  CHECK((scalar.vector_bits == 0 && scalar.vector_registers == 32 && scalar.register_group == 0));
}

TEST_CASE("facts and Halide's text follow removed features") {
  const auto t = targets::refine(*find("arm64-v8.2"), "", "-dotprod");
  CHECK(t.facts.int8_dot == 0);
  CHECK(t.facts.native_f16);
  CHECK(t.halide.find("dot_prod") == std::string::npos);
  const auto no_fpu = targets::refine(*find("cortex-m33"), "", "-vfp2sp");
  CHECK_FALSE(no_fpu.facts.hard_float);
  CHECK(no_fpu.float_abi == "soft");
}

TEST_CASE("facts follow the DSP feature of microcontrollers, on which Helium stands") {
  CHECK(targets::refine(*find("cortex-m4"), "", "-dsp").facts.int8_dot == 0);
  CHECK(targets::refine(*find("cortex-m33"), "", "-dsp").facts.int8_dot == 0);
  CHECK(targets::refine(*find("cortex-m33"), "", "-dsp,+dsp").facts.int8_dot == 2);
  CHECK(targets::refine(*find("cortex-m55"), "", "+dsp").facts.int8_dot == 16);
  const auto scalar = targets::refine(*find("cortex-m55"), "", "-mve");
  CHECK(scalar.facts.int8_dot == 2);
  const auto plain = targets::refine(*find("cortex-m55"), "", "-dsp");
  CHECK(plain.facts.int8_dot == 0);
  CHECK(plain.facts.vector_bits == 0);
}

TEST_CASE("a board's fast memory is read off its link script") {
  CHECK(targets::fast_memory_bytes(*find("cortex-m55")) == 512 * 1024);
  for (const char* name : {"cortex-m4", "riscv32", "host"})
    CHECK(targets::fast_memory_bytes(*find(name)) == 0);
}

TEST_CASE("facts follow the CPU") {
  CHECK(targets::refine(*find("arm64"), "cortex-a76", "").facts.int8_dot == 4);
  CHECK(targets::refine(*find("arm64"), "cortex-a76", "").facts.dot_lanes == 4);
  CHECK(targets::refine(*find("arm64"), "cortex-a72", "").facts.int8_dot == 0);
  const auto zen4 = targets::refine(*find("x86-64"), "znver4", "");
  CHECK(zen4.cpu == "znver4");
  CHECK(zen4.facts.vector_bits == 512);
  CHECK(zen4.facts.vector_registers == 32);
  CHECK(zen4.facts.bf16_dot);
  CHECK(!zen4.facts.int8_tiles);
  const auto sapphire_rapids = targets::refine(*find("x86-64-v4"), "sapphirerapids", "");
  CHECK(sapphire_rapids.facts.int8_tiles);
  CHECK(sapphire_rapids.facts.bf16_tiles);
  CHECK(!targets::refine(sapphire_rapids, "", "-amx-int8").facts.int8_tiles);
  CHECK(!targets::refine(*find("x86-64"), "icelake-server", "").facts.bf16_dot);
  CHECK(!targets::refine(*find("x86-64-v4"), "", "+avx512vnni").facts.bf16_dot);
  CHECK(targets::refine(*find("x86-64-v4"), "", "+avx512vnni,+avx512bf16").facts.bf16_dot);
  CHECK(targets::refine(*find("armv7"), "cortex-a7", "").facts.fma);
}
