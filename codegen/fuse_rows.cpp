// Dynamic programming over the cuts, twice: the least peak that any cut has, then the cheapest cut whose peak
// is within what is asked for or, if less cannot be had, that least peak.
#include "codegen/fuse_rows.h"

#include <algorithm>
#include <limits>

#include "codegen/kernels.h"
#include "codegen/states.h"
#include "rt/abi.h"

namespace halite::codegen {
namespace {

using ir::ValueId;
using schedules::Group;

constexpr size_t kLongestCascade = 48;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max() / 4;

/// What a cascade is to the rest of the program: it reads and writes whole tensors.
Group outer_group(const ir::Graph& graph, const Cascade& cascade) {
  Group outer;
  int64_t most = -1;
  for (const auto& layer : cascade.layers) {
    outer.nodes.insert(outer.nodes.end(), layer.nodes.begin(), layer.nodes.end());
    const int64_t macs = schedules::macs(graph, layer.anchor);
    if (macs > most) most = macs, outer.anchor = layer.anchor;
  }
  for (const auto& line : cascade.lines) {
    if (line.loaded) outer.inputs.push_back(line.value);
    if (line.stored) outer.outputs.push_back(line.value);
  }
  for (const auto& op : cascade.ops) {
    if (op.kind != RowOp::Kind::kernel) continue;
    size_t k = 0;
    for (auto id : cascade.layers[op.group].inputs) {
      if (graph.is_constant(id) || op.inputs[k++].line) continue;
      if (std::ranges::find(outer.inputs, id) == outer.inputs.end()) outer.inputs.push_back(id);
    }
  }
  return outer;
}

/// A stored tensor and when it lives, if every group is a step.
struct Tensor {
  int64_t bytes = 0;
  int first = std::numeric_limits<int>::max(), last = -1;  ///< touched by these groups
  int made = std::numeric_limits<int>::max();              ///< first group that writes it
  bool input = false, output = false, state = false;
};

/// Groups [first, last] as one step, plain or a cascade.
struct Segment {
  size_t first, last;
  bool cascade;
  int64_t peak, cost;
  int64_t width = 0;  ///< of rows (plan_rows)
};

class Cutter {
 public:
  Cutter(const ir::Graph& graph, const Views& views, const std::vector<Group>& groups,
         const CompileOptions& options)
      : graph_(graph), views_(views), groups_(groups), options_(options) {
    find_tensors();
  }

  std::vector<Segment> run() {
    find_segments();
    const size_t n = groups_.size();
    int64_t target = options_.arena_target;
    if (target == 0 && options_.rows == RowsMode::automatic) {
      int64_t plain = 0;
      for (const auto& s : segments_) plain = s.cascade ? plain : std::max(plain, s.peak);
      target = plain * 2 / 3;
    }
    std::vector<int64_t> least(n + 1);  // peak of the best cut of what begins at a group
    for (size_t i = n; i-- > 0;) {
      least[i] = kNever;
      for (const Segment* s : starting_at_[i])
        least[i] = std::min(least[i], std::max(s->peak, least[s->last + 1]));
    }
    const int64_t limit = std::max(least[0], target);
    std::vector<std::pair<int64_t, const Segment*>> best(n + 1, {0, nullptr});
    for (size_t i = n; i-- > 0;) {
      best[i].first = kNever;
      for (const Segment* s : starting_at_[i]) {
        const int64_t rest = best[s->last + 1].first;
        if (s->peak > limit || rest == kNever || s->cost + rest >= best[i].first) continue;
        best[i] = {s->cost + rest, s};
      }
    }
    std::vector<Segment> cut;
    for (size_t i = 0; i < n; i = cut.back().last + 1) cut.push_back(*best[i].second);
    return cut;
  }

