// Storing a tensor with its axes permuted. A Perm p stands for the value transpose(x, p): stored axis i is
// x's p[i]. `layouts` says how one operator can work on permuted operands, given the permutation of one of
// them.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"

namespace halite::ir {

using Perm = std::vector<int64_t>;

Perm identity_perm(int rank);
Perm inverse(const Perm&);
/// transpose(transpose(x, first), second) == transpose(x, compose(first, second))
Perm compose(const Perm& first, const Perm& second);
Shape permute(const Shape&, const Perm&);
/// The permutations order the axes of extent other than 1 alike: going from one to the other is a reshape.
bool same_order(const Shape&, const Perm&, const Perm&);
/// transpose(x, p) moves no data.
bool moves_nothing(const Shape&, const Perm&);

/// The permutation of each operand of a node with one output.
struct Layouts {
  std::vector<Perm> inputs;
  Perm output;
};
inline constexpr int kOutput = -1;

/// How the node can be computed when its operand `slot` (an input, or kOutput) is stored permuted; nullopt if
/// it can not, or if some operand would need a permutation that the operator does not allow.
std::optional<Layouts> layouts(const Graph&, const Node&, int slot, const Perm&);
/// The operator to use on operands stored so.
Op permuted(const Graph&, const Node&, const Layouts&);

/// The permutation of `to` under which a row-major reshape of transpose(x, p), x of shape `from`, holds the
/// same elements as reshape(x); nullopt if there is none. Axes that are split or merged must stay together
/// and in order.
std::optional<Perm> through_reshape(const Shape& from, const Shape& to, const Perm&);

}  // namespace halite::ir
