// Armv7-M: one-cycle multiply, long multiply-accumulate, no FPU.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target cortex_m3() {
  Target t = cortex_m("cortex-m3", "thumbv7m-unknown-none-eabi", "mps2-an385", link_cortex_m3());
  t.summary = "Armv7-M microcontroller, soft float, bare metal";
  return t;
}

}  // namespace halite::targets
