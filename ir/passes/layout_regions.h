// Where operators had better work on permuted operands, so that fewer elements are transposed.
#pragma once

#include <unordered_map>

#include "ir/passes/layout.h"

namespace halite::ir {

/// By node: the operators to compute permuted, and how. Each change lowers the number of elements that
/// transposes move, or keeps it and moves operators to the side of a convolution or pool. Empty if nothing
/// can be gained.
std::unordered_map<uint32_t, Layouts> choose_layouts(const Graph&);

}  // namespace halite::ir
