// How hot a tensor is, is estimated: who reads or writes it does so once a byte, but what multiplications
// read (and a kernel's scratch, and line buffers) is read once a multiply-add.
#include "codegen/layout.h"

#include <algorithm>

#include "codegen/machine.h"
#include "codegen/memories.h"

namespace halite::codegen {
namespace {

using schedules::Group;

/// Entries in the table of pointers by which all of a further memory is reached.
int64_t windows_of(int64_t bytes) { return (bytes + RT_WINDOW_BYTES - 1) / RT_WINDOW_BYTES; }

/// Entries of further memories, as many as their sizes need, stand one behind the other.
void number_windows(Layout& layout) {
  layout.first_window.clear();
  size_t next = 0;
  for (size_t m = 0; m < layout.memories.size(); m++) {
    layout.first_window.push_back(next);
    if (m > 0) next += size_t(windows_of(layout.memories[m].bytes));
  }
}

class LayoutBuilder {
 public:
  explicit LayoutBuilder(const Settled& in) : in_(in), vector_bytes_(in.vector_align()) {}

  Layout run() {
    add_states();
    add_buffers();
    for (size_t i = 0; i < in_.groups.size(); i++) add_own(i);
    for (auto overlap : in_.storage.overlaps)
      overlaps_.push_back({interval_of(overlap.upper), interval_of(overlap.lower), overlap.delta});
    if (in_.options.memories.empty()) {
      place_in_arena();
    } else {
      place_in_memories();
    }
    for (size_t i = 0; i < in_.graph.states.size(); i++) {
      layout_.placements[i].offset += layout_.states.offset;
      layout_.placements[i].memory = layout_.states.memory;
    }
    return std::move(layout_);
  }

 private:
  /// States lie side by side, so that they can be saved in one piece.
  void add_states() {
    auto& states = layout_.states;
    states.last = std::max(0, int(in_.groups.size()) - 1);
    for (size_t i = 0; i < in_.graph.states.size(); i++) {
      const auto& buffer = in_.storage.buffers[i];
      states.bytes = align_up(states.bytes, vector_bytes_);
      layout_.placements.push_back({buffer.name, "state", states.bytes, buffer.interval.size,
                                    buffer.interval.first, buffer.interval.last});
      states.bytes += buffer.interval.size;
    }
  }

  void add(const std::string& name, const char* space, const Interval& interval) {
    intervals_.push_back(interval);
    layout_.placements.push_back({name, space, 0, interval.size, interval.first, interval.last});
  }

  void add_buffers() {
    const size_t states = in_.graph.states.size();
    layout_.of_buffer.resize(in_.storage.buffers.size());
    for (size_t i = 0; i < in_.storage.buffers.size(); i++) {
      const auto& buffer = in_.storage.buffers[i];
      static constexpr const char* kSpaces[] = {"arena", "input", "output"};
      if (buffer.bound) continue;
      layout_.of_buffer[i] = i < states ? i : layout_.placements.size();
      if (i >= states) add(buffer.name, kSpaces[int(buffer.space)], buffer.interval);
    }
  }

  /// What lives in one step: scratch of its kernels; of a cascade its lines, too.
  void add_own(size_t step) {
    layout_.scratch_at.push_back(layout_.placements.size());
    layout_.first_kernel.push_back(next_kernel_);
    const auto own = [&](const std::string& name, const char* space, int64_t bytes, ir::DType dtype) {
      const int64_t alignment = buffer_align(in_.options.target.facts, dtype);
      add(name, space, {std::max<int64_t>(bytes, 1), alignment, int(step), int(step)});
    };
    if (const auto* cascade = in_.cascade_of(step)) {
      own("rows moved", "scratch", 4 * int64_t(cascade->lines.size()), ir::DType::u32);
      for (const auto& line : cascade->lines)
        own(in_.graph.value(line.value).name, "line", line.bytes(), in_.graph.type(line.value).dtype);
      next_kernel_ += cascade->groups.size();
    } else if (!in_.is_control(step)) {
      next_kernel_++;
    }
    for (size_t k = layout_.first_kernel[step]; k < next_kernel_; k++) {
      for (const auto& type : in_.kernel(k).scratch) own("scratch", "scratch", type.bytes(), type.dtype);
    }
  }

