// Operators that read or write where computed indices point, as gathers and comparisons. Indices may be
// negative, counting from the end; memory is never read outside a tensor, whatever they are.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

/// `indices` as i32 (no tensor has more elements), negative ones counted from the end of `extent`.
V places(Builder&, V indices, int64_t extent);

/// y[i] = x[i with i[axis] = indices[i]]; the shape is that of `indices`.
V gather_elements(Builder&, V x, V indices, int64_t axis);

/// The last axis of `indices` addresses the axes of x behind the first `batch` ones, which both have. The
/// shape is that of `indices` without its last axis, then the axes of x that are not addressed.
V gather_nd(Builder&, V x, V indices, int64_t batch);

/// What an update does to the element that it meets. Where several meet one, `replace` takes the last.
enum class Scatter : uint8_t { replace, add, mul, max, min };

/// x, but at [i with i[axis] = indices[i]] met by updates[i]. Every element is compared with every index of
/// its row, so rows must not be long.
V scatter_elements(Builder&, V x, V indices, V updates, int64_t axis, Scatter);

/// x, but its slices at indices[i] (the last axis addresses the first axes of x) met by updates[i]. Replacing
/// at constant indices is a gather; otherwise every slice is compared with every index.
V scatter_nd(Builder&, V x, V indices, V updates, Scatter);

/// The first lengths[n] elements along the axis `time` in reverse order, for each n of the axis `batch`.
V reverse_sequence(Builder&, V x, V lengths, int64_t batch, int64_t time);

/// Sums of all elements up to each one (without it, if exclusive; from the end, if reversed).
V cumulative_sum(Builder&, V x, int64_t axis, bool exclusive, bool reversed);

struct TopK {
  V values;
  V indices;  ///< i64
};
/// The k largest (or smallest) elements along an axis, in order; of equals the first comes first.
TopK top_k(Builder&, V x, int64_t k, int64_t axis, bool largest);

}  // namespace halite::frontend
