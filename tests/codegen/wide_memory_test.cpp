// Vectors that are groups of registers: loaded, carried through loops and stored whole.
#include "codegen/wide_memory.h"

#include <doctest/doctest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

namespace {

/// How many loads and stores of that many lanes are left that something needs.
struct Accesses {
  int loads = 0, stores = 0;
};

constexpr const char* kAddresses = R"(
  %p1 = getelementptr float, ptr %p, i64 4
  %q1 = getelementptr float, ptr %q, i64 4
)";

Accesses accesses(const std::string& body, unsigned lanes, unsigned bits = 256) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module =
      llvm::parseAssemblyString("declare void @other()\ndefine void @f(ptr %p, ptr %q, float %s) {\n" +
                                    std::string(kAddresses) + body + "}",
                                error, context);
  REQUIRE_MESSAGE(module, error.getMessage().str());
  halite::codegen::join_memory_accesses(*module, bits);
  REQUIRE_FALSE(llvm::verifyModule(*module));
  const auto is_long = [&](const llvm::Type* type) {
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
    return vector && vector->getNumElements() == lanes;
  };
  Accesses found;
  for (const auto& i : llvm::instructions(*module->getFunction("f"))) {
    if (llvm::isa<llvm::LoadInst>(i)) found.loads += is_long(i.getType()) && !i.use_empty();
    if (llvm::isa<llvm::StoreInst>(i)) found.stores += is_long(i.getOperand(0)->getType());
  }
  return found;
}

const std::string kLoads = R"(
  %a = load <4 x float>, ptr %p, align 4
  %b = load <4 x float>, ptr %p1, align 4
)",
                  kJoin = R"(
  %ab = shufflevector <4 x float> %a, <4 x float> %b, <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>
  %y = fneg <8 x float> %ab
  %c = shufflevector <8 x float> %y, <8 x float> undef, <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %d = shufflevector <8 x float> %y, <8 x float> undef, <4 x i32> <i32 4, i32 5, i32 6, i32 7>
)",
                  kStores = R"(
  store <4 x float> %c, ptr %q, align 4
  store <4 x float> %d, ptr %q1, align 4
  ret void
)";

}  // namespace

TEST_CASE("loads and stores of a vector's parts become one each") {
  const auto whole = accesses(kLoads + kJoin + kStores, 8);
  CHECK(whole.loads == 1);
  CHECK(whole.stores == 1);
  // Vectors stay as long as they may be.
  CHECK(accesses(kLoads + kJoin + kStores, 8, 128).loads == 0);
}

TEST_CASE("arithmetic that was cut up with its operands is put together too") {
  const auto whole = accesses(kLoads + R"(
  %s0 = insertelement <4 x float> poison, float %s, i64 0
  %ss = shufflevector <4 x float> %s0, <4 x float> poison, <4 x i32> zeroinitializer
  %c = fadd <4 x float> %a, %ss
  %d = fadd <4 x float> %b, %ss
)" + kStores,
                              8);
  CHECK(whole.loads == 1);
  CHECK(whole.stores == 1);
  CHECK(accesses(kLoads + R"(
  %c = fneg <4 x float> %a
  %d = call <4 x float> @llvm.fabs.v4f32(<4 x float> %b)
)" + kStores,
                 8)
            .stores == 0);
}

TEST_CASE("parts are carried through a loop as one vector") {
  const auto whole = accesses(kLoads + R"(
  br label %loop
loop:
  %c = phi <4 x float> [ %a, %0 ], [ %e, %loop ]
  %d = phi <4 x float> [ %b, %0 ], [ %f, %loop ]
  %e = fadd <4 x float> %c, %c
  %f = fadd <4 x float> %d, %d
  %n = extractelement <4 x float> %e, i64 0
  %more = fcmp olt float %n, %s
  br i1 %more, label %loop, label %done
done:
)" + kStores,
                              8);
  CHECK(whole.loads == 1);
  CHECK(whole.stores == 1);
}

TEST_CASE("what lies apart, in another order or behind a store stays as it is") {
  const std::string swapped = R"(
  %a = load <4 x float>, ptr %p1, align 4
  %b = load <4 x float>, ptr %p, align 4
)";
  CHECK(accesses(swapped + kJoin + kStores, 8).loads == 0);
  const std::string written = R"(
  %a = load <4 x float>, ptr %p, align 4
  store float %s, ptr %q, align 4
  %b = load <4 x float>, ptr %p1, align 4
)";
  CHECK(accesses(written + kJoin + kStores, 8).loads == 0);
  const std::string read = R"(
  store <4 x float> %c, ptr %q, align 4
  call void @other()
  store <4 x float> %d, ptr %q1, align 4
  ret void
)";
  CHECK(accesses(kLoads + kJoin + read, 8).stores == 0);
  const std::string apart = R"(
  store <4 x float> %c, ptr %q, align 4
  store <4 x float> %d, ptr %p, align 4
  ret void
)";
  CHECK(accesses(kLoads + kJoin + apart, 8).stores == 0);
}
