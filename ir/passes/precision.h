// --precision: an f32 graph computed in a narrower type where that is safe. The graph's inputs, outputs and
// states keep their types: casts stand at its edges and around what stays f32.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace halite::ir {

enum class Precision : uint8_t { f32, f16, bf16 };
std::string_view to_string(Precision);

/// A node that computes in f32 all the same.
struct KeptWide {
  std::string node;  ///< its name
  std::string op;
  std::string why;
};

/// f16: convolutions, products with weights, pools and what only moves, picks or adds their results take it,
/// and their constants become f16. bf16: convolutions but depthwise ones, and products with weights, take it
/// and give f32; what they read is rounded where it is made, what is added to them widened. What stays f32 is
/// in the result, in the order of the nodes.
std::vector<KeptWide> lower_precision(Graph&, Precision);

}  // namespace halite::ir
