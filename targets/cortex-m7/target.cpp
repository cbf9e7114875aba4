// Armv7E-M, dual issue, with caches and a double-precision FPU (FPv5): VFMA every cycle.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target cortex_m7() {
  Target t = cortex_m("cortex-m7", "thumbv7em-unknown-none-eabihf", "mps2-an500", link_cortex_m7());
  t.summary = "Armv7E-M microcontroller, dual issue, f64 FPU, caches, bare metal";
  // Kernels are written in an order that fits the registers; LLVM's scheduler would spill.
  t.features = "-use-misched";
  t.float_abi = "hard";
  t.facts.vector_registers = 32;
  t.facts.fma = true;
  t.facts.hard_float = true;
  t.facts.fma_latency = 3;
  t.facts.int8_dot = 2;
  t.facts.l1_bytes = 16 * 1024;
  t.facts.max_stack_bytes = 8 * 1024;
  t.toolchain.insert(t.toolchain.end(), {"-mfloat-abi=hard", "-mfpu=fpv5-d16"});
  return t;
}

}  // namespace halite::targets
