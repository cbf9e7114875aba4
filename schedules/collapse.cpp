// Axes are labelled by the output's axes, and the labels are carried from each node's output to its inputs. A
// label is "trivial" if its extent is 1 in every value and no operator does something along it. Runs of
// labels that are adjacent in every value become one axis; operators that do something along an axis say how
// far that axis may be merged.
#include "schedules/collapse.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "schedules/collapse_operators.h"
#include "schedules/flatten.h"

namespace halite::schedules {
namespace {

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
                   .strategy = request_.strategy,
                   .tile = request_.tile,
                   .shares_code = request_.shares_code,
                   .fewest_rows = request_.fewest_rows};
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
