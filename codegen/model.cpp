// Constants in LLVM IR, laid out by the target's data layout as a C compiler would lay out the structs of
// rt/abi.h.
#include "codegen/model.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>

#include <algorithm>
#include <map>

#include "codegen/weights.h"

namespace halite::codegen {
namespace {

class TableBuilder {
 public:
  TableBuilder(const ModelTables& tables, llvm::Module& module)
      : tables_(tables), module_(module), ir_(module.getContext()) {}

  void build() {
    auto* pointer = ir_.getPtrTy();
    auto *i16 = ir_.getInt16Ty(), *i32 = ir_.getInt32Ty();
    auto* model_type =
        llvm::StructType::get(i16, i16, i32, i32, i32, pointer, pointer, pointer, pointer, pointer, pointer,
                              i32, i32, i32, i32, i32, i32, ir_.getInt64Ty());
    const auto& weights = *tables_.weights;
    const bool embed = tables_.embed_weights && !weights.empty();
    // A model without weights needs no file: any address says that they are present.
    llvm::Constant* weights_pointer = llvm::ConstantPointerNull::get(pointer);
    if (embed) {
      auto* block = global(llvm::ConstantDataArray::get(module_.getContext(), weights), "weights", 64);
      block->setSection(weights_section(tables_.name));
      weights_pointer = block;
    }
    std::vector<llvm::Constant*> fields{
        ir_.getInt16(RT_ABI_VERSION),
        ir_.getInt16(tables_.needs),
        number(tables_.inputs.size()),
        number(tables_.outputs.size()),
        number(most_steps()),
        tensors(tables_.inputs, 0, "inputs"),
        tensors(tables_.outputs, tables_.inputs.size(), "outputs"),
        array(tables_.variants, "variants", [&](const VariantTable& v) { return variant(v); }),
        weights_pointer,
        initials(),
        array(tables_.memory_bytes, "memories", [&](int64_t bytes) { return number(uint64_t(bytes)); }),
        number(tables_.memory_bytes.size()),
        number(tables_.initials.size()),
        number(tables_.variants.size()),
        number(tables_.state),
        number(tables_.state_bytes),
        number(weights.size()),
        ir_.getInt64(fnv1a64(weights))};
    if (weights.empty()) fields[8] = llvm::cast<llvm::Constant>(fields[5]);
    auto* model = global(llvm::ConstantStruct::get(model_type, fields), "model", 8);
    model->setName(tables_.name + "_model");
    model->setLinkage(llvm::GlobalValue::ExternalLinkage);
  }

 private:
  llvm::Constant* number(uint64_t value) { return ir_.getInt32(uint32_t(value)); }

  llvm::GlobalVariable* global(llvm::Constant* value, const std::string& what, unsigned align = 0) {
    auto* variable =
        new llvm::GlobalVariable(module_, value->getType(), /*isConstant=*/true,
                                 llvm::GlobalValue::InternalLinkage, value, tables_.name + "_" + what);
    if (align) variable->setAlignment(llvm::Align(align));
    return variable;
  }

  template <class T, class Make>
  llvm::Constant* array(const std::vector<T>& items, const std::string& what, Make make) {
    if (items.empty()) return llvm::ConstantPointerNull::get(ir_.getPtrTy());
    std::vector<llvm::Constant*> values;
    for (const auto& item : items) values.push_back(make(item));
    return global(llvm::ConstantArray::get(llvm::ArrayType::get(values[0]->getType(), values.size()), values),
                  what);
  }

  /// Equal lists are stored once.
  llvm::Constant* words(const std::vector<uint32_t>& list, const std::string& what) {
    auto& known = words_[list];
    if (!known) known = array(list, what, [&](uint32_t word) { return ir_.getInt32(word); });
    return known;
  }

  size_t most_steps() const {
    size_t most = 0;
    for (const auto& variant : tables_.variants) most = std::max(most, variant.steps.size());
    return most;
  }

  /// The most of any variant, of public tensor `i`.
  int64_t most_bytes(size_t i) const {
    int64_t most = 0;
    for (const auto& variant : tables_.variants) most = std::max(most, variant.types[i].bytes());
    return most;
  }

  llvm::Constant* extents_of(const ir::Type& type) {
    std::vector<uint32_t> extents(type.shape.begin(), type.shape.end());
    return words(extents, "shape");
  }

  /// `first`: which of the public tensors the first of them is.
  llvm::Constant* tensors(const std::vector<ir::Value>& values, size_t first, const std::string& what) {
    return array(values, what, [&](const ir::Value& value) -> llvm::Constant* {
      const auto& type = value.type;
      const auto& q = type.quantization;
      const bool per_tensor = q && q->axis < 0 && !q->scale.empty();
      return llvm::ConstantStruct::getAnon({
          global(llvm::ConstantDataArray::getString(module_.getContext(), value.name), "name"),
          extents_of(type),
          number(uint64_t(most_bytes(first + size_t(&value - values.data())))),
          llvm::ConstantFP::get(ir_.getFloatTy(), per_tensor ? q->scale[0] : 0.0),
          number(per_tensor ? uint64_t(q->zero_point.at(0)) : 0),
          ir_.getInt8(uint8_t(type.dtype)),
          ir_.getInt8(uint8_t(type.rank())),
      });
    });
  }

