// Since every bound and stride is static, the pipeline reads nothing but `host` of a halide_buffer_t, and
// after inlining no trace of the buffers is left; the dimensions are filled in all the same, so that a
// schedule that does read them is slower, not wrong.
#include "codegen/wrapper.h"

#include <llvm/IR/IRBuilder.h>

#include "codegen/merge.h"

namespace halite::codegen {
namespace {

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

class Wrapper {
 public:
  Wrapper(llvm::Module& module, const schedules::Request& request, const schedules::Kernel& kernel,
          const std::string& symbol)
      : module_(module),
        request_(request),
        kernel_(kernel),
        buffers_(buffers_of(request, kernel)),
        ir_(module.getContext()),
        pointer_(ir_.getPtrTy()),
        pipeline_(module.getFunction(kPipelineName)) {
    HALITE_CHECK(pipeline_ && pipeline_->arg_size() == 1 + buffers_.size() + kernel.numbers.size(),
                 "pipeline signature of " + symbol);
  }

  /// void symbol(session, void *const *args, const int32_t *extents)
  llvm::Function* make(const std::string& symbol) {
    auto* type = llvm::FunctionType::get(ir_.getVoidTy(), {pointer_, pointer_, pointer_}, false);
    auto* wrapper = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, symbol, module_);
    begin(*wrapper);
    auto *session = wrapper->getArg(0), *args = wrapper->getArg(1);
    if (request_.steps.empty()) {
      call_pipeline(session, args, nullptr);
    } else if (request_.items_in_tasks) {
      share_out(session, args);
    } else {
      auto* item = make_item();
      item->addFnAttr(llvm::Attribute::AlwaysInline);
      loop(ir_.getInt32(0), call_number(ir_, module_, kernel_.numbers.size()),
           [&](llvm::Value* i) { ir_.CreateCall(item, {session, args, i}); });
    }
    ir_.CreateRetVoid();
    return wrapper;
  }

 private:
  void begin(llvm::Function& function) {
    ir_.SetInsertPoint(llvm::BasicBlock::Create(module_.getContext(), "", &function));
  }

  /// Of the whole, or of the item with that number.
  void call_pipeline(llvm::Value* session, llvm::Value* args, llvm::Value* item) {
    BufferBuilder builder(ir_);
    std::vector<llvm::Value*> arguments{session};
    for (size_t i = 0; i < buffers_.size(); i++) {
      llvm::Value* host =
          ir_.CreateLoad(pointer_, ir_.CreateConstInBoundsGEP1_32(pointer_, args, unsigned(i)));
      if (item && i < request_.steps.size() && request_.steps[i] != 0) {
        auto* step = ir_.getInt64(uint64_t(request_.steps[i] * size_of(buffers_[i].type.dtype)));
        host =
            ir_.CreateGEP(ir_.getInt8Ty(), host, ir_.CreateMul(ir_.CreateSExt(item, ir_.getInt64Ty()), step));
      }
      arguments.push_back(builder.build(buffers_[i], host));
    }
    std::vector<llvm::Value*> numbers;
    for (size_t i = 0; i < kernel_.numbers.size(); i++) numbers.push_back(call_number(ir_, module_, i));
    arguments.insert(arguments.begin() + 1 + ptrdiff_t(kernel_.inputs.size()), numbers.begin(),
                     numbers.end());
    ir_.CreateCall(pipeline_, arguments);
  }

  /// void (session, args, int32_t item): a function of its own, so that its buffers lie in the entry block of
  /// whatever it is inlined into.
  llvm::Function* make_item() {
    const llvm::IRBuilder<>::InsertPointGuard guard(ir_);
    auto* type = llvm::FunctionType::get(ir_.getVoidTy(), {pointer_, pointer_, ir_.getInt32Ty()}, false);
    auto* item = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, "item", module_);
    begin(*item);
    call_pipeline(item->getArg(0), item->getArg(1), item->getArg(2));
    ir_.CreateRetVoid();
    return item;
  }

