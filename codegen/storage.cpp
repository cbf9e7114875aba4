// Liveness is that of roots: a buffer lives from the first step that writes a part of it to the last that
// reads one. Public inputs are written before step 0; outputs are read after the last step; states live on,
// and so do extents, which are asked for until the next run has changed them.
#include "codegen/storage.h"

#include <algorithm>
#include <numeric>

#include "codegen/states.h"
#include "rt/halite.h"

namespace halite::codegen {
namespace {

using schedules::Group;

class Builder {
 public:
  Builder(const ir::Graph& graph, const Views& views, const Flat& flat, const CompileOptions& options)
      : graph_(graph),
        views_(views),
        groups_(flat.steps),
        options_(options),
        cascades_(flat.cascades),
        controls_(flat.controls) {
    storage_.buffer_of.resize(graph.values.size());
    storage_.in_place = flat.over_itself;
    storage_.in_place.resize(groups_.size());
  }

  Storage run() {
    const int last_step = std::max(0, int(groups_.size()) - 1);
    for (size_t i = 0; i < graph_.states.size(); i++) {
      const auto& state = graph_.states[i];
      open(state.input, Buffer::Space::state, i, 0);
      storage_.buffers.back().interval.last = last_step;
      storage_.buffer_of[state.output.index] = storage_.buffer_of[state.input.index];
    }
    for (size_t i = 0; i < graph_.inputs.size(); i++) open(graph_.inputs[i], Buffer::Space::input, i, 0);
    for (size_t i = 0; i < graph_.outputs.size(); i++)
      open(graph_.outputs[i], Buffer::Space::output, i, last_step);
    for (const auto& extent : graph_.extents) {
      if (storage_.buffer_of[extent.value.index]) continue;
      open(extent.value, Buffer::Space::arena, 0, 0);
      storage_.buffers.back().kept = true;
      storage_.buffers.back().interval.last = last_step;
    }
    for (size_t step = 0; step < groups_.size(); step++) {
      for (auto id : groups_[step].inputs) touch(id, int(step));
      for (auto id : groups_[step].outputs) touch(id, int(step));
    }
    for (const auto& [step, control] : controls_) touch_loop(int(step), control);
    for (size_t i = 0; i < graph_.outputs.size(); i++) buffer(graph_.outputs[i]).interval.last = last_step;
    for (size_t step = 0; step < groups_.size(); step++) {
      if (!cascades_.contains(step) && !controls_.contains(step)) share_in_place(step);
    }
    for (const auto& [step, cascade] : cascades_) {
      for (const auto& overlap : cascade.overlaps) share_by_rows(int(step), overlap);
    }
    for (const auto& access : state_accesses(graph_, views_, groups_)) {
      HALITE_CHECK(access.reader < access.writer || access.in_place,
                   "a state is overwritten before it is read");
      if (access.in_place) storage_.in_place[access.writer] = true;
    }
    return std::move(storage_);
  }

 private:
  ir::ValueId root(ir::ValueId id) const { return views_.places[id.index].root; }
  Buffer& buffer(ir::ValueId id) { return storage_.buffers[*storage_.buffer_of[root(id).index]]; }

  void open(ir::ValueId id, Buffer::Space space, size_t io_index, int step) {
    storage_.buffer_of[id.index] = uint32_t(storage_.buffers.size());
    const auto& value = graph_.value(id);
    // An empty tensor still gets a place of its own.
    const int64_t bytes = std::max<int64_t>(value.type.bytes(), 1);
    const bool bound = (space == Buffer::Space::input && options_.inputs == Home::bound) ||
                       (space == Buffer::Space::output && options_.outputs == Home::bound);
    const int64_t align = buffer_align(options_.target.facts, value.type.dtype);
    storage_.buffers.push_back(
        {space, uint32_t(io_index), bound, false, value.name, {bytes, align, step, step}});
  }

