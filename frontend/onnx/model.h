// An ONNX model as plain structs, so that protobuf stays in model.cpp and tensor_proto.cpp. Names are
// printable UTF-8, tensors are checked; whether names fit together is for the importer to see.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "frontend/import.h"
#include "ir/tensor.h"

namespace onnx {
class FunctionProto;
}

namespace halite::frontend {

struct OnnxGraph;

/// A tensor of a kind that we do not read (strings); an error only where it is used.
struct Unreadable {
  Error error;
};
/// Integers of 4 bits, each in a byte.
struct Narrow {
  ir::Tensor tensor;
};
using OnnxTensor = std::variant<ir::Tensor, Unreadable, Narrow>;

/// An attribute that takes its value from the function call around it.
struct Reference {
  std::string name;
};

using OnnxAttribute =
    std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                 std::vector<std::string>, OnnxTensor, std::shared_ptr<OnnxGraph>, Reference, Unreadable>;

struct OnnxNode {
  std::string name;  ///< as in the model, or "#7" by position
  std::string op;
  std::string domain;               ///< "" is the standard one
  std::vector<std::string> inputs;  ///< "" is an input left out
  std::vector<std::string> outputs;
  std::map<std::string, OnnxAttribute> attributes;
};

struct OnnxDim {
  std::optional<int64_t> extent;
  std::string symbol;
};

struct OnnxValue {
  std::string name;
  std::optional<ir::DType> dtype;
  std::optional<std::vector<OnnxDim>> shape;
  std::string problem;  ///< why it has no dtype: a sequence, a string, ...
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxNode> nodes;
  std::vector<std::pair<std::string, OnnxTensor>> initializers;
  std::vector<OnnxValue> inputs;
  std::vector<OnnxValue> outputs;
};

using OpsetVersions = std::map<std::string, int64_t>;  ///< by domain

/// A function that the model brings along; its nodes replace a call.
struct OnnxFunction {
  std::string name;
  std::string domain;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<OnnxNode> nodes;
  OpsetVersions opsets;
  std::map<std::string, OnnxAttribute> defaults;  ///< of attributes that a call does not state
};

struct OnnxModel {
  OpsetVersions opsets;
  OnnxGraph graph;
  std::vector<OnnxFunction> functions;
};

Result<OnnxModel> read_onnx_model(std::span<const std::byte> file_bytes,
                                  const std::filesystem::path& directory);
Result<OnnxFunction> read_onnx_function(const ::onnx::FunctionProto&);

}  // namespace halite::frontend