  llvm::Constant* initials() {
    return array(tables_.initials, "initials", [&](const InitialTable& row) -> llvm::Constant* {
      llvm::Constant* data = llvm::ConstantPointerNull::get(ir_.getPtrTy());
      if (!row.data.empty())
        data = global(llvm::ConstantDataArray::get(module_.getContext(), row.data), "initial");
      return llvm::ConstantStruct::getAnon(
          {data, number(uint64_t(row.offset)), number(uint64_t(row.bytes)), number(row.fill)});
    });
  }

  llvm::Constant* variant(const VariantTable& v) {
    llvm::Constant* shapes = llvm::ConstantPointerNull::get(ir_.getPtrTy());
    if (tables_.variants.size() > 1)
      shapes = array(v.types, "shapes", [&](const ir::Type& type) { return extents_of(type); });
    auto* steps = array(v.steps, "steps", [&](const StepTable& s) { return step(v, s); });
    auto* extents = array(v.extents, "extents", [&](const rt_extent& e) -> llvm::Constant* {
      return llvm::ConstantStruct::getAnon({number(e.output), number(e.axis), number(e.place)});
    });
    return llvm::ConstantStruct::getAnon(
        {shapes, words(v.refs, "refs"), steps, extents, number(v.steps.size()), number(v.extents.size())});
  }

  llvm::Constant* step(const VariantTable& variant, const StepTable& step) {
    auto* kernel_type =
        llvm::FunctionType::get(ir_.getVoidTy(), {ir_.getPtrTy(), ir_.getPtrTy(), ir_.getPtrTy()}, false);
    llvm::Constant* kernel = llvm::ConstantPointerNull::get(ir_.getPtrTy());
    if (!step.kernel.empty())
      kernel = llvm::cast<llvm::Constant>(module_.getOrInsertFunction(step.kernel, kernel_type).getCallee());
    llvm::Constant* extents = step.cascade   ? cascade(variant, variant.cascades[*step.cascade])
                              : step.control ? control(variant, variant.controls[*step.control])
                                             : words({step.extents.begin(), step.extents.end()}, "extents");
    return llvm::ConstantStruct::getAnon(
        {kernel, words(step.args, "refs"), extents, number(step.args.size())});
  }

  llvm::Constant* cascade(const VariantTable& variant, const CascadeTable& c) {
    auto* lines = array(c.lines, "lines", [&](const rt_line& l) -> llvm::Constant* {
      return llvm::ConstantStruct::getAnon({number(l.place), number(l.tensor), number(l.row_bytes),
                                            number(l.kept_bytes), number(l.left_bytes), number(l.pixel_bytes),
                                            number(l.fill)});
    });
    auto* ops = array(c.ops, "ops", [&](const RowOpTable& op) -> llvm::Constant* {
      return llvm::ConstantStruct::getAnon(
          {step(variant, op.step), ir_.getInt16(uint16_t(op.line)), ir_.getInt16(uint16_t(op.kind))});
    });
    auto* program = array(c.program, "program", [&](uint8_t op) { return ir_.getInt8(op); });
    auto* loops = array(c.loops, "loops", [&](const rt_row_loop& l) -> llvm::Constant* {
      return llvm::ConstantStruct::getAnon(
          {ir_.getInt16(l.first), ir_.getInt16(l.count), ir_.getInt16(l.times)});
    });
    return global(llvm::ConstantStruct::getAnon({lines, ops, program, loops, number(c.lines.size()),
                                                 number(c.loops.size()), number(c.moved)}),
                  "cascade");
  }

  /// The names tell stack.cpp who runs the steps.
  llvm::Constant* control(const VariantTable& variant, const ControlTable& c) {
    std::vector<llvm::Constant*> bodies;
    for (const auto& steps : c.bodies) {
      auto* table = array(steps, "steps", [&](const StepTable& s) { return step(variant, s); });
      bodies.push_back(llvm::ConstantStruct::getAnon({table, number(steps.size())}));
    }
    if (!c.is_loop)
      return global(llvm::ConstantStruct::getAnon({bodies[0], bodies[1], number(c.condition)}),
                    "control.branch");
    const auto moves = [&](const std::vector<rt_move>& list) {
      return array(list, "moves", [&](const rt_move& m) -> llvm::Constant* {
        return llvm::ConstantStruct::getAnon({number(m.from), number(m.to), number(m.bytes)});
      });
    };
    return global(llvm::ConstantStruct::getAnon({bodies[0], moves(c.begin), moves(c.stacked),
                                                 number(c.begin.size()), number(c.stacked.size()),
                                                 number(c.trips), number(c.condition), number(c.again),
                                                 number(c.iteration), ir_.getInt64(uint64_t(c.limit))}),
                  "control.loop");
  }

  const ModelTables& tables_;
  llvm::Module& module_;
  llvm::IRBuilder<> ir_;
  std::map<std::vector<uint32_t>, llvm::Constant*> words_;
};

}  // namespace

std::string weights_section(const std::string& name) { return ".rodata." + name + "_weights"; }

std::vector<uint8_t> compile_model_tables(const ModelTables& tables, const Machine& machine) {
  llvm::LLVMContext context;
  llvm::Module module("", context);
  machine.adopt(module);
  TableBuilder(tables, module).build();
  return machine.emit_object(module);
}

}  // namespace halite::codegen
