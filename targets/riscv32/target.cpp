// rv32imc: small RISC-V microcontrollers (ESP32-C3, CH32V). Floating point is emulated by the runtime.
#include "targets/families.h"

namespace halite::targets {

Target riscv32() {
  Target t = riscv32_bare("riscv32");
  t.summary = "rv32imc microcontroller, soft float, bare metal";
  return t;
}

}  // namespace halite::targets
