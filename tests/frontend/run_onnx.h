// Interprets a model that a test makes.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ir/interpret.h"
#include "tests/frontend/make_model.h"

namespace halite::test {

using Values = std::vector<double>;

/// `inputs` in the model's order.
inline std::vector<ir::Tensor> run_whole(const ModelMaker& model, const std::vector<Values>& inputs) {
  const auto graph = model.import();
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; i < inputs.size(); ++i) {
    tensors.push_back(ir::Tensor::zeros(graph->type(graph->inputs[i])));
    for (size_t k = 0; k < inputs[i].size(); ++k) tensors[i].set(static_cast<int64_t>(k), inputs[i][k]);
  }
  const auto outputs = ir::interpret(*graph, tensors);
  REQUIRE(outputs);
  return *outputs;
}

/// All outputs, one after another.
inline Values run(const ModelMaker& model, const std::vector<Values>& inputs) {
  Values values;
  for (const auto& output : run_whole(model, inputs))
    for (int64_t i = 0; i < output.type().elements(); ++i) values.push_back(output.at(i));
  return values;
}

/// Numbers without a pattern between -1 and 1, which f32 holds.
inline Values numbers(int64_t count, int seed) {
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(std::sin(static_cast<double>(i * 7 + seed * 13 + 1))));
  return values;
}

/// |found - wanted| < tolerance * (1 + |wanted|)
inline void check_near(const Values& found, const Values& wanted, double tolerance = 1e-5) {
  REQUIRE(found.size() == wanted.size());
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(wanted[i]).epsilon(tolerance));
}

/// Why a model is not accepted.
inline std::string refusal(const ModelMaker& model) {
  const auto graph = model.import();
  REQUIRE(!graph);
  return to_string(graph.error());
}

}  // namespace halite::test
