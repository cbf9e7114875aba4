// Armv8.1-M with MVE (Helium): eight 128-bit registers, VMLAVA.S8 sums 16 int8 products, VFMA takes a scalar
// register. Halide 14 makes plain vectors for it, which LLVM turns into MVE; f16 it would emulate.
#include "targets/families.h"
#include "targets/link_scripts.h"

namespace halite::targets {

Target cortex_m55() {
  Target t = cortex_m("cortex-m55", "thumbv8.1m.main-unknown-none-eabihf", "mps3-an547", link_cortex_m55());
  t.summary = "Armv8.1-M microcontroller with Helium vectors (MVE), bare metal";
  t.float_abi = "hard";
  t.facts.vector_bits = 128;
  t.facts.vector_registers = 8;
  t.facts.fma = true;
  t.facts.hard_float = true;
  t.facts.fma_latency = 2;
  t.facts.int8_dot = 16;
  t.facts.high_multiply = true;
  t.facts.lane_broadcast_fma = true;
  t.facts.constant_operands = true;
  t.facts.l1_bytes = 32 * 1024;
  t.facts.max_stack_bytes = 8 * 1024;
  t.board->flash_bytes = 512 * 1024;
  t.board->big_bytes = 256 * 1024 * 1024;
  t.toolchain.push_back("-mfloat-abi=hard");
  return t;
}

}  // namespace halite::targets