  std::optional<Cascade> cascade(size_t first, size_t last, int64_t width = 0) const {
    std::vector<bool> made_here(graph_.values.size()), stored(graph_.values.size());
    for (size_t g = first; g <= last; g++) {
      for (auto id : groups_[g].outputs) {
        const Tensor& t = tensor(id);
        made_here[id.index] = true;
        stored[id.index] = t.last > int(last) || t.output;
        if (t.state) return {};
      }
    }
    for (size_t g = first; g <= last; g++) {
      for (auto id : groups_[g].inputs) {
        if (graph_.is_constant(id) || made_here[id.index]) continue;
        const Tensor& t = tensor(id);
        if (t.state || (!t.input && t.made >= int(first))) return {};
      }
    }
    auto found =
        plan_rows(graph_, views_, std::span(groups_).subspan(first, last - first + 1), stored, width);
    if (found) {
      const Group outer = outer_group(graph_, *found);
      if (outer.inputs.size() + outer.outputs.size() > RT_MAX_ARGS) return {};
    }
    return found;
  }

 private:
  size_t index(ValueId id) const { return index_[views_.places[id.index].root.index]; }
  const Tensor& tensor(ValueId id) const { return tensors_[index(id)]; }

  void find_tensors() {
    index_.assign(graph_.values.size(), SIZE_MAX);
    const auto open = [&](ValueId id) -> Tensor& {
      size_t& at = index_[views_.places[id.index].root.index];
      if (at == SIZE_MAX) {
        at = tensors_.size();
        tensors_.push_back({graph_.type(views_.places[id.index].root).bytes()});
      }
      return tensors_[at];
    };
    for (const auto& state : graph_.states) {
      open(state.input).state = true;
      open(state.output).state = true;
    }
    const int end = int(groups_.size()) - 1;
    for (auto id : graph_.inputs) {
      Tensor& t = open(id);
      t.input = true;
      t.first = 0;
      if (options_.inputs == Home::bound) t.bytes = 0;
    }
    for (size_t g = 0; g < groups_.size(); g++) {
      const auto touch = [&](ValueId id, bool writes) {
        if (graph_.is_constant(id)) return;
        Tensor& t = open(id);
        t.first = std::min(t.first, int(g));
        t.last = std::max(t.last, int(g));
        if (writes) t.made = std::min(t.made, int(g));
      };
      for (auto id : groups_[g].inputs) touch(id, false);
      for (auto id : groups_[g].outputs) touch(id, true);
    }
    for (auto id : graph_.outputs) {
      Tensor& t = open(id);
      t.output = true;
      t.last = end;
      if (options_.outputs == Home::bound) t.bytes = 0;
    }
    for (const auto& extent : graph_.extents) open(extent.value).state = true;  // lives on as states do
    for (auto& t : tensors_) {
      if (t.state) t.first = 0, t.last = end;
    }
  }

  void find_segments() {
    const size_t n = groups_.size();
    for (size_t i = 0; i < n; i++) {
      segments_.push_back({i, i, false, plain_peak(i), 0});
      add_folded(i);
      for (size_t j = i; j < n && j < i + kLongestCascade; j++) {
        const auto found = cascade(i, j);
        if (found) segments_.push_back({i, j, true, cascade_peak(i, j, *found), cost_of(*found)});
        if (!found && !cascade(j, j)) break;
      }
    }
    starting_at_.resize(n + 1);
    for (const auto& s : segments_) starting_at_[s.first].push_back(&s);
  }

  /// A group by itself, in rows of every width.
  void add_folded(size_t g) {
    if (!may_fold(graph_, groups_[g])) return;
    const ir::Shape& shape = graph_.type(groups_[g].outputs[0]).shape;
    const int64_t pixels = shape[1] * shape[2];
    for (int64_t width = 1; width < pixels; width++) {
      if (pixels % width != 0 || width == shape[2]) continue;
      if (const auto found = cascade(g, g, width))
        segments_.push_back({g, g, true, cascade_peak(g, g, *found), cost_of(*found), width});
    }
  }

