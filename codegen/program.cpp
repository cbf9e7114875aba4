// What the variants of a model have in common: weights, states, memories, and the totals of the report.
#include "codegen/program.h"

#include <algorithm>
#include <set>

#include "codegen/variant_program.h"

namespace halite::codegen {
namespace {

/// Zeros need no row, equal bytes no data.
void add_initial(const ir::Tensor& tensor, int64_t offset, std::vector<InitialTable>& rows) {
  const auto* data = reinterpret_cast<const uint8_t*>(tensor.bytes().data());
  InitialTable row{offset, int64_t(tensor.bytes().size()), {}, 0};
  if (row.bytes == 0) return;
  if (std::all_of(data, data + row.bytes, [&](uint8_t byte) { return byte == data[0]; })) {
    row.fill = data[0];
    if (row.fill == 0) return;
  } else {
    row.data.assign(data, data + row.bytes);
  }
  rows.push_back(std::move(row));
}

Result<void> check_range(const Settled& in, const Layout& layout, int64_t weights_bytes) {
  const auto too_large = [](const char* what, int64_t bytes) {
    return Error{
        ErrorCode::kResource,
        std::string(what) + " take " + std::to_string(bytes) + " bytes; an object can address 1 GiB of each",
        {}};
  };
  if (std::max(in.graph.inputs.size(), in.graph.outputs.size()) > RT_MAX_PUBLIC)
    return Error{ErrorCode::kResource, "the model has more than 64 inputs or outputs", {}};
  if (int64_t(in.graph.outputs.size()) + window_count(layout) >= RT_MAX_PUBLIC) {
    return Error{ErrorCode::kResource,
                 "further memories reach too far: they and the outputs have 63 entries in a table, one for "
                 "every 16 MiB; name the largest memory first",
                 "--memory"};
  }
  if (layout.memories[0].bytes > int64_t{RT_OFFSET_MASK})
    return too_large("tensors", layout.memories[0].bytes);
  if (weights_bytes > int64_t{RT_OFFSET_MASK}) return too_large("weights", weights_bytes);
  return {};
}

/// What variants have in common, as the first of them has it.
void add_common(const Settled& in, const Layout& layout, ModelTables& tables) {
  tables.name = in.options.name;
  const auto add = [&](ir::ValueId id, std::vector<ir::Value>& values) {
    values.push_back({in.graph.value(id).name, in.graph.type(id), {}});
  };
  for (auto id : in.graph.inputs) add(id, tables.inputs);
  for (auto id : in.graph.outputs) add(id, tables.outputs);
  for (const auto& memory : layout.memories) tables.memory_bytes.push_back(memory.bytes);
  tables.state = ref_of(layout, in.graph, layout.states);
  tables.state_bytes = layout.states.bytes;
  const auto& facts = in.options.target.facts;
  if (facts.int8_tiles || facts.bf16_tiles) tables.needs |= RT_NEEDS_TILES;
  for (size_t i = 0; i < in.graph.states.size(); i++)
    add_initial(in.graph.states[i].initial, layout.placements[i].offset - layout.states.offset,
                tables.initials);
  tables.embed_weights = !in.options.separate_weights;
}

int64_t sum_of(const std::vector<MemoryReport>& memories, int64_t MemoryReport::* field) {
  int64_t sum = 0;
  for (const auto& memory : memories) sum += memory.*field;
  return sum;
}

}  // namespace

Result<Program> build_program(std::span<const Settled> variants) {
  const Settled& first = variants.front();
  std::vector<Layout> layouts;
  for (const auto& variant : variants) layouts.push_back(lay_out(variant));
  std::vector<std::vector<MemoryReport>> own;
  for (const auto& layout : layouts) own.push_back(layout.memories);
  share_memories(layouts);

  Program program;
  WeightPool pool(first.vector_align());
  std::vector<Report> reports;
  for (size_t v = 0; v < variants.size(); v++) {
    VariantProgram made = make_variant_program(variants[v], layouts[v], pool);
    made.report.memories = own[v];
    made.report.arena_bytes = sum_of(own[v], &MemoryReport::bytes);
    made.report.arena_lower_bound = sum_of(own[v], &MemoryReport::lower_bound);
    program.tables.variants.push_back(std::move(made.table));
    reports.push_back(std::move(made.report));
  }
  program.weights = pool.bytes();
  if (auto fits = check_range(first, layouts[0], int64_t(program.weights.size())); !fits) return fits.error();
  add_common(first, layouts[0], program.tables);

  Report& report = program.report = reports.front();
  report.memories = layouts[0].memories;
  report.arena_bytes = sum_of(report.memories, &MemoryReport::bytes);
  report.arena_lower_bound = sum_of(report.memories, &MemoryReport::lower_bound);
  report.weights_bytes = int64_t(program.weights.size());
  std::set<std::string> functions;
  for (const auto& kernel : first.kernels.unique) functions.insert(kernel.symbol);
  report.kernels = int(functions.size());
  report.cached_kernels = first.kernels.from_cache;
  for (const auto& variant : reports) report.bound_bytes = std::max(report.bound_bytes, variant.bound_bytes);
  if (variants.size() > 1) report.variants = std::move(reports);
  return program;
}

}  // namespace halite::codegen
