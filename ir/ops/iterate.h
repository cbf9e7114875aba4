// Walks over tensors by index, for the reference functions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ir/type.h"

namespace halite::ir {

using Strides = std::vector<int64_t>;

/// Strides with which x, of extents equal to the walked shape's or 1, is repeated over it. x may have fewer
/// axes.
inline Strides broadcast_strides(const Shape& x, const Shape& walked) {
  const Strides own = contiguous_strides(x);
  Strides strides(walked.size(), 0);
  const size_t missing = walked.size() - x.size();
  for (size_t i = 0; i < x.size(); ++i)
    if (x[i] != 1) strides[missing + i] = own[i];
  return strides;
}

/// Visits every index of `shape` in row-major order: visit(i, index) with i counting from 0.
template <class Visit>
void walk_indices(const Shape& shape, Visit&& visit) {
  for (int64_t extent : shape)
    if (extent == 0) return;
  std::vector<int64_t> index(shape.size(), 0);
  for (int64_t i = 0;; ++i) {
    visit(i, index);
    size_t axis = shape.size();
    for (; axis > 0 && ++index[axis - 1] == shape[axis - 1]; --axis) index[axis - 1] = 0;
    if (axis == 0) return;
  }
}

/// The same with the offsets of that index in N tensors: visit(i, offsets),
/// offsets[k] = start[k] + sum of index * strides[k].
template <size_t N, class Visit>
void walk(const Shape& shape, const std::array<Strides, N>& strides, std::array<int64_t, N> start,
          Visit&& visit) {
  for (int64_t extent : shape)
    if (extent == 0) return;
  std::vector<int64_t> index(shape.size(), 0);
  std::array<int64_t, N> offset = start;
  for (int64_t i = 0;; ++i) {
    visit(i, offset);
    size_t axis = shape.size();
    for (; axis > 0; --axis) {
      const size_t a = axis - 1;
      for (size_t k = 0; k < N; ++k) offset[k] += strides[k][a];
      if (++index[a] < shape[a]) break;
      for (size_t k = 0; k < N; ++k) offset[k] -= strides[k][a] * shape[a];
      index[a] = 0;
    }
    if (axis == 0) return;
  }
}

/// A row-major tensor seen from one axis: element (o, i, n) is at (o*extent + i)*inner + n.
struct AxisView {
  int64_t outer = 1;
  int64_t extent = 1;
  int64_t inner = 1;
  AxisView(const Shape& shape, int64_t axis) : extent(shape[axis]) {
    for (int64_t i = 0; i < axis; ++i) outer *= shape[i];
    for (size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }
  int64_t at(int64_t o, int64_t i, int64_t n) const { return (o * extent + i) * inner + n; }
};

}  // namespace halite::ir
