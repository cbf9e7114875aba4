// The wrapper fills a halide_buffer_t per tensor on its stack. Since every bound and stride is static, the
// pipeline reads nothing but `host` of it, and after inlining no trace of the buffers is left; the dimensions
// are filled in all the same, so that a schedule that does read them is slower, not wrong.
#include "codegen/kernel.h"

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <sstream>

#include "codegen/intrinsics.h"
#include "codegen/merge.h"
#include "codegen/temp_dir.h"
#include "codegen/vector_calls.h"
#include "codegen/word_loops.h"
#include "ir/text.h"
#include "schedules/pairs.h"
#include "schedules/scaling.h"

namespace halite::codegen {
namespace {

constexpr const char* kPipelineName = "halite_pipeline";

/// A tensor argument as Halide sees it: innermost dimension first.
struct Buffer {
  ir::Type type;
  std::vector<int64_t> strides;  // outermost first
};

std::vector<Buffer> buffers_of(const schedules::Request& request, const schedules::Kernel& kernel) {
  std::vector<Buffer> buffers;
  const auto contiguous = [](const ir::Type& type) {
    return Buffer{type, ir::contiguous_strides(type.shape)};
  };
  for (size_t i = 0; i < request.inputs.size(); i++) {
    const auto& operand = request.inputs[i];
    const bool packed = kernel.packing[i].packs();
    buffers.push_back(packed ? contiguous(kernel.packing[i].type) : Buffer{operand.type, operand.strides});
  }
  for (const auto& operand : request.outputs) buffers.push_back({operand.type, operand.strides});
  for (const auto& type : kernel.scratch) buffers.push_back(contiguous(type));
  return buffers;
}

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

/// Makes halide_buffer_t and halide_dimension_t values in IR (HalideRuntime.h states their layout).
class BufferBuilder {
 public:
  explicit BufferBuilder(llvm::IRBuilder<>& ir) : ir_(ir) {
    auto *i8 = ir.getInt8Ty(), *i32 = ir.getInt32Ty();
    auto* i64 = ir.getInt64Ty();
    auto* pointer = ir.getPtrTy();
    auto* type = llvm::StructType::get(i8, i8, ir.getInt16Ty());
    buffer_ = llvm::StructType::get(i64, pointer, pointer, i64, type, i32, pointer, pointer);
    dimension_ = llvm::StructType::get(i32, i32, i32, i32);
  }

  llvm::Value* build(const Buffer& buffer, llvm::Value* host) {
    const unsigned rank = unsigned(buffer.type.rank());
    auto* result = ir_.CreateAlloca(buffer_);
    auto* dims = ir_.CreateAlloca(llvm::ArrayType::get(dimension_, std::max(rank, 1u)));
    ir_.CreateStore(llvm::Constant::getNullValue(buffer_), result);
    ir_.CreateStore(host, ir_.CreateStructGEP(buffer_, result, 2));
    ir_.CreateStore(ir_.getInt32(rank), ir_.CreateStructGEP(buffer_, result, 5));
    ir_.CreateStore(dims, ir_.CreateStructGEP(buffer_, result, 6));
    for (unsigned d = 0; d < rank; d++) {
      const unsigned axis = rank - 1 - d;
      auto* dim = ir_.CreateConstInBoundsGEP1_32(dimension_, dims, d);
      store(dim, 0, 0);
      store(dim, 1, buffer.type.shape[axis]);
      store(dim, 2, buffer.strides[axis]);
      store(dim, 3, 0);
    }
    return result;
  }

 private:
  void store(llvm::Value* dim, unsigned field, int64_t value) {
    ir_.CreateStore(ir_.getInt32(uint32_t(value)), ir_.CreateStructGEP(dimension_, dim, field));
  }

