// Four vectors of bytes are interleaved by a permutation for each vector of the result.
#include "codegen/interleaves.h"

#include <doctest/doctest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <string>

#include "tests/codegen/integer_models.h"

namespace {

/// %name: two vectors interleaved.
std::string interleaved(const std::string& name, int lanes, const std::string& a, const std::string& b) {
  const std::string type = "<" + std::to_string(lanes) + " x i8> %";
  std::string mask;
  for (int i = 0; i < lanes; ++i)
    mask += (i ? ", i32 " : "i32 ") + std::to_string(i) + ", i32 " + std::to_string(i + lanes);
  return "%" + name + " = shufflevector " + type + a + ", " + type + b + ", <" + std::to_string(2 * lanes) +
         " x i32> <" + mask + ">\n";
}

}  // namespace

TEST_CASE("four vectors of 32 bytes are interleaved by two permutations") {
  const std::string v = "<32 x i8> %";
  const std::string text = "define <128 x i8> @f(" + v + "a, " + v + "b, " + v + "c, " + v + "d) {\n" +
                           interleaved("ac", 32, "a", "c") + interleaved("bd", 32, "b", "d") +
                           interleaved("all", 64, "ac", "bd") + "ret <128 x i8> %all\n}";
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module = llvm::parseAssemblyString(text, error, context);
  REQUIRE_MESSAGE(module, error.getMessage().str());
  halite::codegen::use_interleaves(*module);
  REQUIRE_FALSE(llvm::verifyModule(*module));
  uint64_t place = 0;
  for (const auto& i : llvm::instructions(*module->getFunction("f"))) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
    if (!call) continue;
    const auto* indices = llvm::cast<llvm::ConstantDataVector>(call->getArgOperand(1));
    for (unsigned lane = 0; lane < 64; ++lane, ++place)
      CHECK(indices->getElementAsInteger(lane) == place % 4 * 32 + place / 4);
  }
  CHECK(place == 128);
}

TEST_CASE("a depthwise conv2d of interleaved columns equals the reference") {
  halite::codegen::checked(
      halite::codegen::conv({1, 9, 7, 64}, {64, 3, 3, 1}, {1, 9, 7, 64}, "groups=64 pad=[1,1,1,1]"), "host");
}
