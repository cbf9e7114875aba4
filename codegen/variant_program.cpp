// Tables follow the layout (layout.h); of a cascade's steps, and of those that a branch or a loop runs, each
// has a row of its own.
#include "codegen/variant_program.h"

#include <algorithm>

namespace halite::codegen {
namespace {

using schedules::Group;

rt_ref make_ref(uint32_t space, int64_t offset) { return space << RT_SPACE_SHIFT | uint32_t(offset); }

/// What a variant adds to the program.
class VariantBuilder {
 public:
  /// `weights` are those of all variants.
  VariantBuilder(const Settled& in, const Layout& layout, WeightPool& weights)
      : in_(in), layout_(layout), pool_(weights) {}

  VariantTable table;
  Report report;

  void run() {
    report_layout();
    for (size_t i = 0; i < in_.groups.size(); i++) {
      in_.is_control(i) ? add_control(i, in_.controls.at(i)) : add_step(i);
      steps_at_.push_back(i);
    }
    count_in_steps();
    for (auto id : in_.graph.inputs) add_public(id);
    for (auto id : in_.graph.outputs) add_public(id);
    for (const auto& extent : in_.graph.extents) add_extent(extent);
    report.name = in_.options.name;
    report.target = in_.options.target.name;
    for (auto id : in_.graph.inputs)
      report.shapes += (report.shapes.empty() ? "" : ", ") + shape_text(in_.graph.value(id));
    for (const auto& step : report.steps) report.macs += step.macs;
  }

 private:
  static std::string shape_text(const ir::Value& value) {
    std::string text = value.name + " ";
    for (size_t d = 0; d < value.type.shape.size(); d++)
      text += (d ? "x" : "") + std::to_string(value.type.shape[d]);
    return value.type.shape.empty() ? text + "scalar" : text;
  }

  void add_extent(const ir::Extent& extent) {
    const auto place = *layout_.of_buffer[*in_.storage.buffer_of[extent.value.index]];
    table.extents.push_back({uint32_t(extent.output), uint32_t(extent.axis), ref(place)});
    const auto& output = in_.graph.value(in_.graph.outputs[extent.output]);
    report.extents.push_back(
        {int64_t(extent.output), output.name, extent.axis, output.type.shape[extent.axis]});
  }

  void report_layout() {
    report.arena = layout_.placements;
    report.state_bytes = layout_.states.bytes;
    for (const auto& placement : layout_.placements) report.tensor_bytes += placement.bytes;
    for (const auto& buffer : in_.storage.buffers) {
      if (buffer.bound) report.bound_bytes += (buffer.interval.size + 63) / 64 * 64;
    }
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
    row.key = code.key;
    row.considered = code.considered;
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
    StepTable step{code.symbol, {}, code.extents, {}, {}};
    StepReport row = row_of(group, code);
    for (size_t k = 0; k < group.inputs.size(); k++) {
      const ir::ValueId id = group.inputs[k];
      step.args.push_back(in_.graph.is_constant(id) ? weights_ref(group, k, code, row) : tensor_ref(id, row));
    }
    add_outputs(group, step, row);
    add_scratch(code, layout_.scratch_at[i], step, row);
    table.steps.push_back(std::move(step));
    report.steps.push_back(std::move(row));
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
    StepTable step{"rt_run_cascade", {}, {}, table.cascades.size(), {}};
    StepReport row = row_of(outer, {});
    row.op.clear();
    row.kernel = step.kernel;
    row.strategy = "row by row";
    for (auto id : outer.inputs) step.args.push_back(tensor_ref(id, row));
    add_outputs(outer, step, row);
    HALITE_CHECK(step.args.size() <= RT_MAX_ARGS, "arguments of step " + row.name);

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
    table.cascades.push_back(std::move(rows));
    table.steps.push_back(std::move(step));
    report.steps.push_back(std::move(row));
  }

