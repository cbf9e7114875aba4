// Arithmetic of shapes, and patterns that follow from them, as NumPy, ONNX and TensorFlow agree on them.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

/// The shape that a reshape asks for: -1 is what is left over; with `zero_copies`, 0 copies the input's
/// extent.
Shape resolve_shape(const Type& from, std::vector<int64_t> to, bool zero_copies);

/// One axis of a slice x[start:end:step], ends clamped as NumPy does; for `end` no index means "before the
/// first", so a falling slice that takes the first element needs an end below -extent.
void cut(ir::Slice&, int64_t axis, int64_t extent, int64_t start, int64_t end, int64_t step);

/// A slice of everything, to be cut.
ir::Slice whole(const Shape&);

/// start, start + delta, ... below (above, if delta is negative) limit. The values are rank-0 constants of
/// one dtype.
V range(Builder&, V start, double limit, V delta);

/// on where an index along the new axis equals `indices` (i64), else off, which are scalars.
V one_hot(Builder&, V indices, int64_t depth, int64_t axis, V on, V off);

/// The axes in the opposite order of elements.
V reverse(Builder&, V x, const Axes& axes);

}  // namespace halite::frontend
