// The door of the front ends: a model file in, a graph out. The format is recognised by content, never by the
// file's name. What comes out is valid (ir/verify.h); everything a hostile file can contain ends in an Error
// before that.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace halite::frontend {

/// A node that Halite cannot compile, and the reason. One import lists all of them.
struct UnsupportedNode {
  std::string node;  ///< the model's name for it; "#7" for the eighth node of a model without names
  std::string op;    ///< domain::type, version: "ai.onnx::MaxPool, 12"
  std::string
      attribute;    ///< the attribute (or operand) that is the reason; empty if it is the operator itself
  std::string why;  ///< a sentence
};

struct ImportOptions {
  /// Shapes of graph inputs by name. They bind free dimensions and replace fixed ones.
  std::map<std::string, ir::Shape> input_shapes;
  /// Extents of axes that the model has a name for (ONNX: dim_param), by that name.
  std::map<std::string, int64_t> axes;
  /// Values of graph inputs by name: such an input becomes a constant, and the model is specialised to it.
  std::map<std::string, ir::Tensor> constant_inputs;
  /// Quantized TFLite operators round as TFLite's reference kernels (and TFLite Micro) do, not as its
  /// production kernels.
  bool reference_rounding = false;
  /// Where files lie that the model refers to (external weights); import_model sets it. Empty: such models
  /// are refused.
  std::filesystem::path directory;
  /// Decisions taken for the user, such as a free batch dimension that became 1.
  std::vector<std::string>* notes = nullptr;
  /// Filled when the import fails because of operators that are not supported: all of them, in the model's
  /// order.
  std::vector<UnsupportedNode>* unsupported = nullptr;
};

/// "MaxPool_3 (ai.onnx::MaxPool, 12), Indices: only the maxima can be had, not their places"
std::string to_string(const UnsupportedNode&);

Result<ir::Graph> import_model(const std::filesystem::path& file, const ImportOptions& = {});

}  // namespace halite::frontend