  llvm::IRBuilder<>& ir_;
  llvm::StructType *buffer_, *dimension_;
};

/// Stands for a number of the kernel until it is known which kernels share their code (merge.h).
llvm::Value* call_number(llvm::IRBuilder<>& ir, llvm::Module& module, size_t index) {
  auto* type = llvm::FunctionType::get(ir.getInt32Ty(), {ir.getInt16Ty()}, false);
  auto* call = ir.CreateCall(module.getOrInsertFunction(kNumber, type), {ir.getInt16(uint16_t(index))});
  call->setDoesNotAccessMemory();
  call->setDoesNotThrow();
  call->addFnAttr(llvm::Attribute::WillReturn);
  return call;
}

/// void symbol(session, void *const *args, const int32_t *extents)
void add_wrapper(llvm::Module& module, const schedules::Request& request, const schedules::Kernel& kernel,
                 const std::string& symbol) {
  const auto buffers = buffers_of(request, kernel);
  auto& context = module.getContext();
  llvm::IRBuilder<> ir(context);
  auto* pointer = ir.getPtrTy();
  auto* type = llvm::FunctionType::get(ir.getVoidTy(), {pointer, pointer, pointer}, false);
  auto* wrapper = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, symbol, module);
  ir.SetInsertPoint(llvm::BasicBlock::Create(context, "", wrapper));
  BufferBuilder builder(ir);
  std::vector<llvm::Value*> arguments{wrapper->getArg(0)};
  for (size_t i = 0; i < buffers.size(); i++) {
    auto* host =
        ir.CreateLoad(pointer, ir.CreateConstInBoundsGEP1_32(pointer, wrapper->getArg(1), unsigned(i)));
    arguments.push_back(builder.build(buffers[i], host));
  }
  std::vector<llvm::Value*> numbers;
  for (size_t i = 0; i < kernel.numbers.size(); i++) numbers.push_back(call_number(ir, module, i));
  arguments.insert(arguments.begin() + 1 + ptrdiff_t(kernel.inputs.size()), numbers.begin(), numbers.end());
  auto* pipeline = module.getFunction(kPipelineName);
  HALITE_CHECK(pipeline && pipeline->arg_size() == arguments.size(), "pipeline signature of " + symbol);
  ir.CreateCall(pipeline, arguments);
  ir.CreateRetVoid();

  int internal = 0;
  for (auto& function : module) {
    if (function.isDeclaration() || &function == wrapper) continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    // Tasks of parallel loops keep their symbols; Halide numbers theirs per process.
    if (&function != pipeline) function.setName(symbol + "_" + std::to_string(internal++));
  }
  for (auto& global : module.globals()) {
    if (!global.isDeclaration()) global.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  pipeline->removeFnAttr(llvm::Attribute::NoInline);
  pipeline->addFnAttr(llvm::Attribute::AlwaysInline);
}

/// An operator without the extent that it may hold: a depthwise convolution has as many groups as channels.
ir::Op without_extents(const ir::Graph& graph, const ir::Node& node) {
  ir::Op op = node.op;
  if (auto* conv = std::get_if<ir::Conv2d>(&op);
      conv && conv->groups > 1 && graph.type(node.inputs[1]).shape.back() == 1)
    conv->groups = 0;
  return op;
}

std::string describe_nodes(const schedules::Request& request, bool with_extents) {
  std::ostringstream out;
  std::map<ir::ValueId, size_t> numbers;
  const auto number = [&](ir::ValueId id) { return numbers.emplace(id, numbers.size()).first->second; };
  const auto type_text = [&](const ir::Type& type) {
    return with_extents ? to_string(type)
                        : std::string(ir::to_string(type.dtype)) + " " + std::to_string(type.rank());
  };
  const auto operand = [&](ir::ValueId id, const schedules::Operand& operand) {
    out << '%' << number(id) << ": " << type_text(operand.type);
    if (with_extents) out << " strides " << ir::to_string(operand.strides);
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

std::string describe_kind(const schedules::Request& request) { return describe_nodes(request, false); }

std::string describe(const schedules::Request& request) {
  std::ostringstream out;
  out << describe_nodes(request, true);
  const auto& target = request.target;
  const auto& facts = target.facts;
  out << "target " << describe(target) << target.halide << " facts " << facts.vector_bits << ' '
      << facts.vector_registers << ' ' << facts.fma << facts.hard_float << facts.native_f16
      << facts.lane_broadcast_fma << facts.fma_lanes << facts.unaligned_loads << ' ' << facts.int8_dot
      << facts.high_multiply << facts.dot_unsigned << facts.int8_pairs << ' ' << facts.fma_latency << ' '
      << facts.fma_throughput << ' ' << facts.l1_bytes << ' ' << facts.l2_bytes << ' ' << facts.l3_bytes
      << ' ' << facts.cores << ' ' << facts.max_stack_bytes << "\noptimize " << int(request.optimize)
      << " in_place " << request.in_place << " shares " << request.shares_code << " strategy "
      << request.strategy << '\n';
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
  use_intrinsics(*module);
  if (request.target.facts.high_multiply) use_vector_calls(*module);
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
  if (texts.want_llvm) {
    llvm::raw_string_ostream out(texts.llvm);
    out << *module;
  }
  if (texts.want_asm) texts.assembly = machine.emit_assembly(*llvm::CloneModule(*module));
  return machine.emit_object(*module);
}

}  // namespace halite::codegen
