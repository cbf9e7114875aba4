// Two objects make a program: the model's own, and one of everything else: driver or self-test, start-up
// code, runtime functions that they need, and a few constants of this very run (which model, how large an
// arena, how many inferences).
#include "codegen/link.h"

#include <llvm/IR/Constants.h>
#include <llvm/Linker/Linker.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "codegen/machine.h"
#include "codegen/object.h"
#include "codegen/temp_dir.h"
#include "rt/abi.h"
#include "rt/bitcode.h"
#include "targets/driver/bitcode.h"
#include "targets/machine.h"

namespace halite::codegen {
namespace {

constexpr int64_t kLeastStackBytes = 64 * 1024;
constexpr int64_t kDriverStackBytes = 4 * 1024;
constexpr int64_t kGuardBytes = 64;  ///< kDriverGuard of targets/driver/session.h; keeps memories aligned
constexpr std::string_view kDriver = "driver", kSelfTest = "self_test";

std::span<const rt::BitcodeFile> driver_files(const targets::Target& target) {
  if (target.platform == targets::Platform::posix) return targets::driver_posix();
  if (target.board->start == "cortex_m") return targets::driver_cortex_m();
  if (target.board->start == "riscv32") return targets::driver_riscv32();
  HALITE_CHECK(target.board->start == "arm64", "no start-up code is called " + target.board->start);
  return targets::driver_arm64();
}

/// A module of the constants that targets/driver/driver.c declares.
class Constants {
 public:
  Constants(llvm::LLVMContext& context, const Artifact& artifact, const targets::Target& target)
      : artifact_(artifact), pointer_bytes_(pointer_bytes(target)) {
    module_ = std::make_unique<llvm::Module>("constants", context);
    bytes_ = llvm::Type::getInt8Ty(context);
    word_ = llvm::Type::getInt32Ty(context);
  }

  /// `sections`: by memory, where it goes; empty: with all other data.
  std::unique_ptr<llvm::Module> build(const std::vector<std::string>& sections, int inferences,
                                      const RunOptions& options) && {
    add_memories(sections);
    auto* bound_type = llvm::ArrayType::get(bytes_, uint64_t(artifact_.report.bound_bytes));
    add("driver_bound", llvm::ConstantAggregateZero::get(bound_type))->setConstant(false);
    number("driver_inferences", uint32_t(inferences));
    number("driver_stack_bytes", uint32_t(std::max<int64_t>(0, artifact_.report.stack_bytes)));
    number("driver_repeats", uint32_t(options.repeats));
    number("driver_repeat_first", options.repeated_step.value_or(0));
    number("driver_repeat_steps", options.repeated_step ? 1 : most_steps());
    add_shapes(options);
    number("driver_weights_bytes", uint32_t(artifact_.weights.size()));
    array("driver_weights", artifact_.weights);
    if (options.self_test) add_self_test(*artifact_.self_test);
    return std::move(module_);
  }

 private:
  void add_memories(const std::vector<std::string>& sections) {
    auto* pointer = llvm::PointerType::getUnqual(module_->getContext());
    auto* size = llvm::Type::getIntNTy(module_->getContext(), unsigned(pointer_bytes_) * 8);
    std::vector<llvm::Constant*> rows;
    const auto& memories = artifact_.report.memories;
    for (size_t m = 0; m < memories.size(); m++) {
      // Between guards, which the driver paints and looks at.
      auto* type = llvm::ArrayType::get(bytes_, uint64_t(memories[m].bytes) + 2 * kGuardBytes);
      auto* block =
          add(("driver_memory_" + std::to_string(m)).c_str(), llvm::ConstantAggregateZero::get(type));
      block->setConstant(false);
      if (!sections[m].empty()) block->setSection(sections[m]);
      rows.push_back(
          llvm::ConstantStruct::getAnon({llvm::ConstantExpr::getInBoundsGetElementPtr(
                                             bytes_, block, llvm::ConstantInt::get(word_, kGuardBytes)),
                                         llvm::ConstantInt::get(size, uint64_t(memories[m].bytes))}));
    }
    auto* row_type = llvm::StructType::get(pointer, size);
    add("driver_memories", llvm::ConstantArray::get(llvm::ArrayType::get(row_type, rows.size()), rows));
    number("driver_n_memories", uint32_t(memories.size()));
  }

