// Sequences and optionals in test data, as tensors: how long a sequence is must be known to a compiler, so
// the model gets an input for each element and a node that puts them together.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace halite::conformance {

/// The tensors of a file of test data whose value is of this type.
std::vector<onnx::TensorProto> read_elements(const onnx::TypeProto&, const std::string& file);

/// Replaces inputs that are not tensors. `files` holds the inputs' data in the model's order; the result has
/// a tensor for each input of the changed model.
std::vector<onnx::TensorProto> flatten_inputs(onnx::ModelProto&, const std::vector<std::string>& files);

}  // namespace halite::conformance
