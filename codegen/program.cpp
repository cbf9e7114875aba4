// The arena starts with the table of bound pointers and the state (rt/abi.h); the plan begins behind them.
#include "codegen/program.h"

#include <algorithm>

#include "codegen/machine.h"

namespace halite::codegen {
namespace {

using schedules::Group;

int64_t align_up(int64_t value, int64_t align) { return (value + align - 1) / align * align; }

rt_ref make_ref(uint32_t space, int64_t offset) { return space << RT_SPACE_SHIFT | uint32_t(offset); }

class ProgramBuilder {
 public:
  ProgramBuilder(const ir::Graph& graph, const Views& views, const std::vector<Group>& groups,
                 const Storage& storage, const Kernels& kernels, const CompileOptions& options)
      : graph_(graph),
        views_(views),
        groups_(groups),
        storage_(storage),
        kernels_(kernels),
        options_(options),
        vector_bytes_(std::clamp<int64_t>(options.target.facts.vector_bits / 8, 8, HALITE_ARENA_ALIGN)),
        pool_(vector_bytes_) {}

  Result<Program> run() {
    place_buffers();
    for (size_t i = 0; i < groups_.size(); i++) add_step(i);
    program_.weights = pool_.bytes();
    if (auto fits = check_range(); !fits) return fits.error();
    auto& tables = program_.tables;
    tables.name = options_.name;
    for (auto id : graph_.inputs) add_public(id, tables.inputs, tables.input_refs);
    for (auto id : graph_.outputs) add_public(id, tables.outputs, tables.output_refs);
    tables.arena_bytes = program_.report.arena_bytes;
    tables.embed_weights = !options_.separate_weights;
    report_totals();
    return std::move(program_);
  }

 private:
  /// States lie side by side, so that they can be saved in one piece.
  void place_states() {
    auto& tables = program_.tables;
    tables.state_offset =
        align_up(int64_t(graph_.inputs.size() + graph_.outputs.size()) * pointer_bytes(options_.target),
                 vector_bytes_);
    for (size_t i = 0; i < graph_.states.size(); i++) {
      const auto& interval = storage_.buffers[i].interval;
      tables.state_bytes = align_up(tables.state_bytes, vector_bytes_);
      add_initial(graph_.states[i].initial, tables.state_bytes);
      report_place(storage_.buffers[i].name, "state", tables.state_offset + tables.state_bytes, interval);
      tables.state_bytes += interval.size;
    }
    program_.report.state_bytes = tables.state_bytes;
  }

  /// Zeros need no row, equal bytes no data.
  void add_initial(const ir::Tensor& tensor, int64_t offset) {
    const auto* data = reinterpret_cast<const uint8_t*>(tensor.bytes().data());
    InitialTable row{offset, int64_t(tensor.bytes().size()), {}, 0};
    if (row.bytes == 0) return;
    if (std::all_of(data, data + row.bytes, [&](uint8_t byte) { return byte == data[0]; })) {
      row.fill = data[0];
      if (row.fill == 0) return;
    } else {
      row.data.assign(data, data + row.bytes);
    }
    program_.tables.initials.push_back(std::move(row));
  }

  void report_place(const std::string& name, const char* space, int64_t offset, const Interval& interval) {
    auto& report = program_.report;
    report.tensor_bytes += interval.size;
    report.arena.push_back({name, space, offset, interval.size, interval.first, interval.last});
  }

  void place_buffers() {
    place_states();
    const size_t states = graph_.states.size();
    std::vector<Interval> intervals;
    int64_t align = vector_bytes_;
    const auto add = [&](const std::string& name, const char* space, const Interval& interval) {
      intervals.push_back(interval);
      align = std::max(align, interval.align);
      report_place(name, space, 0, interval);
    };
    place_of_.resize(storage_.buffers.size());
    for (size_t i = 0; i < storage_.buffers.size(); i++) {
      const auto& buffer = storage_.buffers[i];
      static constexpr const char* kSpaces[] = {"arena", "input", "output"};
      if (buffer.bound) {
        program_.report.bound_bytes += align_up(buffer.interval.size, 64);
      } else {
        place_of_[i] = i < states ? i : states + intervals.size();
        if (i >= states) add(buffer.name, kSpaces[int(buffer.space)], buffer.interval);
      }
    }
    for (size_t i = 0; i < groups_.size(); i++) {
      scratch_at_.push_back(states + intervals.size());
      for (const auto& type : kernel(i).scratch) {
        add("scratch", "scratch",
            {std::max<int64_t>(type.bytes(), 1), buffer_align(options_.target.facts, type.dtype), int(i),
             int(i)});
      }
    }
    const Plan plan = plan_memory(intervals);
    const int64_t base = align_up(program_.tables.state_offset + program_.tables.state_bytes, align);
    program_.report.arena_bytes = base + plan.bytes;
    program_.report.arena_lower_bound = base + plan.lower_bound;
    for (size_t i = 0; i < intervals.size(); i++)
      program_.report.arena[states + i].offset = base + plan.offsets[i];
  }

  const CompiledKernel& kernel(size_t step) const { return kernels_.unique[kernels_.of_group[step]]; }

