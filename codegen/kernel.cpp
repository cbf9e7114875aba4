// Halide's bitcode of a pipeline becomes LLVM's own: behind the runtime's calling convention (wrapper.h), for
// the target's machine, with what Halide could not name put in.
#include "codegen/kernel.h"

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <sstream>

#include "codegen/halves.h"
#include "codegen/interleaves.h"
#include "codegen/intrinsics.h"
#include "codegen/load_lists.h"
#include "codegen/narrowings.h"
#include "codegen/store_order.h"
#include "codegen/table_lookups.h"
#include "codegen/temp_dir.h"
#include "codegen/tile_registers.h"
#include "codegen/vector_calls.h"
#include "codegen/vector_constants.h"
#include "codegen/wide_memory.h"
#include "codegen/word_loops.h"
#include "codegen/words.h"
#include "codegen/wrapper.h"
#include "ir/text.h"
#include "schedules/hidden.h"
#include "schedules/pairs.h"
#include "schedules/reals.h"
#include "schedules/scaling.h"
#include "schedules/tile_registers.h"

namespace halite::codegen {
namespace {

/// Halide's part: bitcode of the pipeline, and its loop nest as text if wanted.
std::vector<uint8_t> halide_bitcode(const schedules::Request& request, const schedules::Kernel& kernel,
                                    std::string* stmt_text) {
  auto dir = TempDir::create();
  if (!dir) throw InternalError(to_string(dir.error()));
  const std::string path = (*dir / "kernel.bc").string(), stmt = (*dir / "kernel.stmt").string();
  try {
    std::vector<Halide::Argument> arguments;
    for (const auto& input : kernel.inputs) arguments.push_back(input);
    for (const auto& number : kernel.numbers) arguments.push_back(number.param);
    Halide::Pipeline pipeline(kernel.outputs);
    schedules::reveal_hidden(pipeline);
    schedules::find_tile_products(pipeline);
    const auto module =
        pipeline.compile_to_module(arguments, kPipelineName, Halide::Target(request.target.halide));
    std::map<Halide::OutputFileType, std::string> files{{Halide::OutputFileType::bitcode, path}};
    if (stmt_text) files[Halide::OutputFileType::stmt] = stmt;
    module.compile(files);
  } catch (const Halide::Error& error) {
    throw InternalError("Halide: " + std::string(error.what()) + " in kernel\n" + describe(request));
  }
  if (stmt_text) {
    const auto text = read_file(stmt);
    if (text) stmt_text->assign(text->begin(), text->end());
  }
  auto bitcode = read_file(path);
  HALITE_CHECK(bitcode, to_string(bitcode.error()));
  return *std::move(bitcode);
}

/// An operator without the extent that it may hold: a depthwise convolution has as many groups as channels.
ir::Op without_extents(const ir::Graph& graph, const ir::Node& node) {
  ir::Op op = node.op;
  if (auto* conv = std::get_if<ir::Conv2d>(&op);
      conv && conv->groups > 1 && graph.type(node.inputs[1]).shape.back() == 1)
    conv->groups = 0;
  return op;
}

enum class Detail : uint8_t { kind, group, layout };

std::string describe_nodes(const schedules::Request& request, Detail detail) {
  const bool with_extents = detail != Detail::kind;
  std::ostringstream out;
  std::map<ir::ValueId, size_t> numbers;
  const auto number = [&](ir::ValueId id) { return numbers.emplace(id, numbers.size()).first->second; };
  const auto type_text = [&](const ir::Type& type) {
    return with_extents ? to_string(type)
                        : std::string(ir::to_string(type.dtype)) + " " + std::to_string(type.rank());
  };
  const auto operand = [&](ir::ValueId id, const schedules::Operand& operand) {
    out << '%' << number(id) << ": " << type_text(operand.type);
    if (detail == Detail::layout) out << " strides " << ir::to_string(operand.strides);
    out << (request.graph.is_constant(id) ? " constant\n" : "\n");
  };
  for (size_t i = 0; i < request.inputs.size(); i++) operand(request.group.inputs[i], request.inputs[i]);
  for (auto id : request.group.nodes) {
    const auto& node = request.graph.node(id);
    out << (id == request.group.anchor ? "anchor " : "")
        << print(with_extents ? node.op : without_extents(request.graph, node)) << " (";
    for (auto value : node.inputs) out << ' ' << number(value);
    out << " ) ->";
    for (auto value : node.outputs)
      out << ' ' << number(value) << ": " << type_text(request.graph.type(value));
    if (std::holds_alternative<ir::Requantize>(node.op))
      out << " scaling " << int(schedules::scaling_of(request.graph, request.group, id));
    out << " rounds " << int(schedules::what_is_rounded(request.graph, request.group, id));
    if (schedules::weights_pair(request.graph, id)) out << " weights pair";
    out << '\n';
  }
  for (size_t i = 0; i < request.outputs.size(); i++) operand(request.group.outputs[i], request.outputs[i]);
  return out.str();
}

}  // namespace

std::string describe(const targets::Target& target) {
  return target.triple + ' ' + target.cpu + ' ' + target.features + ' ' + target.abi + ' ' +
         target.float_abi + ' ';
}

std::string describe_kind(const schedules::Request& request) { return describe_nodes(request, Detail::kind); }

std::string describe_group(const schedules::Request& request) {
  return describe_nodes(request, Detail::group);
}

std::string describe(const schedules::Request& request) {
  std::ostringstream out;
  out << describe_nodes(request, Detail::layout);
  const auto& target = request.target;
  const auto& facts = target.facts;
  out << "target " << describe(target) << target.halide << " facts " << facts.vector_bits << ' '
      << facts.vector_registers << ' ' << facts.register_group << ' ' << facts.fma << facts.hard_float
      << facts.native_f16 << facts.lane_broadcast_fma << facts.constant_operands << facts.fma_lanes
      << facts.load_list << facts.unaligned_loads << ' ' << facts.int8_dot << facts.dot_lanes
      << facts.high_multiply << facts.dot_unsigned << facts.int8_pairs << facts.bf16_dot << facts.int8_tiles
      << facts.bf16_tiles << facts.rounding_conversion << facts.looks_up_bytes << facts.minimum_keeps_nan
      << ' ' << facts.fma_latency << ' ' << facts.fma_throughput << ' ' << facts.l1_bytes << ' '
      << facts.l2_bytes << ' ' << facts.l3_bytes << ' ' << facts.cores << ' ' << facts.max_stack_bytes
      << "\noptimize " << int(request.optimize) << " in_place " << request.in_place << " shares "
      << request.shares_code << " strategy " << request.strategy << " rows " << request.fewest_rows;
  if (!request.steps.empty())
    out << " steps " << ir::to_string(request.steps) << (request.items_in_tasks ? " in tasks" : "");
  out << '\n';
  if (request.tile.forced) out << "tile " << to_string(*request.tile.forced) << '\n';
  return out.str();
}

std::vector<uint8_t> write_bitcode(const llvm::Module& module) {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream out(buffer);
  llvm::WriteBitcodeToFile(module, out);
  return {buffer.begin(), buffer.end()};
}

std::vector<uint8_t> kernel_bitcode(const schedules::Request& request, const schedules::Kernel& kernel,
                                    const std::string& symbol, std::string* stmt) {
  const auto bitcode = halide_bitcode(request, kernel, stmt);
  llvm::LLVMContext context;
  context.setDiscardValueNames(true);  // Halide numbers them per process
  auto module = read_bitcode(context, bitcode, symbol);
  module->setSourceFileName("");
  add_wrapper(*module, request, kernel, symbol);
  const Machine machine(request.target, request.optimize == schedules::Optimize::size
                                            ? Machine::Optimize::size
                                            : Machine::Optimize::speed);
  machine.adopt(*module);
  if (request.target.facts.register_group > 0)
    join_memory_accesses(*module, static_cast<unsigned>(request.target.facts.vector_bits));
  use_intrinsics(*module);
  use_tile_registers(*module);
  if (request.target.facts.high_multiply) use_vector_calls(*module);
  if (request.target.facts.minimum_keeps_nan) use_minima(*module);
  if (request.target.facts.looks_up_bytes) use_table_lookups(*module);
  if (request.target.facts.rounding_conversion)
    use_rounding_conversions(*module, static_cast<unsigned>(request.target.facts.vector_bits / 32));
  if (request.target.facts.dot_lanes > 0) {
    shuffle_words(*module);
    multiply_halves(*module);
    use_rounding_calls(*module);
  }
  machine.inline_only(*module);
  find_word_loops(*module);
  use_remaining_products(*module);
  split_gathered_sums(*module);
  return write_bitcode(*module);
}

std::vector<uint8_t> compile_bitcode(std::span<const uint8_t> bitcode, const Machine& machine,
                                     KernelTexts& texts) {
  llvm::LLVMContext context;
  auto module = read_bitcode(context, bitcode, "kernel");
  write_word_loops(*module);
  machine.optimize(*module, Machine::Loops::as_written);
  if (machine.facts().rounding_conversion)
    pack_narrowings(*module, static_cast<unsigned>(machine.facts().vector_bits / 32));
  if (machine.facts().looks_up_bytes) use_interleaves(*module);
  if (machine.facts().vector_bits >= 256 && machine.facts().register_group == 0)
    order_by_stores(*module, machine.facts());
  hoist_vector_constants(*module, machine.facts());
  if (machine.facts().load_list > 0) module = with_load_lists(std::move(module), machine);
  if (texts.want_llvm) {
    llvm::raw_string_ostream out(texts.llvm);
    out << *module;
  }
  if (texts.want_asm) texts.assembly = machine.emit_assembly(*llvm::CloneModule(*module));
  return machine.emit_object(*module);
}

}  // namespace halite::codegen
