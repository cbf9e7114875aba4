// Armv8-M Mainline with DSP instructions and FPv5-SP. Runs in secure state: code at the secure alias of the
// memory.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target cortex_m33() {
  Target t = cortex_m("cortex-m33", "thumbv8m.main-unknown-none-eabihf", "mps2-an505", link_cortex_m33());
  t.summary = "Armv8-M microcontroller with f32 FPU and DSP instructions, bare metal";
  // Kernels are written in an order that fits the registers; LLVM's scheduler would spill.
  t.features = "-use-misched";
  t.float_abi = "hard";
  t.facts.vector_registers = 32;
  t.facts.hard_float = true;
  t.facts.fma_latency = 3;
  t.facts.int8_dot = 2;
  t.toolchain.insert(t.toolchain.end(), {"-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"});
  return t;
}

}  // namespace halite::targets
