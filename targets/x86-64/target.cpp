// x86-64-v2: SSE4.2, every x86-64 CPU since 2009. No FMA, no third operand.
#include "targets/families.h"

namespace halite::targets {

Target x86_64() {
  Target t = x86_64_linux("x86-64", "x86-64-v2");
  t.summary = "x86-64-v2 (SSE4.2) on Linux";
  return t;
}

}  // namespace halite::targets
