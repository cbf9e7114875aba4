// Axes are labelled by the output's axes, and the labels are carried from each node's output to its inputs. A
// label is "trivial" if its extent is 1 in every value and no operator does something along it. Runs of
// labels that are adjacent in every value become one axis; operators that do something along an axis say how
// far that axis may be merged.
#include "schedules/collapse.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "schedules/flatten.h"

namespace halite::schedules {
namespace {

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

/// The analysis of one group.
class Merging {
 public:
  explicit Merging(const Request& request)
      : request_(request), graph_(request.graph), group_(request.group) {}

  /// False if the group's axes cannot be followed from its output to everything it reads.
  bool follow() {
    const ir::ValueId result = group_.outputs[0];
    const int rank = graph_.type(result).rank();
    marks_ = {std::vector<bool>(rank), std::vector<bool>(rank), std::vector<bool>(rank)};
    labels_[result.index] = Labels(rank);
    std::iota(labels_[result.index].begin(), labels_[result.index].end(), 0);
    for (auto id = group_.nodes.rbegin(); id != group_.nodes.rend(); ++id) {
      const ir::Node& node = graph_.node(*id);
      const auto out = labels_.find(node.outputs[0].index);
      if (out == labels_.end() || node.outputs.size() != 1) return false;
      const auto in = std::visit(Follow{graph_, node, out->second, marks_}, node.op);
      if (!in) return false;
      for (auto input : node.inputs) {
        if (graph_.type(input).rank() != rank) return false;
        const auto [known, added] = labels_.try_emplace(input.index, *in);
        if (!added && known->second != *in) return false;
      }
    }
    return true;
  }

  /// The merged axes in the order of the output.
  std::vector<Run> runs() const {
    std::vector<Run> runs;
    for (int label : labels_.at(group_.outputs[0].index)) {
      if (is_trivial(label)) continue;
      if (!runs.empty()) {
        Run longer = runs.back();
        longer.push_back(label);
        if (may_merge(longer)) {
          runs.back() = longer;
          continue;
        }
      }
      runs.push_back({label});
    }
    return runs;
  }

  const Labels& labels(ir::ValueId id) const { return labels_.at(id.index); }
  bool knows(ir::ValueId id) const { return labels_.contains(id.index); }

  int64_t extent(uint32_t value, int label) const {
    return graph_.values[value].type.shape[position(labels_.at(value), label)];
  }

  /// The stride of a run as one axis of an operand; nullopt if it is not evenly spaced.
  std::optional<int64_t> stride(uint32_t value, const Operand& operand, const Run& run) const {
    std::optional<int64_t> innermost;
    int64_t elements = 1;
    for (auto label = run.rbegin(); label != run.rend(); ++label) {
      const int64_t own = operand.strides[position(labels_.at(value), *label)];
      if (extent(value, *label) == 1) continue;
      if (!innermost) innermost = own;
      if (own != *innermost * elements) return {};
      elements *= extent(value, *label);
    }
    return innermost ? innermost : operand.strides[position(labels_.at(value), run.back())];
  }

 private:
  static size_t position(const Labels& labels, int label) {
    return static_cast<size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
  }

  bool is_trivial(int label) const {
    if (marks_.alone[label] || marks_.outermost[label]) return false;
    return std::all_of(labels_.begin(), labels_.end(),
                       [&](const auto& v) { return extent(v.first, label) == 1; });
  }

  bool may_merge(const Run& run) const {
    for (size_t i = 0; i < run.size(); i++) {
      if (marks_.alone[run[i]] || (i > 0 && marks_.outermost[run[i]])) return false;
      if (marks_.reduced[run[i]] != marks_.reduced[run[0]]) return false;
    }
    return is_adjacent_everywhere(run) && broadcasts_as_one(run) && is_evenly_stored(run);
  }

  /// In every value the run's labels follow each other, trivial ones aside.
  bool is_adjacent_everywhere(const Run& run) const {
    for (const auto& [value, labels] : labels_) {
      Labels present;
      for (int label : labels) {
        if (!is_trivial(label)) present.push_back(label);
      }
      const auto first = std::find(present.begin(), present.end(), run[0]);
      if (present.end() - first < static_cast<std::ptrdiff_t>(run.size())) return false;
      if (!std::equal(run.begin(), run.end(), first)) return false;
    }
    return true;
  }

  /// An input that is repeated along one axis of the run is repeated along all of them.
  bool broadcasts_as_one(const Run& run) const {
    for (auto id : group_.nodes) {
      const ir::Node& node = graph_.node(id);
      if (!std::holds_alternative<ir::Elementwise>(node.op) &&
          !std::holds_alternative<ir::Broadcast>(node.op))
        continue;
      for (auto input : node.inputs) {
        bool all_equal = true, all_one = true;
        for (int label : run) {
          const int64_t out = extent(node.outputs[0].index, label), in = extent(input.index, label);
          all_equal &= in == out;
          all_one &= in == 1;
        }
        if (!all_equal && !all_one) return false;
      }
    }
    return true;
  }

