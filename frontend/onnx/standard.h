// Operators that the ONNX standard itself defines as functions of others: whatever has no importer of its own
// is imported as that function. https://onnx.ai/onnx/intro/concepts.html#functions
#pragma once

#include <functional>

#include "frontend/onnx/model.h"

namespace halite::frontend {

bool is_standard_function(const OnnxNode&, int64_t version);

/// The operators that are functions of operators for which `imported` holds, and not such themselves.
std::vector<std::string> standard_function_names(const std::function<bool(const std::string&)>& imported);

/// The function for this call; its body may depend on the node's attributes and the types of its inputs
/// (nullopt: left out, or not a tensor). Throws Rejected.
OnnxFunction standard_function(const OnnxNode&, int64_t version,
                               std::span<const std::optional<ir::Type>> inputs);

}  // namespace halite::frontend