  uint32_t most_steps() const {
    size_t most = artifact_.report.steps.size();
    for (const auto& variant : artifact_.report.variants) most = std::max(most, variant.steps.size());
    return uint32_t(most);
  }

  /// Of a model for several shapes those of this run: rank and extents of each input; and how many bytes
  /// inputs and outputs have.
  void add_shapes(const RunOptions& options) {
    std::vector<uint32_t> shapes, bytes;
    uint32_t count = 0;
    const auto add_input = [&](const ir::Type& type) {
      count++;
      shapes.push_back(uint32_t(type.rank()));
      shapes.insert(shapes.end(), type.shape.begin(), type.shape.end());
      bytes.push_back(uint32_t(type.bytes()));
    };
    if (!artifact_.report.variants.empty()) {
      if (options.self_test) {
        for (const auto& tensor : artifact_.self_test->inputs.at(0)) add_input(tensor.type());
      } else if (options.signature) {
        for (auto id : options.signature->inputs) add_input(options.signature->type(id));
        for (auto id : options.signature->outputs)
          bytes.push_back(uint32_t(options.signature->type(id).bytes()));
      }
    }
    number("driver_n_shapes", count);
    array("driver_shapes", shapes);
    array("driver_bytes", bytes);
  }

  void add_self_test(const SelfTest& test) {
    std::vector<uint8_t> inputs;
    for (const auto& set : test.inputs) {
      for (const auto& tensor : set) {
        const auto* data = reinterpret_cast<const uint8_t*>(tensor.bytes().data());
        inputs.insert(inputs.end(), data, data + tensor.bytes().size());
      }
    }
    std::vector<uint32_t> expected;
    for (const auto& digest : test.expected) {
      expected.push_back(digest.hash);
      expected.push_back(std::bit_cast<uint32_t>(digest.sum));
    }
    std::string steps;
    for (const auto& step : artifact_.report.steps) {
      steps += step.name + (step.name.empty() ? "(" : " (") + step.op + ")";
      steps += '\0';
    }
    array("self_test_inputs", inputs);
    array("self_test_tensors", table_of(test.tensors));
    array("self_test_outputs", table_of(test.outputs));
    array("self_test_expected", expected);
    number("self_test_n_tensors", uint32_t(test.tensors.size()));
    text("self_test_name", artifact_.name);
    text("self_test_steps", steps);
  }

  template <class T>
  void array(const char* name, const std::vector<T>& values) {
    add(name, llvm::ConstantDataArray::get(module_->getContext(), llvm::ArrayRef<T>(values)));
  }
  void text(const char* name, const std::string& value) {
    add(name, llvm::ConstantDataArray::getString(module_->getContext(), value));
  }
  llvm::GlobalVariable* add(const char* name, llvm::Constant* value) {
    auto* global = new llvm::GlobalVariable(*module_, value->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, value, name);
    global->setAlignment(llvm::Align(HALITE_ARENA_ALIGN));
    return global;
  }
  void number(const char* name, uint32_t value) { add(name, llvm::ConstantInt::get(word_, value)); }