  /// body(i) for all first <= i < end; runs at least once.
  void loop(llvm::Value* first, llvm::Value* end, auto&& body) {
    auto* before = ir_.GetInsertBlock();
    auto& context = module_.getContext();
    auto* block = llvm::BasicBlock::Create(context, "", before->getParent());
    auto* after = llvm::BasicBlock::Create(context, "", before->getParent());
    ir_.CreateBr(block);
    ir_.SetInsertPoint(block);
    auto* i = ir_.CreatePHI(ir_.getInt32Ty(), 2);
    i->addIncoming(first, before);
    body(i);
    auto* next = ir_.CreateAdd(i, ir_.getInt32(1));
    i->addIncoming(next, ir_.GetInsertBlock());
    ir_.CreateCondBr(ir_.CreateICmpSLT(next, end), block, after);
    ir_.SetInsertPoint(after);
  }

  /// The items in a parallel loop of the runtime's, whose tasks find what they need in a closure.
  void share_out(llvm::Value* session, llvm::Value* args) {
    // A task is a function of its own, which would not know numbers.
    HALITE_CHECK(kernel_.numbers.empty(), "numbers in tasks");
    auto* i32 = ir_.getInt32Ty();
    auto* closure_type = llvm::StructType::get(pointer_, i32, i32);
    auto* closure = ir_.CreateAlloca(closure_type);
    auto* count = call_number(ir_, module_, 0);
    auto* tasks = call_number(ir_, module_, 1);
    ir_.CreateStore(args, ir_.CreateStructGEP(closure_type, closure, 0));
    ir_.CreateStore(count, ir_.CreateStructGEP(closure_type, closure, 1));
    ir_.CreateStore(tasks, ir_.CreateStructGEP(closure_type, closure, 2));
    auto* type = llvm::FunctionType::get(i32, {pointer_, pointer_, i32, i32, pointer_}, false);
    const auto parallel_for = module_.getOrInsertFunction("halide_do_par_for", type);
    ir_.CreateCall(parallel_for, {session, make_task(closure_type), ir_.getInt32(0), tasks, closure});
  }

  /// int (session, int32_t task, closure): items task * count / tasks and on.
  llvm::Function* make_task(llvm::StructType* closure_type) {
    auto* item = make_item();
    item->addFnAttr(llvm::Attribute::AlwaysInline);
    const llvm::IRBuilder<>::InsertPointGuard guard(ir_);
    auto* i32 = ir_.getInt32Ty();
    auto* type = llvm::FunctionType::get(i32, {pointer_, i32, pointer_}, false);
    auto* task = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, "task", module_);
    begin(*task);
    const auto field = [&](unsigned i, llvm::Type* of) {
      return ir_.CreateLoad(of, ir_.CreateStructGEP(closure_type, task->getArg(2), i));
    };
    auto *args = field(0, pointer_), *count = field(1, i32), *tasks = field(2, i32);
    const auto share = [&](llvm::Value* index) { return ir_.CreateUDiv(ir_.CreateMul(index, count), tasks); };
    auto *first = share(task->getArg(1)), *end = share(ir_.CreateAdd(task->getArg(1), ir_.getInt32(1)));
    loop(first, end, [&](llvm::Value* i) { ir_.CreateCall(item, {task->getArg(0), args, i}); });
    ir_.CreateRet(ir_.getInt32(0));
    return task;
  }

  llvm::Module& module_;
  const schedules::Request& request_;
  const schedules::Kernel& kernel_;
  const std::vector<Buffer> buffers_;
  llvm::IRBuilder<> ir_;
  llvm::Type* pointer_;
  llvm::Function* pipeline_;
};

}  // namespace

void add_wrapper(llvm::Module& module, const schedules::Request& request, const schedules::Kernel& kernel,
                 const std::string& symbol) {
  const auto* wrapper = Wrapper(module, request, kernel, symbol).make(symbol);
  auto* pipeline = module.getFunction(kPipelineName);
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

}  // namespace halite::codegen
