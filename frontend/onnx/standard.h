// Operators that the ONNX standard itself defines as functions of others: whatever has no importer of its own
// is imported as that function. https://onnx.ai/onnx/intro/concepts.html#functions
#pragma once

#include "frontend/onnx/model.h"

namespace halite::frontend {

bool is_standard_function(const OnnxNode&, int64_t version);

/// The function for this call; its body may depend on the node's attributes and the types of its inputs
/// (nullopt: left out, or not a tensor). Throws Rejected.
OnnxFunction standard_function(const OnnxNode&, int64_t version,
                               std::span<const std::optional<ir::Type>> inputs);

}  // namespace halite::frontend
