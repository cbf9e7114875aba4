// What each operator means for items (items.h): whether it keeps the indices of an axis apart, and how it is
// written for fewer of them.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace halite::schedules {

using Axis = std::optional<size_t>;  ///< along which a value's extents differ between variants

/// Whether a node computes index i of its output's axis from index i of its inputs' axes alone.
struct Maps {
  const std::vector<Axis>& in;
  size_t out;
  const std::vector<ir::Shape>& in_shapes;
  const ir::Shape& out_shape;

  bool only_first() const {
    return in[0] && std::all_of(in.begin() + 1, in.end(), [](const Axis& axis) { return !axis; });
  }
  /// Every input that varies does so at the output's axis, counted from the innermost.
  bool aligned() const {
    for (size_t i = 0; i < in.size(); i++)
      if (in[i] && *in[i] + out_shape.size() != out + in_shapes[i].size()) return false;
    return true;
  }
  bool same_extent() const { return in_shapes[0][out] == out_shape[out]; }

  bool operator()(const ir::Elementwise&) const { return aligned(); }
  bool operator()(const ir::Cast&) const { return aligned(); }
  bool operator()(const ir::Broadcast&) const { return aligned(); }
  bool operator()(const ir::Quantize&) const { return aligned() && only_first(); }
  bool operator()(const ir::Dequantize&) const { return aligned() && only_first(); }
  bool operator()(const ir::Requantize&) const { return aligned() && only_first(); }
  bool operator()(const ir::Conv2d&) const { return out == 0 && in[0] == Axis(0) && only_first(); }
  bool operator()(const ir::ConvTranspose2d&) const { return out == 0 && in[0] == Axis(0) && only_first(); }
  bool operator()(const ir::Pool2d&) const { return out == 0 && in[0] == Axis(0) && only_first(); }
  bool operator()(const ir::MatMul& op) const {
    if (!aligned() || out + 1 == out_shape.size()) return false;
    const bool rows = out + 2 == out_shape.size();
    return !rows || (only_first() && !op.transpose_a);
  }
  bool operator()(const ir::Reduce& op) const {
    return aligned() && only_first() && std::ranges::find(op.axes, int64_t(out)) == op.axes.end();
  }
  bool operator()(const ir::Softmax& op) const {
    return aligned() && only_first() && op.axis != int64_t(out);
  }
  bool operator()(const ir::ArgReduce& op) const {
    return aligned() && only_first() && op.axis != int64_t(out);
  }
  bool operator()(const ir::Transpose& op) const { return in[0] && op.perm[out] == int64_t(*in[0]); }
  bool operator()(const ir::Slice& op) const {
    return aligned() && op.start[out] == 0 && op.step[out] == 1 && same_extent();
  }
  bool operator()(const ir::Pad& op) const {
    return aligned() && only_first() && op.before[out] == 0 && op.after[out] == 0;
  }
  bool operator()(const ir::Concat& op) const {
    return aligned() && op.axis != int64_t(out) &&
           std::ranges::all_of(in, [](const Axis& axis) { return axis.has_value(); });
  }
  bool operator()(const ir::Resize& op) const {
    return aligned() && only_first() && same_extent() && op.scales[out] == 1 && op.roi.empty();
  }
  bool operator()(const ir::Gather& op) const {
    if (in[0] && in[1]) return false;
    return in[1] ? int64_t(out) == op.axis + int64_t(*in[1])
                 : in[0] && int64_t(*in[0]) < op.axis && *in[0] == out;
  }
  bool operator()(const auto&) const { return false; }
};

/// An operator for another extent of the output's axis.
struct Shortened {
  size_t axis;
  int64_t extent;

  ir::Op operator()(ir::Broadcast op) const {
    op.shape[axis] = extent;
    return op;
  }
  ir::Op operator()(ir::Slice op) const {
    op.sizes[axis] = extent;
    return op;
  }
  ir::Op operator()(ir::Resize op) const {
    op.sizes[axis] = extent;
    return op;
  }
  ir::Op operator()(auto op) const { return op; }
};

}  // namespace halite::schedules
