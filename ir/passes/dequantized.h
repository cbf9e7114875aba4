// Quantized tensors as a rule of a pass sees them, and the rules that move dequantize towards the outputs.
#pragma once

#include <optional>
#include <vector>

#include "ir/passes/rewrite.h"

namespace halite::ir {

/// A tensor of integers and the real numbers that it stands for.
struct Stored {
  ValueId value;
  std::vector<float> scale;  ///< one, or one for each slice of the axis
  std::vector<int64_t> zero;
  int64_t axis = 0;

  bool one_scale() const { return scale.size() == 1; }
  /// The same for all slices.
  std::optional<int64_t> one_zero() const {
    if (std::ranges::any_of(zero, [&](int64_t z) { return z != zero[0]; })) return {};
    return zero[0];
  }
};

/// v, if it is a dequantized tensor with known scales.
std::optional<Stored> stored(const Rewriter&, ValueId v);

/// An operator that only moves elements of its first input, or repeats or picks some.
bool is_movement(const Op&);

/// Does the node on what its dequantized inputs store, and dequantizes the result: what moves, picks or joins
/// elements exactly, products and sums in 32-bit integers with zero points taken off. Says whether it could.
bool compute_on_stored(Rewriter&, const Node&);

}  // namespace halite::ir