  /// The arena: table of pointers, states, and the rest behind them.
  void place_in_arena() {
    int64_t align = vector_bytes_;
    for (const auto& interval : intervals_) align = std::max(align, interval.align);
    layout_.states.offset = align_up(table_bytes(0), vector_bytes_);
    const Plan plan = plan_memory(intervals_, overlaps_);
    const int64_t base = align_up(layout_.states.offset + layout_.states.bytes, align);
    for (size_t i = 0; i < intervals_.size(); i++)
      layout_.placements[in_.graph.states.size() + i].offset = base + plan.offsets[i];
    layout_.memories.push_back({{}, false, 0, base + plan.bytes, base + plan.lower_bound});
    number_windows(layout_);
  }

  void place_in_memories() {
    find_accesses();
    std::vector<Interval> intervals = intervals_;
    std::vector<int64_t> accesses(accesses_.begin() + std::ptrdiff_t(in_.graph.states.size()),
                                  accesses_.end());
    const auto& states = layout_.states;
    int64_t reserved = table_bytes(most_windows());
    if (in_.has_siblings()) {
      layout_.states.offset = align_up(reserved, vector_bytes_);
      reserved = layout_.states.offset + states.bytes;
    }
    const bool has_states = states.bytes > 0 && !in_.has_siblings();
    if (has_states) {
      intervals.push_back({states.bytes, vector_bytes_, states.first, states.last});
      accesses.push_back(2 * states.bytes);
    }
    std::vector<Room> rooms;
    for (const auto& memory : in_.options.memories)
      rooms.push_back({memory.bytes, rooms.empty() ? reserved : 0, memory.fast});
    const Assignment found = assign_rooms(intervals, accesses, overlaps_, rooms);
    for (size_t i = 0; i < intervals_.size(); i++) {
      auto& placement = layout_.placements[in_.graph.states.size() + i];
      placement.offset = found.offsets[i];
      placement.memory = int(found.room[i]);
    }
    if (has_states) {
      layout_.states.offset = found.offsets.back();
      layout_.states.memory = int(found.room.back());
    }
    for (size_t m = 0; m < rooms.size(); m++) {
      const auto& memory = in_.options.memories[m];
      layout_.memories.push_back(
          {memory.name, memory.fast, memory.bytes, found.bytes[m], found.lower_bounds[m]});
    }
    number_windows(layout_);
  }

  /// As if all memories were used up.
  int64_t most_windows() const {
    int64_t windows = 0;
    for (size_t m = 1; m < in_.options.memories.size(); m++)
      windows += windows_of(in_.options.memories[m].bytes);
    return windows;
  }

  int64_t table_bytes(int64_t windows) const {
    return (int64_t(in_.graph.inputs.size() + in_.graph.outputs.size()) + windows) *
           pointer_bytes(in_.options.target);
  }

  /// By placement: bytes read and written, estimated.
  void find_accesses() {
    accesses_.assign(layout_.placements.size(), 0);
    for (size_t step = 0; step < in_.groups.size(); step++) {
      if (const auto* cascade = in_.cascade_of(step)) {
        count_cascade(step, *cascade);
      } else if (in_.is_control(step)) {
        for (auto id : in_.groups[step].outputs) count(id, 0);
      } else {
        const size_t k = layout_.first_kernel[step];
        const int64_t macs = macs_of(in_.groups[step]);
        for (auto id : in_.groups[step].inputs) count(id, multiplies(in_.groups[step], id) ? macs : 0);
        for (auto id : in_.groups[step].outputs) count(id, 0);
        count_scratch(layout_.scratch_at[step], in_.kernel(k), macs);
      }
    }
  }

