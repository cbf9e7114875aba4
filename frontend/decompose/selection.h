// Operators whose result is only as long as data decide: its type has the bound, Builder::extents says how
// long it is.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

/// i32 [count]: where `mask`, boolean [n], holds, in ascending order.
V places_where(Builder&, V mask);

/// i64 [rank, count]: the indices of the elements that are not 0, in row-major order; x of rank >= 1.
V non_zero(Builder&, V x);

/// The slices of x along an axis for which `condition`, boolean [m], holds; m is at most the axis' extent.
V compress(Builder&, V x, V condition, int64_t axis);

struct Unique {
  V rows;     ///< the different ones, ascending or in the order of their first places
  V first;    ///< i64: the first place of each
  V inverse;  ///< i64 [n]: which of them each row is; as long as x
  V counts;   ///< i64: how often each is there
};
/// The different rows of x [n, width]. NaNs are equal, and come last. Every row is compared with every other.
Unique unique_rows(Builder&, V x, bool sorted);

struct Suppression {
  V most;                  ///< integer, one element: boxes kept of each picture and class
  int64_t bound;           ///< of `most`
  V overlap;               ///< f32, one element: what overlaps a better box by more goes
  std::optional<V> score;  ///< f32, one element: what scores no more goes
  bool centre = false;     ///< boxes are centre x, y, width, height instead of two corners y, x
};
/// Boxes f32 [n,b,4], scores f32 [n,c,b]: of each picture and class again and again the best box left, which
/// suppresses those that overlap it. i64 [count, 3]: picture, class, box. Scores of -inf and NaN are never
/// taken.
V non_max_suppression(Builder&, V boxes, V scores, const Suppression&);

}  // namespace halite::frontend