  /// A step that runs those of its bodies, which stand in front of it.
  void add_control(size_t i, const Control& control) {
    const Group& group = in_.groups[i];
    StepTable step{control.is_loop ? "rt_run_loop" : "rt_run_branch", {}, {}, {}, {}};
    StepReport row = row_of(group, {});
    row.kernel = step.kernel;
    row.strategy = control.is_loop ? "loop" : "branch";
    ControlTable made;
    made.is_loop = control.is_loop;
    made.limit = control.limit;
    for (const auto& body : control.bodies) made.bodies.push_back(take_steps(body, row));
    const auto place = [&](ir::ValueId id) {
      const ir::Value& value = in_.graph.value(id);
      return value.constant ? make_ref(RT_SPACE_WEIGHTS, pool_.add(*value.constant)) : tensor_ref(id, row);
    };
    const auto moves = [&](const std::vector<Control::Move>& list) {
      std::vector<rt_move> refs;
      for (const auto& [from, to] : list)
        refs.push_back({place(from), place(to), uint32_t(in_.graph.type(from).bytes())});
      return refs;
    };
    made.condition = place(control.condition);
    if (control.is_loop) made.trips = place(control.trips);
    if (control.iteration) made.iteration = place(*control.iteration);
    if (control.again) made.again = place(*control.again);
    made.begin = moves(control.begin);
    made.stacked = moves(control.stacked);
    // Arguments are for observers only, and outputs are what they look at.
    Group seen = group;
    seen.outputs.resize(std::min<size_t>(seen.outputs.size(), RT_MAX_ARGS));
    add_outputs(seen, step, row);
    step.control = table.controls.size();
    table.controls.push_back(std::move(made));
    table.steps.push_back(std::move(step));
    report.steps.push_back(std::move(row));
  }

  /// Takes a body's steps, which are the last or in front of another body's, out of the program; `row` gets
  /// what they report.
  std::vector<StepTable> take_steps(const Control::Steps& body, StepReport& row) {
    const auto at = [&](size_t step) {
      return std::ranges::lower_bound(steps_at_, step) - steps_at_.begin();
    };
    const auto begin = at(body.begin), end = at(body.end);
    auto& tables = table.steps;
    auto& reports = report.steps;
    std::vector<StepTable> taken(std::make_move_iterator(tables.begin() + begin),
                                 std::make_move_iterator(tables.begin() + end));
    for (auto k = begin; k < end; k++) {
      row.macs += reports[size_t(k)].macs;
      row.weights_bytes += reports[size_t(k)].weights_bytes;
      row.parts.push_back(std::move(reports[size_t(k)]));
    }
    tables.erase(tables.begin() + begin, tables.begin() + end);
    reports.erase(reports.begin() + begin, reports.begin() + end);
    steps_at_.erase(steps_at_.begin() + begin, steps_at_.begin() + end);
    return taken;
  }

  /// Lifetimes are told in steps of the program; those of bodies are a part of the step that runs them.
  void count_in_steps() {
    if (steps_at_.empty()) return;
    const auto step = [&](int& at) {
      const auto found = std::ranges::lower_bound(steps_at_, size_t(at)) - steps_at_.begin();
      at = int(std::min<std::ptrdiff_t>(found, std::ptrdiff_t(steps_at_.size()) - 1));
    };
    const auto count = [&](std::vector<Placement>& placements) {
      for (auto& placement : placements) step(placement.first), step(placement.last);
    };
    count(report.arena);
    const auto walk = [&](auto& self, std::vector<StepReport>& rows) -> void {
      for (auto& row : rows) count(row.tensors), self(self, row.parts);
    };
    walk(walk, report.steps);
  }

  /// Arguments of a layer; what lies in lines is left at zero.
  StepTable row_layer(const Cascade& cascade, size_t g, size_t kernel_index, size_t scratch_at,
                      StepReport& row) {
    const Group& group = cascade.groups[g];
    const CompiledKernel& code = in_.kernel(kernel_index);
    StepReport part = row_of(cascade.layers[g], code);
    StepTable table{code.symbol, {}, code.extents, {}, {}};
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

  void add_public(ir::ValueId id) {
    table.types.push_back(in_.graph.type(id));
    const auto at = layout_.of_buffer[*in_.storage.buffer_of[id.index]];
    table.refs.push_back(at ? ref(*at) : RT_REF_NONE);
  }

  const Settled& in_;
  const Layout& layout_;
  WeightPool& pool_;
  std::vector<size_t> steps_at_;  // by step of the program: its index in the list with those of bodies
};

}  // namespace

VariantProgram make_variant_program(const Settled& in, const Layout& layout, WeightPool& weights) {
  VariantBuilder builder(in, layout, weights);
  builder.run();
  return {std::move(builder.table), std::move(builder.report)};
}

}  // namespace halite::codegen
