// Decides which tensors are mere views of others, so that concat, slice, split, reshape and transposes of
// whole rows cost nothing: the inputs of a concat are written straight into its output, a slice is read with
// an offset, a reshape renames axes, a transpose permutes strides.
//
// Afterwards every value has a Place: a root value, whose buffer it lives in, an element offset and strides.
// Where two wishes clash (a tensor in two concats, a graph input inside a concat) a copy node is added to the
// graph.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace halite::codegen {

/// Where a value's elements are: root's buffer at `offset` + sum(index[i] * strides[i]), in elements,
/// outermost first.
struct Place {
  ir::ValueId root;
  int64_t offset = 0;
  std::vector<int64_t> strides;
};

struct Views {
  std::vector<Place> places;  ///< by value index; a root is its own root, contiguous, at offset 0
  std::vector<bool> is_view;  ///< by node index: nothing to compute
};

/// May add copy nodes (casts to the same type) to the graph. Inputs and outputs of the graph and of its
/// states stay roots; an output that is an input, a constant or another output gets a copy.
Views assign_views(ir::Graph&);

/// Strides of the same elements under `to`, if a tensor of shape `from` with `strides` can be seen so without
/// a copy.
std::optional<std::vector<int64_t>> reshape_strides(const ir::Shape& from,
                                                    const std::vector<int64_t>& strides, const ir::Shape& to);

}  // namespace halite::codegen
