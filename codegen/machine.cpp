// Target machine, retargeting and pass pipeline. The settings that matter: no library function is assumed to
// exist but the memory functions that the runtime brings, position-independent code where an operating system
// loads the program, and wide vectors used as written (LLVM would split 512-bit ones by its tuning for some
// CPUs).
#include "codegen/machine.h"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

#include <mutex>

#include "ir/base/check.h"

namespace halite::codegen {
namespace {

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
  });
}

llvm::TargetOptions options_for(const targets::Target& target) {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  options.FunctionSections = true;
  options.DataSections = true;
  options.EmitStackSizeSection = true;
  options.MCOptions.ABIName = target.abi;
  if (target.float_abi == "hard") options.FloatABIType = llvm::FloatABI::Hard;
  if (target.float_abi == "soft") options.FloatABIType = llvm::FloatABI::Soft;
  return options;
}

std::optional<llvm::CodeModel::Model> code_model_for(const targets::Target& target) {
  if (target.code_model == "medany" || target.code_model == "medium") return llvm::CodeModel::Medium;
  if (target.code_model == "small") return llvm::CodeModel::Small;
  return {};
}

}  // namespace

std::unique_ptr<llvm::Module> read_bitcode(llvm::LLVMContext& context, std::span<const unsigned char> bytes,
                                           const std::string& name) {
  const llvm::StringRef text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto module = llvm::parseBitcodeFile(llvm::MemoryBufferRef(text, name), context);
  if (!module) check_failed("parseBitcodeFile", __FILE__, __LINE__, llvm::toString(module.takeError()));
  return std::move(*module);
}

int64_t pointer_bytes(const targets::Target& target) {
  return llvm::Triple(target.triple).isArch64Bit() ? 8 : 4;
}

Machine::Machine(const targets::Target& target, Optimize optimize) : target_(target), optimize_(optimize) {
  initialize_llvm();
  std::string error;
  const llvm::Target* llvm_target = llvm::TargetRegistry::lookupTarget(target.triple, error);
  HALITE_CHECK(llvm_target, error);
  const auto relocation =
      target.platform == targets::Platform::posix ? llvm::Reloc::PIC_ : llvm::Reloc::Static;
  machine_.reset(llvm_target->createTargetMachine(target.triple, target.cpu, target.features,
                                                  options_for(target), relocation, code_model_for(target),
                                                  llvm::CodeGenOptLevel::Aggressive));
  HALITE_CHECK(machine_, "no target machine for " + target.triple);
}

void Machine::adopt(llvm::Module& module) const {
  llvm::StripDebugInfo(module);
  module.setTargetTriple(target_.triple);
  module.setDataLayout(machine_->createDataLayout());
  // Flags that describe the ABI of whoever made the bitcode; the target machine's options rule here.
  if (auto* flags = module.getModuleFlagsMetadata()) module.eraseNamedMetadata(flags);
  for (auto& function : module) {
    for (const char* attribute : {"target-cpu", "target-features", "tune-cpu", "use-soft-float",
                                  "frame-pointer", "stack-protector-buffer-size"}) {
      function.removeFnAttr(attribute);
    }
    function.removeFnAttr(llvm::Attribute::UWTable);
    function.addFnAttr(llvm::Attribute::NoUnwind);
    // What a leaf keeps below the stack pointer would be missing in its frame's recorded size.
    function.addFnAttr(llvm::Attribute::NoRedZone);
    if (target_.facts.vector_bits >= 512) {
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("min-legal-vector-width", "512");
    }
    if (optimize_ == Optimize::size && !function.isDeclaration()) {
      function.addFnAttr(llvm::Attribute::OptimizeForSize);
      function.addFnAttr(llvm::Attribute::MinSize);
    }
  }
}

void Machine::run_passes(llvm::Module& module, bool transform_loops,
                         const std::function<llvm::ModulePassManager(llvm::PassBuilder&)>& pipeline) const {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopUnrolling = tuning.LoopInterleaving =
      transform_loops;
  llvm::PassBuilder builder(machine_.get(), tuning);
  llvm::LoopAnalysisManager loop_analyses;
  llvm::FunctionAnalysisManager function_analyses;
  llvm::CGSCCAnalysisManager cgscc_analyses;
  llvm::ModuleAnalysisManager module_analyses;

  llvm::TargetLibraryInfoImpl library(llvm::Triple(module.getTargetTriple()));
  library.disableAllFunctions();
  for (auto function : {llvm::LibFunc_memcpy, llvm::LibFunc_memmove, llvm::LibFunc_memset}) {
    library.setAvailable(function);
  }
  function_analyses.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });

  builder.registerModuleAnalyses(module_analyses);
  builder.registerCGSCCAnalyses(cgscc_analyses);
  builder.registerFunctionAnalyses(function_analyses);
  builder.registerLoopAnalyses(loop_analyses);
  builder.crossRegisterProxies(loop_analyses, function_analyses, cgscc_analyses, module_analyses);
  pipeline(builder).run(module, module_analyses);
}

void Machine::optimize(llvm::Module& module, Loops loops) const {
  const bool size = optimize_ == Optimize::size;
  run_passes(module, loops == Loops::transform && !size, [&](llvm::PassBuilder& builder) {
    return builder.buildPerModuleDefaultPipeline(size ? llvm::OptimizationLevel::Oz
                                                      : llvm::OptimizationLevel::O2);
  });
}

void Machine::inline_only(llvm::Module& module) const {
  run_passes(module, false, [](llvm::PassBuilder&) {
    llvm::ModulePassManager passes;
    passes.addPass(llvm::AlwaysInlinerPass());
    passes.addPass(llvm::GlobalDCEPass());
    llvm::FunctionPassManager functions;
    functions.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
    functions.addPass(llvm::EarlyCSEPass());
    functions.addPass(llvm::SimplifyCFGPass());
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(functions)));
    return passes;
  });
}

void Machine::emit(llvm::Module& module, llvm::raw_pwrite_stream& out, llvm::CodeGenFileType type) const {
  llvm::legacy::PassManager passes;
  llvm::TargetLibraryInfoImpl library(llvm::Triple(module.getTargetTriple()));
  library.disableAllFunctions();
  passes.add(new llvm::TargetLibraryInfoWrapperPass(library));
  const bool failed = machine_->addPassesToEmitFile(passes, out, nullptr, type);
  HALITE_CHECK(!failed, "LLVM cannot emit code for " + target_.name);
  passes.run(module);
}

std::vector<uint8_t> Machine::emit_object(llvm::Module& module) const {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream out(buffer);
  emit(module, out, llvm::CodeGenFileType::ObjectFile);
  return {buffer.begin(), buffer.end()};
}

std::string Machine::emit_assembly(llvm::Module& module) const {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream out(buffer);
  emit(module, out, llvm::CodeGenFileType::AssemblyFile);
  return {buffer.begin(), buffer.end()};
}

}  // namespace halite::codegen