  const Artifact& artifact_;
  const int64_t pointer_bytes_;
  std::unique_ptr<llvm::Module> module_;
  llvm::Type *bytes_, *word_;
};

/// Everything but the model, as one object. Of driver and self-test, each of which is a program, `program`.
std::vector<uint8_t> compile_driver(const targets::Target& target, std::string_view program,
                                    std::unique_ptr<llvm::Module> constants) {
  const Machine machine(target);
  machine.adopt(*constants);
  llvm::Linker linker(*constants);
  for (const auto& files : {driver_files(target), rt::runtime_bitcode()}) {
    for (const auto& file : files) {
      const bool is_program = file.name == kDriver || file.name == kSelfTest;
      if (file.abi != target.runtime || (is_program && file.name != program)) continue;
      auto module = read_bitcode(constants->getContext(), file.data, std::string(file.name));
      machine.adopt(*module);
      const bool failed = linker.linkInModule(std::move(module));
      HALITE_CHECK(!failed, "driver module " + std::string(file.name));
    }
  }
  machine.optimize(*constants, Machine::Loops::as_written);
  return machine.emit_object(*constants);
}

/// By memory of the model, the section that places it. Fast ones go to the board's fast memory as long as it
/// has room; others to the large memory only if the ordinary one is too small for them.
std::vector<std::string> sections_of(const Artifact& artifact, const targets::Target& target,
                                     int64_t stack_bytes) {
  const auto& memories = artifact.report.memories;
  std::vector<std::string> sections(memories.size());
  if (target.platform == targets::Platform::posix) return sections;
  constexpr int64_t kDataBytes = 16 * 1024;
  int64_t fast = 0, ordinary = stack_bytes + kDataBytes;
  for (size_t m = 0; m < memories.size(); m++) {
    const int64_t bytes = memories[m].bytes + 2 * kGuardBytes;
    if (memories[m].fast && fast + bytes <= targets::fast_memory_bytes(target)) {
      sections[m] = ".bss.fast";
      fast += bytes;
    } else if (target.board->big_bytes && ordinary + bytes > target.board->ram_bytes) {
      sections[m] = ".bss.arena";
    } else {
      ordinary += bytes;
    }
  }
  return sections;
}

/// LLD's "will not fit in region", in words of the board.
Error explain(const Error& error, const Artifact& artifact, const targets::Target& target) {
  const auto at = error.message.find("will not fit in region '");
  if (at == std::string::npos) return error;
  const auto text = error.message.substr(at + std::strlen("will not fit in region '"));
  const auto region = text.substr(0, text.find('\''));
  const auto by = text.find("overflowed by ");
  const auto bytes = by == std::string::npos ? "?" : text.substr(by + 14, text.find(' ', by + 14) - by - 14);
  const auto& board = *target.board;
  return {ErrorCode::kResource,
          "the program needs " + bytes + " bytes more than the memory " + region +
              " of the board has (arena " + std::to_string(artifact.report.arena_bytes) + ", weights " +
              std::to_string(artifact.report.weights_bytes) + ", code " +
              std::to_string(artifact.report.code_bytes) +
              " bytes; board: " + std::to_string(board.flash_bytes) + " bytes for code, " +
              std::to_string(board.ram_bytes) + " for data, " + std::to_string(board.big_bytes) +
              " for weights and large arenas); it can be compiled, but not verified here",
          target.name + " (" + board.name + ")"};
}

}  // namespace

Result<std::vector<uint8_t>> link_program(const Artifact& artifact, const targets::Target& target,
                                          int inferences, const RunOptions& options) {
  HALITE_CHECK(!options.self_test || artifact.self_test, "compiled without a self-test");
  const bool bare = target.platform == targets::Platform::none;
  if (bare && !target.board)
    return unsupported("no board is known to run it on; link NAME.o with your own start-up code",
                       target.name);
  auto dir = TempDir::create();
  if (!dir) return dir.error();
  const int64_t stack_bytes = std::max(kLeastStackBytes, artifact.report.stack_bytes + kDriverStackBytes);
  llvm::LLVMContext context;
  auto constants = Constants(context, artifact, target)
                       .build(sections_of(artifact, target, stack_bytes), inferences, options);
  const auto driver = compile_driver(target, options.self_test ? kSelfTest : kDriver, std::move(constants));

  const auto model_path = *dir / "model.o", driver_path = *dir / "driver.o", image_path = *dir / "program";
  if (auto written = write_file(model_path, artifact.object); !written) return written.error();
  if (auto written = write_file(driver_path, driver); !written) return written.error();
  std::vector<std::string> arguments{
      "-static", "--gc-sections",     "--threads=1",
      "-o",      image_path.string(), "--defsym=driver_model=" + artifact.name + "_model"};
  if (bare) {
    const auto script = *dir / "link.ld";
    const auto& text = target.board->link_script;
    if (auto written = write_file(script, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
        !written)
      return written.error();
    arguments.push_back("--defsym=bare_stack_bytes=" + std::to_string((stack_bytes + 63) / 64 * 64));
    arguments.insert(arguments.end(), {"-T", script.string()});
  }
  if (options.layout > 0) arguments.push_back("--shuffle-sections=.text*=" + std::to_string(options.layout));
  arguments.insert(arguments.end(), {model_path.string(), driver_path.string()});
  if (auto linked = run_lld(arguments); !linked)
    return bare ? explain(linked.error(), artifact, target) : linked.error();
  return read_file(image_path);
}

}  // namespace halite::codegen
