// x86-64-v3: AVX2 and FMA; Haswell (2013), Excavator, all of Zen.
#include "targets/families.h"

namespace halite::targets {

Target x86_64_v3() {
  Target t = x86_64_linux("x86-64-v3", "x86-64-v3");
  t.summary = "x86-64-v3 (AVX2, FMA) on Linux";
  t.halide = halide_text("x86-64-linux-sse41-avx-avx2-fma-f16c");
  t.facts.vector_bits = 256;
  t.facts.fma = true;
  t.facts.fma_throughput = 2;
  t.facts.l2_bytes = 512 * 1024;
  return t;
}

}  // namespace halite::targets
