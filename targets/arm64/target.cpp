// Armv8.0-A: what every 64-bit Arm CPU has. No dot product, no f16 arithmetic.
#include "targets/families.h"

namespace halite::targets {

Target arm64() {
  Target t = arm64_linux("arm64");
  t.summary = "Armv8.0-A with NEON on Linux (Android, Raspberry Pi)";
  return t;
}

}  // namespace halite::targets
