// One test of a folder in ONNX's backend-test layout: a model (of one operator, or its expansion into
// others), inputs, and the outputs that ONNX's authors computed.
// https://github.com/onnx/onnx/blob/main/docs/OnnxBackendTest.md
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/conformance/engines.h"

namespace halite::conformance {

struct NodeTest {
  std::string name;  ///< the path below the folder: "node/test_abs"
  std::string
      op;  ///< of the model's only node; of several, that of the test whose expansion this is, or "several"
  std::filesystem::path directory;
};

enum class Status : uint8_t {
  passed,
  failed,
  unsupported,
  not_served  ///< not what a compiler for inference is for: training, strings
};

struct Outcome {
  Status status = Status::failed;
  std::string
      detail;  ///< passed: which inputs were made constants ("", "integers", ...); else the reason, a line
};

/// All tests anywhere below the folder, by name: every directory with a model.onnx and data sets.
std::vector<NodeTest> find_tests(const std::filesystem::path& root);

/// Runs all data sets of one test. Where the model cannot be compiled because an input must be known at
/// compile time, inputs become constants: first the short integer ones (shapes, axes), then all but the
/// first, then all.
Outcome run(const NodeTest&, const Engine&);

}  // namespace halite::conformance
