// The families' common facts. Cache sizes and latencies are those of typical members: they steer tile sizes
// and the number of accumulators, so being off by a factor of two costs a few per cent, never correctness.
#include "targets/families.h"

#include <algorithm>

#include "targets/link_scripts.h"

namespace halite::targets {
namespace {

constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB;

Board qemu_user(std::vector<std::string> command) {
  command.push_back("{image}");
  return {.name = "user", .command = std::move(command)};
}

}  // namespace

std::string halide_text(std::string machine) {
  return std::move(machine) + "-no_runtime-no_asserts-no_bounds_query-user_context";
}

Target x86_64_linux(std::string name, std::string cpu) {
  Target t;
  t.name = std::move(name);
  t.triple = "x86_64-unknown-linux-gnu";
  t.cpu = std::move(cpu);
  t.halide = halide_text("x86-64-linux-sse41");
  t.runtime = "x86_64";
  t.platform = Platform::posix;
  t.facts = {.vector_bits = 128,
             .vector_registers = 16,
             .int8_dot = 2,
             .dot_unsigned = true,
             .int8_pairs = true,
             .rounding_conversion = true,
             .constant_operands = true,
             .l1_bytes = 32 * kKiB,
             .l2_bytes = 256 * kKiB,
             .l3_bytes = 2 * kMiB,
             .cores = 64,
             .max_stack_bytes = 256 * kKiB};
  t.board = qemu_user({"qemu-x86_64", "-cpu", "max"});
  t.toolchain = {"gcc"};
  return t;
}

Target arm64_linux(std::string name) {
  Target t;
  t.name = std::move(name);
  t.triple = "aarch64-unknown-linux-gnu";
  t.cpu = "generic";
  t.halide = halide_text("arm-64-linux-arm_fp16");
  t.runtime = "aarch64";
  t.platform = Platform::posix;
  t.facts = {.vector_bits = 128,
             .vector_registers = 32,
             .fma = true,
             .minimum_keeps_nan = true,
             .converts_f16 = true,
             .fma_throughput = 2,
             .fma_lanes = 4,
             .load_list = 4,
             .lane_broadcast_fma = true,
             .l1_bytes = 32 * kKiB,
             .l2_bytes = 512 * kKiB,
             .cores = 16,
             .max_stack_bytes = 256 * kKiB};
  t.board = qemu_user({"qemu-aarch64", "-cpu", "max"});
  t.toolchain = {"aarch64-linux-gnu-gcc"};
  return t;
}

Target riscv64_linux(std::string name) {
  Target t;
  t.name = std::move(name);
  t.triple = "riscv64-unknown-linux-gnu";
  t.cpu = "generic-rv64";
  t.features = "+m,+a,+f,+d,+c";
  t.abi = "lp64d";
  t.code_model = "medany";
  t.halide = halide_text("riscv-64-linux");
  t.runtime = "riscv64";
  t.platform = Platform::posix;
  t.facts = {.vector_registers = 32,
             .fma = true,
             .fma_latency = 5,
             .unaligned_loads = false,
             .indexed_loads = false,
             .l1_bytes = 32 * kKiB,
             .l2_bytes = 512 * kKiB,
             .cores = 8,
             .max_stack_bytes = 256 * kKiB};
  t.board = qemu_user({"qemu-riscv64", "-cpu", "rv64"});
  t.toolchain = {"riscv64-linux-gnu-gcc"};
  return t;
}

Target riscv32_bare(std::string name) {
  Target t;
  t.name = std::move(name);
  t.triple = "riscv32-unknown-none-elf";
  t.cpu = "generic-rv32";
  t.features = "+m,+c";
  t.abi = "ilp32";
  t.code_model = "medany";
  t.halide = halide_text("riscv-32-noos");
  t.runtime = "riscv32";
  // Soft float: 24 of the 31 general registers are free to hold values.
  t.facts = {.vector_registers = 24,
             .hard_float = false,
             .unaligned_loads = false,
             .indexed_loads = false,
             .max_stack_bytes = 4 * kKiB};
  t.board = Board{.name = "virt",
                  .command = {"qemu-system-riscv32", "-M", "virt", "-m", "1G", "-bios", "none", "-nographic",
                              "-monitor", "none", "-serial", "none", "-semihosting-config",
                              "enable=on,target=native", "-kernel", "{image}"},
                  .link_script = std::string(link_riscv32()),
                  .start = "riscv32",
                  .ram_bytes = 1024 * kMiB};
  t.toolchain = {"riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"};
  return t;
}

Target cortex_m(std::string name, std::string triple, std::string machine, std::string_view memory) {
  Target t;
  t.cpu = name;
  t.name = std::move(name);
  t.triple = std::move(triple);
  t.halide = halide_text("arm-32-noos-no_neon");
  t.runtime = "thumb";
  t.float_abi = "soft";
  // Soft float: r0 to r12 without the frame's own.
  t.facts = {.vector_registers = 12, .hard_float = false, .max_stack_bytes = 4 * kKiB};
  t.toolchain = {"arm-none-eabi-gcc", "-mcpu=" + t.cpu, "-mthumb", "--specs=rdimon.specs"};
  t.board = Board{.name = machine,
                  .command = {"qemu-system-arm", "-M", machine, "-nographic", "-monitor", "none", "-serial",
                              "none", "-semihosting-config", "enable=on,target=native", "-kernel", "{image}"},
                  .link_script = std::string(memory) + std::string(sections_cortex_m()),
                  .start = "cortex_m",
                  .flash_bytes = 4 * kMiB,
                  .ram_bytes = 4 * kMiB,
                  .big_bytes = 16 * kMiB};
  return t;
}

/// Longer groups leave too few of them for a tile's sums.
void group_registers(Facts& facts, int register_bits) {
  constexpr int kGroupBits = 512, kRegisters = 32;
  facts.register_group = register_bits > 0 ? std::max(1, kGroupBits / register_bits) : 0;
  facts.vector_bits = facts.register_group * register_bits;
  facts.vector_registers = kRegisters / std::max(1, facts.register_group);
}

}  // namespace halite::targets
