// Armv8.2-A with the dot product and f16 arithmetic: Cortex-A55/A75 (2017) and later, Neoverse, Apple.
#include "targets/families.h"

namespace halite::targets {

Target arm64_v8_2() {
  Target t = arm64_linux("arm64-v8.2");
  t.summary = "Armv8.2-A with dot product and f16 arithmetic on Linux";
  t.features = "+v8.2a,+dotprod,+fullfp16";
  t.halide = halide_text("arm-64-linux-arm_dot_prod-arm_fp16");
  t.facts.int8_dot = t.facts.dot_lanes = 4;
  t.facts.native_f16 = true;
  t.toolchain.push_back("-march=armv8.2-a+dotprod+fp16");
  return t;
}

}  // namespace halite::targets
