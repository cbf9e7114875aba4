// A TFLite file as plain structs over the bytes of the file, which must outlive them. After
// `read_tflite_model` every index in them is in range and every name, list and buffer lies inside the file.
// Options of operators stay flatbuffers tables (schema.fbs); their importers read them.
#pragma once

#include <span>
#include <string_view>

#include "frontend/build.h"
#include "schema_generated.h"

namespace halite::frontend {

struct TfliteTensor {
  std::string_view name;
  tflite::TensorType kind = tflite::TensorType::FLOAT32;
  std::optional<DType>
      dtype;  ///< as the graph has it; none for resources, strings and other kinds not supported
  Shape shape;
  std::optional<Shape> signature;  ///< -1 where the extent is free
  /// Of integers with a scale. As the file has it: the axis need not fit the shape.
  std::optional<ir::Quantization> quantization;
  bool is_variable = false;
  uint32_t buffer = 0;
  const tflite::SparsityParameters* sparsity = nullptr;
};

struct TfliteNode {
  size_t number = 0;  ///< its place in the subgraph
  tflite::BuiltinOperator op{};
  std::string_view custom;  ///< the name of a custom operator
  int version = 1;
  std::vector<int> inputs;  ///< tensors; -1 where one is left out
  std::vector<int> outputs;
  const tflite::Operator* table = nullptr;
};

struct TfliteGraph {
  std::string_view name;
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteNode> nodes;
  std::vector<int> inputs, outputs;
};

struct TfliteModel {
  std::vector<TfliteGraph> graphs;  ///< the first is the model
  std::vector<std::span<const std::byte>> buffers;
};

Result<TfliteModel> read_tflite_model(std::span<const std::byte> file);

/// "CONV_2D", or the name of a custom operator.
std::string name_of(const TfliteNode&);
/// "node #7 (CONV_2D)"
std::string describe(const TfliteNode&);
/// The dtype that stands for a TFLite type in a graph.
std::optional<DType> dtype_of(tflite::TensorType);

}  // namespace halite::frontend
