// rv32imafc: RISC-V microcontrollers with single precision (ESP32-P4, BL616).
#include "targets/families.h"

namespace halite::targets {

Target riscv32f() {
  Target t = riscv32_bare("riscv32f");
  t.summary = "rv32imafc microcontroller, hardware f32, bare metal";
  t.features = "+m,+a,+f,+c";
  t.abi = "ilp32f";
  t.runtime = "riscv32f";
  t.facts.vector_registers = 32;
  t.facts.fma = true;
  t.facts.hard_float = true;
  t.toolchain = {"riscv64-unknown-elf-gcc", "-march=rv32imafc", "-mabi=ilp32f", "--specs=picolibc.specs"};
  return t;
}

}  // namespace halite::targets
