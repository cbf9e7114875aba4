// rv64gcv with registers of 128 bits or more; code is made for exactly 128 (correct on wider ones).
#include "targets/families.h"

namespace halite::targets {

Target riscv64_v() {
  Target t = riscv64_linux("riscv64-v");
  t.summary = "rv64gc with vectors (V 1.0, VLEN >= 128) on Linux";
  t.features += ",+v,+zvl128b";
  group_registers(t.facts, 128);
  t.facts.lane_broadcast_fma = true;
  t.facts.constant_operands = true;
  t.board->command = {"qemu-riscv64", "-cpu", "rv64,v=true,vlen=128,elen=64,vext_spec=v1.0", "{image}"};
  return t;
}

}  // namespace halite::targets
