// x86-64-v4: AVX-512 F, BW, CD, DQ, VL; Skylake-X (2017), Zen 4. An FMA takes a broadcast memory operand for
// free.
#include "targets/families.h"

namespace halite::targets {

Target x86_64_v4() {
  Target t = x86_64_linux("x86-64-v4", "x86-64-v4");
  t.summary = "x86-64-v4 (AVX-512) on Linux";
  t.halide = halide_text("x86-64-linux-sse41-avx-avx2-fma-f16c-avx512-avx512_skylake");
  t.facts.vector_bits = 512;
  t.facts.vector_registers = 32;
  t.facts.fma = true;
  t.facts.fma_throughput = 2;
  t.facts.lane_broadcast_fma = true;
  t.facts.l2_bytes = 1024 * 1024;
  return t;
}

}  // namespace halite::targets
