// --shape and --range: which shapes a model is compiled for. An input given several times has several shapes;
// a symbol in a shape, Nx3x224x224, has the values that --range N=1..8 gives it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace halite::tools {

/// A shape for each input that --shape names.
using Assignment = std::map<std::string, ir::Shape>;

/// "x 1x3x224x224, mask 1x16"
std::string to_string(const Assignment&);

/// At least one, the model's own shapes if nothing is given, and at most 64: every value of every symbol with
/// every value of the others, the largest first; of inputs that are given several times the first shapes
/// together, then the second, and so on. Fails with what was found and what was expected.
Result<std::vector<Assignment>> assignments_of(const std::vector<std::string>& shapes,
                                               const std::vector<std::string>& ranges);

}  // namespace halite::tools
