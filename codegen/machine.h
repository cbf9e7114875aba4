// LLVM 19 seen from Halite: bitcode from anywhere (Halide's LLVM 14, clang) becomes optimised machine code
// for a target. One Machine serves one thread; contexts and modules are the caller's.
#pragma once

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PassManager.h>
#include <llvm/Target/TargetMachine.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "targets/target.h"

namespace llvm {
class PassBuilder;
}

namespace halite::codegen {

/// CHECKs that the bytes are bitcode: it is always our own.
std::unique_ptr<llvm::Module> read_bitcode(llvm::LLVMContext&, std::span<const unsigned char>,
                                           const std::string& name);

int64_t pointer_bytes(const targets::Target&);

class Machine {
 public:
  enum class Optimize { speed, size };
  explicit Machine(const targets::Target&, Optimize = Optimize::speed);

  const targets::Facts& facts() const { return target_.facts; }

  /// Drops what the front ends said of CPUs (attributes, triple, data layout) and makes the module this
  /// target's own. Functions lose unwind tables and become `nounwind`: nothing here throws, and EHABI would
  /// ask for its runtime.
  void adopt(llvm::Module&) const;

  enum class Loops { as_written, transform };  ///< transform: vectorise and unroll, for hand-written C
  void optimize(llvm::Module&, Loops) const;
  /// Inlines what must be, turns stack slots into values and drops what is unused; no other rewriting.
  void inline_only(llvm::Module&) const;

  /// A relocatable ELF object with a section per function and datum, and frame sizes in .stack_sizes.
  std::vector<uint8_t> emit_object(llvm::Module&) const;
  std::string emit_assembly(llvm::Module&) const;

 private:
  void run_passes(llvm::Module&, bool transform_loops,
                  const std::function<llvm::ModulePassManager(llvm::PassBuilder&)>&) const;
  void emit(llvm::Module&, llvm::raw_pwrite_stream&, llvm::CodeGenFileType) const;

  const targets::Target target_;
  Optimize optimize_;
  std::unique_ptr<llvm::TargetMachine> machine_;
};

}  // namespace halite::codegen
