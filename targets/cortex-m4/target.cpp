// Armv7E-M with FPv4-SP: two 16-bit MACs an instruction (SMLAD) in general registers. VFMA takes three
// cycles, VMUL and VADD one each, so the fused form does not pay: fma stays false.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target cortex_m4() {
  Target t = cortex_m("cortex-m4", "thumbv7em-unknown-none-eabihf", "mps2-an386", link_cortex_m4());
  t.summary = "Armv7E-M microcontroller with f32 FPU and DSP instructions, bare metal";
  // Kernels are written in an order that fits the registers; LLVM's scheduler would spill.
  t.features = "-use-misched";
  t.float_abi = "hard";
  t.facts.vector_registers = 32;
  t.facts.hard_float = true;
  t.facts.fma_latency = 2;
  t.facts.int8_dot = 2;
  t.toolchain.insert(t.toolchain.end(), {"-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"});
  return t;
}

}  // namespace halite::targets
