// What tests of models that run several times in a row share: graphs in text form, sequences of inputs and
// outputs, and the interpreter's answers to compare with.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "codegen/compile.h"
#include "ir/interpret.h"
#include "ir/text.h"

namespace halite::test {

using Sequence = std::vector<std::vector<ir::Tensor>>;  ///< by inference, then input or output

inline ir::Graph graph_of(const std::string& text) {
  auto graph = ir::parse(text);
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  return *graph;
}

inline codegen::CompileOptions options_for(const targets::Target& target) {
  codegen::CompileOptions options;
  options.name = "net";
  options.target = target;
  return options;
}

/// One inference after the other, states kept.
inline Sequence interpret_all(const ir::Graph& graph, const Sequence& inputs) {
  ir::StateValues states = ir::initial_states(graph);
  Sequence outputs;
  for (const auto& set : inputs) {
    auto result = ir::interpret(graph, set, states);
    const std::string problem = result ? "" : to_string(result.error());
    REQUIRE_MESSAGE(result, problem);
    outputs.push_back(*std::move(result));
  }
  return outputs;
}

inline std::vector<double> values_of(const ir::Tensor& tensor) {
  std::vector<double> values;
  for (int64_t i = 0; i < tensor.type().elements(); i++) values.push_back(tensor.at(i));
  return values;
}

/// Every element, exactly.
inline void check_equal(const Sequence& found, const Sequence& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t n = 0; n < expected.size(); n++) {
    CAPTURE(n);
    REQUIRE(found[n].size() == expected[n].size());
    for (size_t i = 0; i < expected[n].size(); i++) {
      CAPTURE(i);
      CHECK(values_of(found[n][i]) == values_of(expected[n][i]));
    }
  }
}

}  // namespace halite::test