  void add_step(size_t i) {
    const Group& group = groups_[i];
    const CompiledKernel& code = kernel(i);
    StepTable table{code.symbol, {}, code.extents};
    StepReport row{graph_.node(group.anchor).name, {}, code.symbol, code.strategy};
    for (auto id : group.nodes) {
      const auto& op = graph_.node(id).op;
      const auto* elementwise = std::get_if<ir::Elementwise>(&op);
      row.op +=
          (row.op.empty() ? "" : "+") + std::string(elementwise ? to_string(elementwise->fn) : name_of(op));
      row.macs += schedules::macs(graph_, id);
    }
    for (size_t k = 0; k < group.inputs.size(); k++) {
      const ir::ValueId id = group.inputs[k];
      if (!graph_.is_constant(id)) {
        table.args.push_back(tensor_ref(id, row));
        continue;
      }
      const auto& constant = *graph_.value(id).constant;
      const auto& packing = code.packing[k];
      const ir::Tensor packed =
          packing.pack(constant, [&](size_t i) { return *graph_.value(group.inputs[i]).constant; });
      row.weights_bytes += packed.type().bytes();
      table.args.push_back(make_ref(RT_SPACE_WEIGHTS, pool_.add(packed)));
    }
    for (auto id : group.outputs) {
      table.args.push_back(tensor_ref(id, row));
      row.output_names.push_back(graph_.value(id).name);
      row.output_types.push_back(graph_.type(id));
    }
    for (size_t k = 0; k < code.scratch.size(); k++) {
      const Placement& placement = program_.report.arena[scratch_at_[i] + k];
      table.args.push_back(make_ref(RT_SPACE_ARENA, placement.offset));
      row.tensors.push_back(placement);
    }
    HALITE_CHECK(table.args.size() <= RT_MAX_ARGS, "arguments of step " + row.name);
    program_.tables.steps.push_back(std::move(table));
    program_.report.steps.push_back(std::move(row));
  }

  rt_ref tensor_ref(ir::ValueId id, StepReport& row) const {
    const Place& place = views_.places[id.index];
    const uint32_t index = *storage_.buffer_of[place.root.index];
    const Buffer& buffer = storage_.buffers[index];
    Placement placement{{}, "bound", 0, 0, buffer.interval.first, buffer.interval.last};
    if (place_of_[index]) placement = program_.report.arena[*place_of_[index]];
    placement.tensor = graph_.value(id).name;
    const int64_t offset = place.offset * size_of(graph_.type(id).dtype);
    if (!buffer.bound) placement.offset += offset;
    placement.bytes = graph_.type(id).bytes();
    row.tensors.push_back(placement);
    if (buffer.space == Buffer::Space::arena || buffer.space == Buffer::Space::state)
      return make_ref(RT_SPACE_ARENA, placement.offset);
    HALITE_CHECK(offset <= int64_t{RT_PUBLIC_OFFSET_MASK}, "a window far into public tensor " + buffer.name);
    const uint32_t space = buffer.space == Buffer::Space::input ? RT_SPACE_INPUT : RT_SPACE_OUTPUT;
    return make_ref(space, int64_t{buffer.io_index} << RT_PUBLIC_SHIFT | offset);
  }

  void add_public(ir::ValueId id, std::vector<ir::Value>& values, std::vector<rt_ref>& refs) const {
    values.push_back({graph_.value(id).name, graph_.type(id), {}});
    const auto at = place_of_[*storage_.buffer_of[id.index]];
    refs.push_back(at ? make_ref(RT_SPACE_ARENA, program_.report.arena[*at].offset) : RT_REF_NONE);
  }

  Result<void> check_range() const {
    const auto too_large = [](const char* what, int64_t bytes) {
      return Error{ErrorCode::kResource,
                   std::string(what) + " take " + std::to_string(bytes) +
                       " bytes; an object can address 1 GiB of each",
                   {}};
    };
    if (std::max(graph_.inputs.size(), graph_.outputs.size()) > RT_MAX_PUBLIC) {
      return Error{ErrorCode::kResource, "the model has more than 64 inputs or outputs", {}};
    }
    if (program_.report.arena_bytes > int64_t{RT_OFFSET_MASK})
      return too_large("tensors", program_.report.arena_bytes);
    if (program_.weights.size() > RT_OFFSET_MASK)
      return too_large("weights", int64_t(program_.weights.size()));
    return {};
  }

  void report_totals() {
    auto& report = program_.report;
    report.name = options_.name;
    report.target = options_.target.name;
    report.weights_bytes = int64_t(program_.weights.size());
    report.kernels = int(kernels_.unique.size());
    report.cached_kernels = kernels_.from_cache;
    for (const auto& step : report.steps) report.macs += step.macs;
  }

  const ir::Graph& graph_;
  const Views& views_;
  const std::vector<Group>& groups_;
  const Storage& storage_;
  const Kernels& kernels_;
  const CompileOptions& options_;
  int64_t vector_bytes_;  ///< alignment of what need not share a cache line
  WeightPool pool_;
  std::vector<std::optional<size_t>> place_of_;  // by buffer: index into report.arena, unless bound
  std::vector<size_t> scratch_at_;               // by group: index there of its first scratch tensor
  Program program_;
};

}  // namespace

Result<Program> build_program(const ir::Graph& graph, const Views& views, const std::vector<Group>& groups,
                              const Storage& storage, const Kernels& kernels, const CompileOptions& options) {
  auto program = ProgramBuilder(graph, views, groups, storage, kernels, options).run();
  return program;
}

}  // namespace halite::codegen
