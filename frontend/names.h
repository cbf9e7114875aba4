// Names for the values of a finished graph: the model's own where it has them, unique everywhere.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

using ValueNames = std::vector<std::pair<V, std::string>>;

/// Graph inputs keep their names; `outputs` become the graph's outputs under exactly these names (a value
/// that already goes by another public name is copied), as long as data decide; then `others` are given where
/// they are still free.
void name_values(Builder&, const ValueNames& outputs, const ValueNames& others);

}  // namespace halite::frontend
