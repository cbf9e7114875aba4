// Tables follow the layout (layout.h); of a cascade's steps each has a row of its own.
#include "codegen/program.h"

#include <algorithm>

namespace halite::codegen {
namespace {

using schedules::Group;

rt_ref make_ref(uint32_t space, int64_t offset) { return space << RT_SPACE_SHIFT | uint32_t(offset); }

class ProgramBuilder {
 public:
  explicit ProgramBuilder(const Settled& in) : in_(in), pool_(in.vector_align()), layout_(lay_out(in)) {}

  Result<Program> run() {
    report_layout();
    for (size_t i = 0; i < in_.groups.size(); i++) add_step(i);
    program_.weights = pool_.bytes();
    if (auto fits = check_range(); !fits) return fits.error();
    auto& tables = program_.tables;
    tables.name = in_.options.name;
    for (auto id : in_.graph.inputs) add_public(id, tables.inputs, tables.input_refs);
    for (auto id : in_.graph.outputs) add_public(id, tables.outputs, tables.output_refs);
    for (const auto& memory : layout_.memories) tables.memory_bytes.push_back(memory.bytes);
    tables.state = ref_of(layout_, in_.graph, layout_.states);
    tables.state_bytes = layout_.states.bytes;
    for (size_t i = 0; i < in_.graph.states.size(); i++)
      add_initial(in_.graph.states[i].initial, layout_.placements[i].offset - layout_.states.offset);
    tables.embed_weights = !in_.options.separate_weights;
    report_totals();
    return std::move(program_);
  }

