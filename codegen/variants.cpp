#include "codegen/variants.h"

#include <algorithm>

namespace halite::codegen {
namespace {

std::string shapes_of(const ir::Graph& graph) {
  std::string text;
  for (auto id : graph.inputs)
    text += (text.empty() ? "" : ", ") + graph.value(id).name + " " + ir::to_string(graph.type(id));
  return text;
}

Error differs(const std::string& what, const ir::Graph& graph) {
  return {ErrorCode::kUnsupported,
          what + " for the shapes " + shapes_of(graph) +
              "; shapes that share an object may differ in nothing but extents: compile these apart",
          "--shape"};
}

/// Names, element types and ranks.
bool are_alike(const ir::Graph& a, const std::vector<ir::ValueId>& of_a, const ir::Graph& b,
               const std::vector<ir::ValueId>& of_b) {
  return std::ranges::equal(of_a, of_b, [&](ir::ValueId x, ir::ValueId y) {
    const ir::Type &left = a.type(x), &right = b.type(y);
    return a.value(x).name == b.value(y).name && left.dtype == right.dtype && left.rank() == right.rank() &&
           left.quantization == right.quantization;
  });
}

bool have_equal_states(const ir::Graph& a, const ir::Graph& b) {
  return std::ranges::equal(a.states, b.states, [](const auto& x, const auto& y) {
    return x.initial.type() == y.initial.type() && std::ranges::equal(x.initial.bytes(), y.initial.bytes());
  });
}

bool have_equal_inputs(const ir::Graph& a, const ir::Graph& b) {
  return std::ranges::equal(a.inputs, b.inputs,
                            [&](ir::ValueId x, ir::ValueId y) { return a.type(x).shape == b.type(y).shape; });
}

}  // namespace

Result<void> check_variants(const std::vector<ir::Graph>& variants) {
  HALITE_CHECK(!variants.empty(), "a model of no variants");
  const ir::Graph& first = variants[0];
  for (size_t v = 1; v < variants.size(); v++) {
    const ir::Graph& other = variants[v];
    if (!are_alike(first, first.inputs, other, other.inputs)) return differs("the inputs are others", other);
    if (!are_alike(first, first.outputs, other, other.outputs))
      return differs("the outputs are others, in number, element type or rank,", other);
    if (!have_equal_states(first, other))
      return differs("the state that is kept between inferences is another", other);
    for (size_t u = 0; u < v; u++) {
      if (have_equal_inputs(variants[u], other))
        return Error{ErrorCode::kInvalidInput, "the shapes " + shapes_of(other) + " are given twice",
                     "--shape"};
    }
  }
  return {};
}

}  // namespace halite::codegen