  void touch(ir::ValueId id, int step) {
    if (graph_.is_constant(id)) return;
    if (!storage_.buffer_of[root(id).index]) open(root(id), Buffer::Space::arena, 0, step);
    auto& interval = buffer(id).interval;
    interval.first = std::min(interval.first, step);
    interval.last = std::max(interval.last, step);
  }

  /// What an iteration leaves for the next lives through the whole loop; the runtime reads and writes values
  /// between the steps of the body.
  void touch_loop(int step, const Control& control) {
    if (!control.is_loop) return;
    const int first = int(control.first());
    for (auto id : groups_[size_t(step)].outputs) touch(id, first);
    if (control.iteration) touch(*control.iteration, first);
    if (control.again) touch(*control.again, step);
    for (const auto& move : control.stacked) touch(move.from, step);
  }

  /// A group may write over an input that it reads element by element and nobody reads afterwards, if both
  /// fill equal buffers. Behind an anchor (a residual addition) that constrains its tiles, which only
  /// one-core machines do not mind.
  void share_in_place(size_t step) {
    const Group& group = groups_[step];
    const bool elementwise = std::all_of(group.nodes.begin(), group.nodes.end(),
                                         [&](ir::NodeId id) { return schedules::is_pointwise(graph_, id); });
    const ir::ValueId out = group.outputs[0];
    if (!elementwise && options_.target.facts.cores > 1) return;
    if (root(out) != out || buffer(out).space != Buffer::Space::arena || buffer(out).kept) return;
    for (size_t i = 0; i < group.inputs.size(); i++) {
      const ir::ValueId in = group.inputs[i];
      if (graph_.is_constant(in) || root(in) != in) continue;
      Buffer& source = buffer(in);
      if (source.space != Buffer::Space::arena || source.kept || source.interval.last != int(step)) continue;
      if (!schedules::may_alias(graph_, group, i)) continue;
      const Buffer merged = buffer(out);
      source.interval.last = merged.interval.last;
      drop(*storage_.buffer_of[out.index], *storage_.buffer_of[in.index]);
      storage_.in_place[step] = true;
      return;
    }
  }

  void share_by_rows(int step, const RowOverlap& overlap) {
    const Buffer &in = buffer(overlap.input), &out = buffer(overlap.output);
    if (in.bound || out.bound || &in == &out) return;
    if (in.space == Buffer::Space::output || in.kept || out.kept) return;  // read after the last step
    if (in.interval.last != step || out.interval.first != step) return;
    storage_.overlaps.push_back({*storage_.buffer_of[root(overlap.output).index],
                                 *storage_.buffer_of[root(overlap.input).index], overlap.delta});
  }

  /// Removes buffer `gone`; its values move to `kept`.
  void drop(uint32_t gone, uint32_t kept) {
    storage_.buffers.erase(storage_.buffers.begin() + gone);
    for (auto& b : storage_.buffer_of) {
      if (b == gone) b = kept;
      if (b && *b > gone) b = *b - 1;
    }
  }

  const ir::Graph& graph_;
  const Views& views_;
  const std::vector<Group>& groups_;
  const CompileOptions& options_;
  const Cascades& cascades_;
  const Controls& controls_;
  Storage storage_;
};

}  // namespace

int64_t buffer_align(const targets::Facts& facts, ir::DType dtype) {
  if (facts.cores > 1) return HALITE_ARENA_ALIGN;
  return std::max<int64_t>({size_of(dtype), 4, facts.vector_bits / 8});
}

Storage assign_storage(const ir::Graph& graph, const Views& views, const std::vector<Group>& groups,
                       const CompileOptions& options) {
  return Builder(graph, views, Flat{groups, {}, {}, {}}, options).run();
}

Storage assign_storage(const ir::Graph& graph, const Views& views, const Flat& flat,
                       const CompileOptions& options) {
  return Builder(graph, views, flat, options).run();
}

schedules::Operand operand_of(const ir::Graph& graph, const Views& views, ir::ValueId id) {
  return {graph.type(id), views.places[id.index].strides};
}

}  // namespace halite::codegen