  void count_cascade(size_t step, const Cascade& cascade) {
    const size_t lines_at = layout_.scratch_at[step] + 1;
    accesses_[layout_.scratch_at[step]] += 8 * int64_t(cascade.program.size());
    const auto line_of = [&](ir::ValueId id) -> std::optional<size_t> {
      for (size_t l = 0; l < cascade.lines.size(); l++) {
        if (cascade.lines[l].value == id) return lines_at + l;
      }
      return {};
    };
    for (const auto& line : cascade.lines) {
      if (line.loaded || line.stored) count(line.value, 0);
      // Written once, and moved up for every row.
      accesses_[*line_of(line.value)] += in_.graph.type(line.value).bytes() * (2 * line.rows - 1);
    }
    size_t scratch_at = lines_at + cascade.lines.size();
    for (size_t g = 0; g < cascade.layers.size(); g++) {
      const Group& layer = cascade.layers[g];
      const int64_t macs = macs_of(layer);
      for (auto id : layer.inputs) {
        const int64_t reads = multiplies(layer, id) ? macs : 0;
        if (const auto line = line_of(id)) {
          accesses_[*line] += std::max(reads * size_of(in_.graph.type(id).dtype), in_.graph.type(id).bytes());
        } else {
          count(id, reads);
        }
      }
      const auto& code = in_.kernel(layout_.first_kernel[step] + g);
      count_scratch(scratch_at, code, macs);
      scratch_at += code.scratch.size();
    }
  }

  void count_scratch(size_t at, const CompiledKernel& code, int64_t macs) {
    for (const auto& type : code.scratch)
      accesses_[at++] += std::max(2 * type.bytes(), macs * size_of(type.dtype));
  }

  void count(ir::ValueId id, int64_t reads) {
    if (in_.graph.is_constant(id)) return;
    const auto& type = in_.graph.type(id);
    const auto at = layout_.of_buffer[*in_.storage.buffer_of[in_.views.places[id.index].root.index]];
    if (at) accesses_[*at] += std::max(reads * size_of(type.dtype), type.bytes());
  }

  int64_t macs_of(const Group& group) const {
    int64_t macs = 0;
    for (auto id : group.nodes) macs += schedules::macs(in_.graph, id);
    return macs;
  }

  bool multiplies(const Group& group, ir::ValueId id) const {
    return std::ranges::count(in_.graph.node(group.anchor).inputs, id) > 0;
  }

  size_t interval_of(size_t buffer) const { return *layout_.of_buffer[buffer] - in_.graph.states.size(); }

  const Settled& in_;
  const int64_t vector_bytes_;  ///< alignment of what need not share a cache line
  size_t next_kernel_ = 0;
  std::vector<Interval> intervals_;  // of the placements behind the states
  std::vector<int64_t> accesses_;    // by placement
  std::vector<Overlap> overlaps_;
  Layout layout_;
};

}  // namespace

Layout lay_out(const Settled& in) { return LayoutBuilder(in).run(); }

void share_memories(std::vector<Layout>& layouts) {
  auto memories = layouts[0].memories;
  for (const auto& layout : layouts) {
    for (size_t m = 0; m < memories.size(); m++) {
      memories[m].bytes = std::max(memories[m].bytes, layout.memories[m].bytes);
      memories[m].lower_bound = std::max(memories[m].lower_bound, layout.memories[m].lower_bound);
    }
  }
  for (auto& layout : layouts) {
    layout.memories = memories;
    number_windows(layout);
  }
}

int64_t window_count(const Layout& layout) {
  int64_t count = 0;
  for (size_t m = 1; m < layout.memories.size(); m++) count += windows_of(layout.memories[m].bytes);
  return count;
}

rt_ref ref_of(const Layout& layout, const ir::Graph& graph, const Placement& placement, int64_t offset) {
  const int64_t at = placement.offset + offset;
  if (placement.memory == 0) return RT_SPACE_ARENA << RT_SPACE_SHIFT | uint32_t(at);
  const int64_t entry = int64_t(graph.outputs.size()) +
                        int64_t(layout.first_window[size_t(placement.memory)]) + at / RT_WINDOW_BYTES;
  return RT_SPACE_OUTPUT << RT_SPACE_SHIFT | uint32_t(entry) << RT_PUBLIC_SHIFT |
         uint32_t(at % RT_WINDOW_BYTES);
}

}  // namespace halite::codegen
