// What the passes of --precision share (precision.cpp: f16; precision_bf16.cpp).
#pragma once

#include <string>
#include <vector>

#include "ir/passes/precision.h"

namespace halite::ir {

/// Whether the operator only moves or picks elements.
bool moves_elements(const Op&);
/// Whether the node turns reals into what is not exact any more once it is off by a rounding: whole numbers,
/// truth values, places.
bool decides(const Graph&, const Node&);
/// The constant in another type.
Tensor cast_to(DType, const Tensor&);
/// The result of a node that is known to be valid.
ValueId add_sound(Graph&, const std::string& name, const Op&, std::vector<ValueId> inputs);

std::vector<KeptWide> take_bf16(Graph&);

}  // namespace halite::ir
