// NAME.h and NAME.json: what a user's program and a user's build read of a compilation.
#pragma once

#include "codegen/compile.h"

namespace halite::codegen {

/// NAME.h: the model's declaration, its arena size and the indices of inputs and outputs.
std::string make_header(const Report&, const std::vector<ir::Value>& inputs,
                        const std::vector<ir::Value>& outputs);

/// NAME.json: the report; everything but compile_seconds is reproducible.
std::string make_json(const Report&);

}  // namespace halite::codegen