 private:
  void report_layout() {
    auto& report = program_.report;
    report.arena = layout_.placements;
    report.memories = layout_.memories;
    report.state_bytes = layout_.states.bytes;
    for (const auto& memory : layout_.memories) {
      report.arena_bytes += memory.bytes;
      report.arena_lower_bound += memory.lower_bound;
    }
    for (const auto& placement : layout_.placements) report.tensor_bytes += placement.bytes;
    for (const auto& buffer : in_.storage.buffers) {
      if (buffer.bound) report.bound_bytes += (buffer.interval.size + 63) / 64 * 64;
    }
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

  rt_ref ref(size_t placement, int64_t offset = 0) const {
    return ref_of(layout_, in_.graph, layout_.placements[placement], offset);
  }

  StepReport row_of(const Group& group, const CompiledKernel& code) const {
    StepReport row{in_.graph.node(group.anchor).name, {}, code.symbol, code.strategy};
    for (auto id : group.nodes) {
      const auto& op = in_.graph.node(id).op;
      const auto* elementwise = std::get_if<ir::Elementwise>(&op);
      row.op +=
          (row.op.empty() ? "" : "+") + std::string(elementwise ? to_string(elementwise->fn) : name_of(op));
      row.macs += schedules::macs(in_.graph, id);
    }
    return row;
  }

  rt_ref weights_ref(const Group& group, size_t k, const CompiledKernel& code, StepReport& row) {
    const auto constant = [&](size_t i) { return *in_.graph.value(group.inputs[i]).constant; };
    const ir::Tensor packed = code.packing[k].pack(constant(k), constant);
    row.weights_bytes += packed.type().bytes();
    return make_ref(RT_SPACE_WEIGHTS, pool_.add(packed));
  }

  void add_scratch(const CompiledKernel& code, size_t at, StepTable& table, StepReport& row) const {
    for (size_t k = 0; k < code.scratch.size(); k++) {
      table.args.push_back(ref(at + k));
      row.tensors.push_back(layout_.placements[at + k]);
    }
    HALITE_CHECK(table.args.size() <= RT_MAX_ARGS, "arguments of step " + row.name);
  }

  void add_step(size_t i) {
    const Group& group = in_.groups[i];
    if (const auto* cascade = in_.cascade_of(i)) return add_cascade(i, *cascade);
    const CompiledKernel& code = in_.kernel(layout_.first_kernel[i]);
    StepTable table{code.symbol, {}, code.extents, {}};
    StepReport row = row_of(group, code);
    for (size_t k = 0; k < group.inputs.size(); k++) {
      const ir::ValueId id = group.inputs[k];
      table.args.push_back(in_.graph.is_constant(id) ? weights_ref(group, k, code, row)
                                                     : tensor_ref(id, row));
    }
    add_outputs(group, table, row);
    add_scratch(code, layout_.scratch_at[i], table, row);
    program_.tables.steps.push_back(std::move(table));
    program_.report.steps.push_back(std::move(row));
  }

  void add_outputs(const Group& group, StepTable& table, StepReport& row) const {
    for (auto id : group.outputs) {
      table.args.push_back(tensor_ref(id, row));
      row.output_names.push_back(in_.graph.value(id).name);
      row.output_types.push_back(in_.graph.type(id));
    }
  }

  /// One step whose kernel runs the rows of several layers.
  void add_cascade(size_t i, const Cascade& cascade) {
    const Group& outer = in_.groups[i];
    StepTable table{"rt_run_cascade", {}, {}, program_.tables.cascades.size()};
    StepReport row = row_of(outer, {});
    row.op.clear();
    row.kernel = table.kernel;
    row.strategy = "row by row";
    for (auto id : outer.inputs) table.args.push_back(tensor_ref(id, row));
    add_outputs(outer, table, row);
    HALITE_CHECK(table.args.size() <= RT_MAX_ARGS, "arguments of step " + row.name);

    const size_t lines_at = layout_.scratch_at[i] + 1;
    std::vector<StepTable> layers;  // with the arguments that do not differ from call to call
    size_t scratch_at = lines_at + cascade.lines.size();
    for (size_t l = 0; l < cascade.lines.size(); l++) row.tensors.push_back(layout_.placements[lines_at + l]);
    for (size_t g = 0; g < cascade.groups.size(); g++) {
      layers.push_back(row_layer(cascade, g, layout_.first_kernel[i] + g, scratch_at, row));
      scratch_at += in_.kernel(layout_.first_kernel[i] + g).scratch.size();
    }
    CascadeTable rows = line_tables(cascade, lines_at);
    rows.moved = ref(layout_.scratch_at[i]);
    for (const auto& op : cascade.ops) rows.ops.push_back(row_op(cascade, op, lines_at, layers));
    program_.tables.cascades.push_back(std::move(rows));
    program_.tables.steps.push_back(std::move(table));
    program_.report.steps.push_back(std::move(row));
  }

  /// Arguments of a layer; what lies in lines is left at zero.
  StepTable row_layer(const Cascade& cascade, size_t g, size_t kernel_index, size_t scratch_at,
                      StepReport& row) {
    const Group& group = cascade.groups[g];
    const CompiledKernel& code = in_.kernel(kernel_index);
    StepReport part = row_of(cascade.layers[g], code);
    StepTable table{code.symbol, {}, code.extents, {}};
    for (size_t k = 0; k < group.inputs.size(); k++) {
      const ir::ValueId id = group.inputs[k];
      const bool whole = id == cascade.layers[g].inputs[k];
      rt_ref ref = 0;
      if (in_.graph.is_constant(id)) {
        ref = weights_ref(group, k, code, part);
      } else if (whole) {
        ref = tensor_ref(id, part);
      }
      table.args.push_back(ref);
    }
    table.args.push_back(0);
    add_scratch(code, scratch_at, table, part);
    row.op += (row.op.empty() ? "" : ", ") + part.op;
    row.weights_bytes += part.weights_bytes;
    row.parts.push_back(std::move(part));
    return table;
  }

  CascadeTable line_tables(const Cascade& cascade, size_t lines_at) const {
    CascadeTable rows;
    StepReport unused;
    for (size_t l = 0; l < cascade.lines.size(); l++) {
      const Line& line = cascade.lines[l];
      const bool whole = line.loaded || line.stored;
      rows.lines.push_back({ref(lines_at + l), whole ? tensor_ref(line.value, unused) : RT_REF_NONE,
                            uint32_t(line.row_bytes), uint32_t(line.bytes() - line.row_bytes),
                            uint32_t(line.left_bytes), uint32_t(line.pixel_bytes), line.fill});
    }
    rows.program = cascade.program;
    for (const auto& loop : cascade.loops) rows.loops.push_back({loop.first, loop.count, loop.times});
    return rows;
  }

  RowOpTable row_op(const Cascade& cascade, const RowOp& op, size_t lines_at,
                    const std::vector<StepTable>& layers) const {
    RowOpTable table{{}, uint32_t(op.line), op.kind == RowOp::Kind::load ? RT_ROW_LOAD : RT_ROW_FILL};
    if (op.kind != RowOp::Kind::kernel) return table;
    table.kind = RT_ROW_KERNEL;
    table.step = layers[op.group];
    const Group& group = cascade.groups[op.group];
    const auto line_ref = [&](size_t line, int64_t offset) { return ref(lines_at + line, offset); };
    size_t next = 0;
    for (size_t k = 0; k < group.inputs.size(); k++) {
      if (in_.graph.is_constant(group.inputs[k])) continue;
      const auto& input = op.inputs[next++];
      if (input.line) table.step.args[k] = line_ref(*input.line, input.offset);
    }
    const Line& line = cascade.lines[op.line];
    table.step.args[group.inputs.size()] =
        line.is_direct() ? RT_REF_NONE : line_ref(op.line, line.bytes() - line.row_bytes + line.left_bytes);
    return table;
  }

  rt_ref tensor_ref(ir::ValueId id, StepReport& row) const {
    const Place& place = in_.views.places[id.index];
    const uint32_t index = *in_.storage.buffer_of[place.root.index];
    const Buffer& buffer = in_.storage.buffers[index];
    Placement placement{{}, "bound", 0, 0, buffer.interval.first, buffer.interval.last};
    if (layout_.of_buffer[index]) placement = layout_.placements[*layout_.of_buffer[index]];
    placement.tensor = in_.graph.value(id).name;
    const int64_t offset = place.offset * size_of(in_.graph.type(id).dtype);
    if (!buffer.bound) placement.offset += offset;
    placement.bytes = in_.graph.type(id).bytes();
    row.tensors.push_back(placement);
    if (buffer.space == Buffer::Space::arena || buffer.space == Buffer::Space::state)
      return ref_of(layout_, in_.graph, placement);
    HALITE_CHECK(offset <= int64_t{RT_PUBLIC_OFFSET_MASK}, "a window far into public tensor " + buffer.name);
    const uint32_t space = buffer.space == Buffer::Space::input ? RT_SPACE_INPUT : RT_SPACE_OUTPUT;
    return make_ref(space, int64_t{buffer.io_index} << RT_PUBLIC_SHIFT | offset);
  }

  void add_public(ir::ValueId id, std::vector<ir::Value>& values, std::vector<rt_ref>& refs) const {
    values.push_back({in_.graph.value(id).name, in_.graph.type(id), {}});
    const auto at = layout_.of_buffer[*in_.storage.buffer_of[id.index]];
    refs.push_back(at ? ref(*at) : RT_REF_NONE);
  }

  Result<void> check_range() const {
    const auto too_large = [](const char* what, int64_t bytes) {
      return Error{ErrorCode::kResource,
                   std::string(what) + " take " + std::to_string(bytes) +
                       " bytes; an object can address 1 GiB of each",
                   {}};
    };
    if (std::max(in_.graph.inputs.size(), in_.graph.outputs.size()) > RT_MAX_PUBLIC) {
      return Error{ErrorCode::kResource, "the model has more than 64 inputs or outputs", {}};
    }
    if (int64_t(in_.graph.outputs.size()) + window_count(layout_) >= RT_MAX_PUBLIC) {
      return Error{ErrorCode::kResource,
                   "further memories reach too far: they and the outputs have 63 entries in a table, one for "
                   "every 16 MiB; name the largest memory first",
                   "--memory"};
    }
    if (layout_.memories[0].bytes > int64_t{RT_OFFSET_MASK})
      return too_large("tensors", layout_.memories[0].bytes);
    if (program_.weights.size() > RT_OFFSET_MASK)
      return too_large("weights", int64_t(program_.weights.size()));
    return {};
  }

  void report_totals() {
    auto& report = program_.report;
    report.name = in_.options.name;
    report.target = in_.options.target.name;
    report.weights_bytes = int64_t(program_.weights.size());
    report.kernels = int(in_.kernels.unique.size());
    report.cached_kernels = in_.kernels.from_cache;
    for (const auto& step : report.steps) report.macs += step.macs;
  }

  const Settled& in_;
  WeightPool pool_;
  const Layout layout_;
  Program program_;
};

}  // namespace

Result<Program> build_program(const Settled& in) { return ProgramBuilder(in).run(); }

}  // namespace halite::codegen
