// What each operator means for merging axes (collapse.h): which of its axes stay apart, and how it is written
// for merged ones.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace halite::schedules {

using Labels = std::vector<int>;
using Run = std::vector<int>;  ///< labels, outermost first

/// How far an operator lets an axis be merged.
struct Marks {
  std::vector<bool> alone;      ///< not with any other axis; never trivial
  std::vector<bool> outermost;  ///< only as the outermost axis of a run; never trivial
  std::vector<bool> reduced;    ///< only with axes that are reduced too
};

/// The labels of the inputs' axes, from those of the output; nullopt where axes cannot be followed.
struct Follow {
  const ir::Graph& graph;
  const ir::Node& node;
  const Labels& out;
  Marks& marks;

  const ir::Shape& in_shape() const { return graph.type(node.inputs[0]).shape; }
  void mark(std::vector<bool>& set, int64_t axis) const { set[out[axis]] = true; }

  std::optional<Labels> operator()(const ir::Elementwise&) const { return out; }
  std::optional<Labels> operator()(const ir::Cast&) const { return out; }
  std::optional<Labels> operator()(const ir::Broadcast&) const { return out; }
  std::optional<Labels> operator()(const ir::Transpose& op) const {
    Labels in(out.size());
    for (size_t i = 0; i < out.size(); i++) in[op.perm[i]] = out[i];
    return in;
  }
  std::optional<Labels> operator()(const ir::Slice& op) const {
    for (size_t i = 0; i < out.size(); i++) {
      if (op.sizes[i] == in_shape()[i] && op.step[i] == 1) continue;
      mark(op.step[i] == 1 ? marks.outermost : marks.alone, i);
    }
    return out;
  }
  std::optional<Labels> operator()(const ir::Pad& op) const {
    for (size_t i = 0; i < out.size(); i++) {
      if (op.before[i] == 0 && op.after[i] == 0) continue;
      mark(op.mode == ir::Pad::Mode::constant ? marks.outermost : marks.alone, i);
    }
    return out;
  }
  std::optional<Labels> operator()(const ir::Concat& op) const {
    mark(marks.outermost, op.axis);
    return out;
  }
  std::optional<Labels> operator()(const ir::Softmax& op) const {
    if (node.inputs.size() > 1) return {};  // the table has axes of its own
    mark(marks.alone, op.axis);
    return out;
  }
  std::optional<Labels> operator()(const ir::ArgReduce& op) const {
    mark(marks.alone, op.axis);
    return out;
  }
  std::optional<Labels> operator()(const ir::Reduce& op) const {
    for (auto axis : op.axes) mark(marks.reduced, axis);
    return out;
  }
  std::optional<Labels> operator()(const ir::Resize& op) const {
    for (size_t i = 0; i < out.size(); i++) {
      if (op.sizes[i] != in_shape()[i] || op.scales[i] != 1 || !op.roi.empty()) mark(marks.alone, i);
    }
    return out;
  }
  std::optional<Labels> operator()(const auto&) const { return {}; }
};

/// Writes an operator for merged axes.
struct Rewrite {
  const ir::Shape& in;           ///< extents of the first input before merging
  const ir::Shape& shape;        ///< of the output, merged
  const Labels& labels;          ///< of the output's axes before merging
  const std::vector<Run>& runs;  ///< the output's merged axes, in order
  const std::vector<int>& perm;  ///< output axis -> first input's axis, merged

  size_t axis_of(int label) const {
    return static_cast<size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
  }
  int64_t run_of(int64_t axis) const {
    for (size_t r = 0; r < runs.size(); r++) {
      if (std::find(runs[r].begin(), runs[r].end(), labels[axis]) != runs[r].end())
        return static_cast<int64_t>(r);
    }
    return -1;
  }
  /// Sum over a run's axes of an index along each, in elements of the merged axis.
  std::vector<int64_t> merged_index(const std::vector<int64_t>& index) const {
    std::vector<int64_t> merged;
    for (const auto& run : runs) {
      int64_t sum = 0, stride = 1;
      for (auto label = run.rbegin(); label != run.rend(); ++label) {
        sum += index[axis_of(*label)] * stride;
        stride *= in[axis_of(*label)];
      }
      merged.push_back(sum);
    }
    return merged;
  }
  /// Of each run's outermost axis: the only one where an attribute can differ from the neutral one.
  template <class T>
  std::vector<T> outermost(const std::vector<T>& attribute) const {
    std::vector<T> merged;
    for (const auto& run : runs) merged.push_back(attribute[axis_of(run.front())]);
    return merged;
  }

  ir::Op operator()(ir::Broadcast) const { return ir::Broadcast{shape}; }
  ir::Op operator()(ir::Transpose) const { return ir::Transpose{{perm.begin(), perm.end()}}; }
  ir::Op operator()(ir::Slice op) const {
    return ir::Slice{merged_index(op.start), outermost(op.step), shape};
  }
  ir::Op operator()(ir::Pad op) const {
    op.before = merged_index(op.before);
    op.after = merged_index(op.after);
    return op;
  }
  ir::Op operator()(ir::Concat op) const { return ir::Concat{run_of(op.axis)}; }
  ir::Op operator()(ir::Softmax op) const { return ir::Softmax{run_of(op.axis), op.log, op.scale}; }
  ir::Op operator()(ir::ArgReduce op) const {
    op.axis = run_of(op.axis);
    return op;
  }
  ir::Op operator()(ir::Reduce op) const {
    std::vector<int64_t> axes;
    for (auto axis : op.axes) {
      const int64_t run = run_of(axis);
      if (run >= 0 && (axes.empty() || axes.back() != run)) axes.push_back(run);
    }
    op.axes = axes;
    return op;
  }
  ir::Op operator()(ir::Resize op) const {
    op.sizes = shape;
    op.scales = outermost(op.scales);
    if (!op.roi.empty()) {
      const size_t rank = op.roi.size() / 2;
      auto starts = outermost(std::vector<double>(op.roi.begin(), op.roi.begin() + rank));
      const auto ends = outermost(std::vector<double>(op.roi.begin() + rank, op.roi.end()));
      starts.insert(starts.end(), ends.begin(), ends.end());
      op.roi = starts;
    }
    return op;
  }
  ir::Op operator()(auto op) const { return op; }
};

}  // namespace halite::schedules
