// Tests of what a compiler for inference does not serve.
#pragma once

#include <string>

namespace onnx {
class ModelProto;
}

namespace halite::conformance {

/// Why a model that cannot be compiled is not for us ("training", "strings"); empty for all others.
std::string why_not_served(const ::onnx::ModelProto&);

}  // namespace halite::conformance
