// The memory plan as a picture: steps from left to right, arena offsets from bottom to top, a box for each
// tensor.
#pragma once

#include <string>

#include "codegen/compile.h"

namespace halite::tools {

/// A self-contained SVG document; hovering over a box names the tensor.
std::string plan_svg(const codegen::Report&);

}  // namespace halite::tools