  /// Copies, a call for each row, and what kernels compute twice: they take two pixels at a time.
  int64_t cost_of(const Cascade& c) const {
    constexpr int64_t kCall = 64, kProduct = 3;  // as copied bytes
    int64_t cost = c.moved_bytes + kCall * int64_t(c.program.size());
    for (const auto& layer : c.layers) {
      const auto* conv = std::get_if<ir::Conv2d>(&graph_.node(layer.anchor).op);
      const int64_t width = c.width > 0 ? c.width : graph_.type(layer.outputs[0]).shape[2];
      if (conv && conv->groups == 1 && width % 2 != 0)
        cost += kProduct * schedules::macs(graph_, layer.anchor) / width;
    }
    return cost;
  }

  int64_t live_bytes(size_t first, size_t last, bool without_internal) const {
    int64_t bytes = 0;
    for (const auto& t : tensors_) {
      if (t.first > int(last) || t.last < int(first)) continue;
      const bool internal = t.first >= int(first) && t.last <= int(last) && !t.input && !t.output && !t.state;
      if (!(internal && without_internal)) bytes += t.bytes;
    }
    return bytes;
  }

  int64_t plain_peak(size_t g) const {
    const Group& group = groups_[g];
    const Tensor& out = tensor(group.outputs[0]);
    int64_t saved = 0;
    for (size_t i = 0; i < group.inputs.size(); i++) {
      if (graph_.is_constant(group.inputs[i])) continue;
      const Tensor& in = tensor(group.inputs[i]);
      const bool dies = in.last == int(g) && !in.input && !in.output && !in.state;
      if (dies && !out.output && !out.state && schedules::may_alias(graph_, group, i))
        saved = std::max(saved, std::min(in.bytes, out.bytes));
    }
    // What a kernel asks for besides is worth knowing only where somebody counts.
    const int64_t scratch = options_.arena_target > 0 ? scratch_bytes(graph_, views_, group, options_) : 0;
    return live_bytes(g, g, false) - saved + scratch;
  }

  int64_t cascade_peak(size_t first, size_t last, const Cascade& c) const {
    int64_t saved = 0;
    for (const auto& o : c.overlaps) {
      const Tensor &in = tensor(o.input), &out = tensor(o.output);
      if (in.last > int(last) || in.output || out.first < int(first)) continue;
      const int64_t ahead = std::max<int64_t>(0, -o.delta);
      saved = std::max(saved, in.bytes + out.bytes - std::max(out.bytes, in.bytes + ahead));
    }
    const int64_t words = 4 * int64_t(c.lines.size());
    return live_bytes(first, last, true) + c.line_bytes() + words - saved;
  }

  const ir::Graph& graph_;
  const Views& views_;
  const std::vector<Group>& groups_;
  const CompileOptions& options_;
  std::vector<Tensor> tensors_;
  std::vector<size_t> index_;  // by root value
  std::vector<Segment> segments_;
  std::vector<std::vector<const Segment*>> starting_at_;
};

/// Where nothing is said: on machines that are bare, for there RAM is scarcest.
bool wants_rows(const CompileOptions& options) {
  if (options.rows != RowsMode::automatic) return options.rows == RowsMode::always;
  return options.arena_target > 0 || options.target.platform == targets::Platform::none;
}

}  // namespace

RowWise fuse_rows(ir::Graph& graph, Views& views, const std::vector<Group>& groups,
                  const CompileOptions& options) {
  if (!wants_rows(options) || groups.empty()) return {groups, {}};
  RowWise result;
  std::vector<std::optional<Cascade>> chosen;
  {
    Cutter cutter(graph, views, groups, options);
    for (const auto& segment : cutter.run()) {
      chosen.push_back(segment.cascade ? cutter.cascade(segment.first, segment.last, segment.width)
                                       : std::nullopt);
      result.steps.push_back(segment.cascade ? outer_group(graph, *chosen.back()) : groups[segment.first]);
    }
  }
  for (size_t i = 0; i < chosen.size(); i++) {
    if (!chosen[i]) continue;
    build_rows(graph, views, *chosen[i]);
    result.cascades.emplace(i, *std::move(chosen[i]));
  }
  return result;
}

}  // namespace halite::codegen
