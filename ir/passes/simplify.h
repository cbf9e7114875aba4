// The parts of simplify. Each rule looks at one node and either replaces its output and returns true, or
// leaves it.
#pragma once

#include "ir/passes/rewrite.h"

namespace halite::ir {

/// Arithmetic identities.
bool simplify_elementwise(Rewriter&, const Node&, const Elementwise&);
/// Operators that move elements: no-ops, two in a row, and moves of extents of 1.
bool simplify_movement(Rewriter&, const Node&);
/// Slices of concats, concats of slices.
bool simplify_slice(Rewriter&, const Node&, const Slice&);
/// An axis split in two by a reshape, one of them picked from, and the rest reshaped: every n-th element of
/// the axis.
bool simplify_split(Rewriter&, const Node&, const Reshape&);
bool simplify_concat(Rewriter&, const Node&, const Concat&);

/// Replaces the node's output by x, broadcast to the output's shape where x is smaller. False if their dtypes
/// differ, or if nothing would be gained (the node is itself the copy that a graph output needs).
bool replace_by(Rewriter&, const Node&, ValueId x);

}  // namespace halite::ir
