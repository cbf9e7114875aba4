// One test of ONNX's own conformance data: a model of one operator (or its expansion into others), inputs,
// and the outputs that ONNX's authors computed.
// https://github.com/onnx/onnx/blob/main/docs/OnnxBackendTest.md
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace halite::conformance {

struct NodeTest {
  std::string name;  ///< "node/test_abs"
  std::string
      op;  ///< of the model's only node; of several, that of the test whose expansion this is, or "several"
  std::filesystem::path directory;
};

enum class Engine : uint8_t { interpret, jit };
enum class Status : uint8_t { passed, unsupported, failed };

struct Outcome {
  Status status = Status::failed;
  std::string
      detail;  ///< passed: which inputs were made constants ("", "integers", ...); else the reason, a line
};

/// All tests below the data's root, by name.
std::vector<NodeTest> find_tests(const std::filesystem::path& root);

/// Runs all data sets of one test. Where the model cannot be compiled because an input must be known at
/// compile time, inputs become constants: first the short integer ones (shapes, axes), then all but the
/// first, then all.
Outcome run(const NodeTest&, Engine);

}  // namespace halite::conformance
