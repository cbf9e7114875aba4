// rv64gc, the profile of today's Linux distributions: scalar, hardware double precision.
#include "targets/families.h"

namespace halite::targets {

Target riscv64() {
  Target t = riscv64_linux("riscv64");
  t.summary = "rv64gc on Linux";
  return t;
}

}  // namespace halite::targets