  bool is_evenly_stored(const Run& run) const {
    for (size_t i = 0; i < group_.inputs.size(); i++) {
      if (!stride(group_.inputs[i].index, request_.inputs[i], run)) return false;
    }
    for (size_t i = 0; i < group_.outputs.size(); i++) {
      if (!stride(group_.outputs[i].index, request_.outputs[i], run)) return false;
    }
    return true;
  }

  const Request& request_;
  const ir::Graph& graph_;
  const Group& group_;
  std::map<uint32_t, Labels> labels_;  ///< by value index
  Marks marks_;
};

/// The runs in the order in which a value has them.
std::vector<Run> ordered(const std::vector<Run>& runs, const Labels& labels) {
  std::vector<Run> own = runs;
  const auto place = [&](const Run& run) { return std::find(labels.begin(), labels.end(), run[0]); };
  std::sort(own.begin(), own.end(), [&](const Run& a, const Run& b) { return place(a) < place(b); });
  return own;
}

class Builder {
 public:
  Builder(const Request& request, const Merging& merging, ir::Graph& graph, Group& group)
      : request_(request), merging_(merging), runs_(merging.runs()), graph_(graph), group_(group) {}

  Request build() {
    const Group& given = request_.group;
    for (auto id : given.inputs) group_.inputs.push_back(value(id));
    for (auto id : given.nodes) add_node(id);
    for (auto id : given.outputs) group_.outputs.push_back(value(id));
    Request merged{.graph = graph_,
                   .group = group_,
                   .inputs = {},
                   .outputs = {},
                   .target = request_.target,
                   .optimize = request_.optimize,
                   .in_place = request_.in_place,
                   .strategy = request_.strategy};
    for (size_t i = 0; i < given.inputs.size(); i++) {
      merged.inputs.push_back(operand(given.inputs[i], request_.inputs[i]));
    }
    for (size_t i = 0; i < given.outputs.size(); i++) {
      merged.outputs.push_back(operand(given.outputs[i], request_.outputs[i]));
    }
    return merged;
  }

 private:
  ir::Shape merged_shape(ir::ValueId id) const {
    ir::Shape shape;
    for (const auto& run : ordered(runs_, merging_.labels(id))) {
      int64_t extent = 1;
      for (int label : run) extent *= merging_.extent(id.index, label);
      shape.push_back(extent);
    }
    return shape;
  }

  ir::ValueId value(ir::ValueId id) {
    const auto [known, added] =
        ids_.try_emplace(id.index, ir::ValueId{static_cast<uint32_t>(graph_.values.size())});
    if (added) {
      const ir::Value& old = request_.graph.value(id);
      ir::Value made{old.name, {old.type.dtype, merged_shape(id), {}}, {}};
      if (old.constant) made.constant = old.constant->with_type(made.type);
      graph_.values.push_back(std::move(made));
    }
    return known->second;
  }

  void add_node(ir::NodeId id) {
    const ir::Node& node = request_.graph.node(id);
    const auto out = ordered(runs_, merging_.labels(node.outputs[0]));
    const auto in = ordered(runs_, merging_.labels(node.inputs[0]));
    std::vector<int> perm;
    for (const auto& run : out)
      perm.push_back(static_cast<int>(std::find(in.begin(), in.end(), run) - in.begin()));
    const Rewrite rewrite{request_.graph.type(node.inputs[0]).shape, merged_shape(node.outputs[0]),
                          merging_.labels(node.outputs[0]), out, perm};
    ir::Node made{node.name, std::visit(rewrite, node.op), {}, {}};
    for (auto input : node.inputs) made.inputs.push_back(value(input));
    made.outputs.push_back(value(node.outputs[0]));
    const ir::NodeId made_id{static_cast<uint32_t>(graph_.nodes.size())};
    if (id == request_.group.anchor) group_.anchor = made_id;
    group_.nodes.push_back(made_id);
    graph_.nodes.push_back(std::move(made));
  }

  Operand operand(ir::ValueId id, const Operand& given) {
    Operand merged{graph_.type(value(id)), {}};
    for (const auto& run : ordered(runs_, merging_.labels(id))) {
      merged.strides.push_back(*merging_.stride(id.index, given, run));
    }
    return merged;
  }

  const Request& request_;
  const Merging& merging_;
  const std::vector<Run> runs_;
  ir::Graph& graph_;
  Group& group_;
  std::map<uint32_t, ir::ValueId> ids_;
};

}  // namespace

Collapsed::Collapsed(const Request& request) : given_(request) {
  if (auto flat = flatten_pixels(request, graph_, group_)) {
    merged_.emplace(std::move(*flat));
    return;
  }
  Merging merging(request);
  if (!merging.follow()) return;
  for (auto id : request.group.outputs) {
    if (!merging.knows(id)) return;
  }
  merged_.emplace(Builder(request, merging, graph_, group_).build());
}

}  // namespace halite::schedules
