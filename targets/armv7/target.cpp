// Armv7-A with NEON and the hard-float ABI (Debian armhf with NEON): Cortex-A8 and later, so vmla, not vfma.
// NEON flushes subnormal f32 to zero; `--features +vfp4` (Cortex-A7, A15 and later) adds the fused
// multiply-add.
#include "targets/families.h"

namespace halite::targets {

Target armv7() {
  Target t;
  t.name = "armv7";
  t.summary = "Armv7-A with NEON, hard float, on Linux";
  t.triple = "armv7-unknown-linux-gnueabihf";
  t.cpu = "generic";
  t.features = "+neon";
  t.float_abi = "hard";
  t.halide = halide_text("arm-32-linux");
  t.runtime = "armv7";
  t.platform = Platform::posix;
  t.facts = {.vector_bits = 128,
             .vector_registers = 16,
             .minimum_keeps_nan = true,
             .fma_latency = 8,
             .lane_broadcast_fma = true,
             .l1_bytes = 32 * 1024,
             .l2_bytes = 256 * 1024,
             .cores = 8,
             .max_stack_bytes = 128 * 1024};
  t.board = Board{.name = "user", .command = {"qemu-arm", "-cpu", "cortex-a15", "{image}"}};
  t.toolchain = {"arm-linux-gnueabihf-gcc", "-mfpu=neon"};
  return t;
}

}  // namespace halite::targets
