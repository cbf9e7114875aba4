// Blocks that keep more vectors than there are registers compute what they store when it is stored.
#include "codegen/store_order.h"

#include <doctest/doctest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <string>

namespace {

/// Vectors that are all read from `from` before they are negated and stored, as in loops that are unrolled.
std::string block(int vectors, const std::string& from) {
  std::string reads, stores;
  for (int i = 0; i < vectors; ++i) {
    const std::string n = std::to_string(i), offset = std::to_string(64 * i);
    reads += "%p" + n + " = getelementptr i8, ptr " + from + ", i64 " + offset + "\n";
    reads += "%v" + n + " = load <16 x float>, ptr %p" + n + "\n";
    stores += "%n" + n + " = fneg <16 x float> %v" + n + "\n";
    stores += "%q" + n + " = getelementptr i8, ptr %out, i64 " + offset + "\n";
    stores += "store <16 x float> %n" + n + ", ptr %q" + n + "\n";
  }
  return "define void @f(ptr %in, ptr %out) {\n" + reads + stores + "ret void\n}";
}

/// How many vectors are read before the first is stored.
int reads_before_stores(const std::string& text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module = llvm::parseAssemblyString(text, error, context);
  REQUIRE_MESSAGE(module, error.getMessage().str());
  halite::codegen::order_by_stores(*module, {.vector_bits = 512, .vector_registers = 32});
  REQUIRE_FALSE(llvm::verifyModule(*module));
  int reads = 0;
  for (const auto& i : llvm::instructions(*module->getFunction("f"))) {
    if (llvm::isa<llvm::StoreInst>(i)) break;
    reads += llvm::isa<llvm::LoadInst>(i);
  }
  return reads;
}

}  // namespace

TEST_CASE("vectors that registers cannot hold are computed when they are stored") {
  CHECK(reads_before_stores(block(40, "%in")) == 1);
}

TEST_CASE("vectors that fit registers stay where they are") {
  CHECK(reads_before_stores(block(20, "%in")) == 20);
}

TEST_CASE("what lies where something is written is read before") {
  CHECK(reads_before_stores(block(40, "%out")) == 40);
}
