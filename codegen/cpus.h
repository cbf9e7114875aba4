// What LLVM knows of a target's machines.
#pragma once

#include <string>
#include <vector>

#include "targets/target.h"

namespace halite::codegen {

/// Names of the CPUs, and of the features, that LLVM knows for the triple of a target (one that
/// is not refined yet); sorted.
std::vector<std::string> known_cpus(const targets::Target&);
std::vector<std::string> known_features(const targets::Target&);

}  // namespace halite::codegen
