// Armv8.0-A without an operating system: boot loaders, hypervisor guests, RTOSes. Runs at EL1 on QEMU's virt.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target arm64_none() {
  Target t = arm64_linux("arm64-none");
  t.summary = "Armv8.0-A with NEON, bare metal";
  t.triple = "aarch64-unknown-none-elf";
  t.halide = halide_text("arm-64-noos-arm_fp16");
  t.platform = Platform::none;
  t.facts.cores = 1;
  t.facts.max_stack_bytes = 32 * 1024;
  t.board = Board{.name = "virt",
                  .command = {"qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57", "-m", "1G", "-nic",
                              "none", "-nographic", "-monitor", "none", "-serial", "none",
                              "-semihosting-config", "enable=on,target=native", "-kernel", "{image}"},
                  .link_script = std::string(link_arm64_none()),
                  .start = "arm64",
                  .ram_bytes = int64_t{1022} << 20};
  t.toolchain = {"aarch64-none-elf-gcc"};
  return t;
}

}  // namespace halite::targets
