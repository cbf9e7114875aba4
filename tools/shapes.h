// --shape and --range: which shapes a model is compiled for. An input given several times has several shapes;
// a symbol in a shape, Nx3x224x224, has the values that --range N=1..8 gives it; a range of any other symbol
// is of a name that the model has for axes itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace halite::tools {

struct Assignment {
  std::map<std::string, ir::Shape> shapes;  ///< of each input that --shape names
  std::map<std::string, int64_t> axes;      ///< extents of the model's own symbols
  bool operator==(const Assignment&) const = default;
};

/// "x 1x3x224x224, mask 1x16, batch=3"
std::string to_string(const Assignment&);

/// At least one, the model's own shapes if nothing is given, and at most 64: every value of every symbol with
/// every value of the others, the largest first; of inputs that are given several times the first shapes
/// together, then the second, and so on. Fails with what was found and what was expected.
Result<std::vector<Assignment>> assignments_of(const std::vector<std::string>& shapes,
                                               const std::vector<std::string>& ranges);

}  // namespace halite::tools
