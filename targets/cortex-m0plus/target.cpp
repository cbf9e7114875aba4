// Armv6-M: no hardware division, no conditional execution, no unaligned access. QEMU has no such board with
// enough memory; Armv6-M code runs as it is on the Cortex-M3 board.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target cortex_m0plus() {
  Target t = cortex_m("cortex-m0plus", "thumbv6m-unknown-none-eabi", "mps2-an385", link_cortex_m3());
  t.summary = "Armv6-M microcontroller, soft float, bare metal";
  t.facts.vector_registers = 8;
  t.facts.unaligned_loads = false;
  t.facts.max_stack_bytes = 2 * 1024;
  return t;
}

}  // namespace halite::targets
