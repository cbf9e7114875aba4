// Branches and loops are steps that run kernels; no group with a kernel of its own contains one.
#include "ir/base/check.h"
#include "schedules/operators.h"

namespace halite::schedules {

Halide::Func algorithm(const ir::Branch&, const Anchor&, Stages&, Inputs) {
  HALITE_CHECK(false, "a branch is no kernel");
}
Halide::Func algorithm(const ir::Loop&, const Anchor&, Stages&, Inputs) {
  HALITE_CHECK(false, "a loop is no kernel");
}

}  // namespace halite::schedules
