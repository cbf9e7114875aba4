// Loops that read streams from end to end load lists of registers, where they leave registers for them.
#include "codegen/load_lists.h"

#include <doctest/doctest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <string>

#include "tests/codegen/integer_models.h"

using namespace halite;
using namespace halite::codegen;

namespace {

struct Loop {
  int kept = 4;            ///< sums, each of which takes one of the loads
  int loads = 8;           ///< vectors of a round
  int stride = 8;          ///< by which a round's begin lies behind that of the one before, in vectors
  std::string write = {};  ///< an instruction
};

/// A loop that adds what it reads from `%in`.
std::string text_of(const Loop& loop) {
  std::string phis, loads, sums, results;
  for (int i = 0; i < loop.kept; ++i) {
    const std::string n = std::to_string(i);
    phis += "%k" + n + " = phi <4 x float> [ zeroinitializer, %entry ], [ %s" + n + ", %loop ]\n";
    sums += "%s" + n + " = fadd <4 x float> %k" + n + ", %v" + std::to_string(i % loop.loads) + "\n";
    results += "store <4 x float> %s" + n + ", ptr getelementptr (i8, ptr @out, i64 " +
               std::to_string(16 * i) + ")\n";
  }
  for (int i = 0; i < loop.loads; ++i) {
    const std::string n = std::to_string(i);
    loads += "%p" + n + " = getelementptr i8, ptr %from, i64 " + std::to_string(16 * i) + "\n%v" + n +
             " = load <4 x float>, ptr %p" + n + "\n";
  }
  return "@out = global [2048 x i8] zeroinitializer\n"
         "define void @f(ptr %in, i64 %count) {\nentry:\nbr label %loop\nloop:\n"
         "%i = phi i64 [ 0, %entry ], [ %next, %loop ]\n" +
         phis + "%at = mul nsw i64 %i, " + std::to_string(16 * loop.stride) +
         "\n%from = getelementptr i8, ptr %in, i64 %at\n" + loads + sums + loop.write +
         "%next = add nuw nsw i64 %i, 1\n%ends = icmp eq i64 %next, %count\n"
         "br i1 %ends, label %exit, label %loop\nexit:\n" +
         results + "ret void\n}";
}

/// How many lists, and how many other vectors, are loaded.
std::pair<int, int> lists_and_loads(const Loop& loop) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module = llvm::parseAssemblyString(text_of(loop), error, context);
  REQUIRE_MESSAGE(module, error.getMessage().str());
  const bool any = use_load_lists(*module, {.vector_bits = 128, .vector_registers = 32, .load_list = 4});
  REQUIRE_FALSE(llvm::verifyModule(*module));
  int lists = 0, loads = 0;
  for (const auto& i : llvm::instructions(*module->getFunction("f"))) {
    const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&i);
    lists += call && call->getIntrinsicID() == llvm::Intrinsic::aarch64_neon_ld1x4;
    loads += llvm::isa<llvm::LoadInst>(i);
  }
  CHECK(any == (lists > 0));
  return {lists, loads};
}

using Counts = std::pair<int, int>;

}  // namespace

TEST_CASE("a stream is loaded in lists") {
  CHECK(lists_and_loads({}) == Counts{2, 0});
  CHECK(lists_and_loads({.kept = 16, .loads = 16, .stride = 16}) == Counts{4, 0});
}

TEST_CASE("what is no stream of whole lists is not") {
  CHECK(lists_and_loads({.stride = 9}) == Counts{0, 8});
  CHECK(lists_and_loads({.loads = 6, .stride = 6}) == Counts{0, 6});
  CHECK(lists_and_loads({.kept = 24}) == Counts{0, 8});
  CHECK(lists_and_loads({.write = "store <4 x float> %s0, ptr @out\n"}) == Counts{0, 8});
}

namespace {

std::string convolution(int pixels, int from, int to) {
  const std::string weights = list({to, 1, 1, from}), image = list({1, 1, pixels, from});
  return "graph \"g\" (%x: f32" + image + ") -> (%y) {\n  const %w: f32" + weights + " = " +
         elements(to * from, {1, 0, 2, -3, 0, 1, 0, -1, 4, 0, 0, 2, 0}) + "\n  %y: f32" +
         list({1, 1, pixels, to}) + " = conv2d(%x, %w)\n}";
}

}  // namespace

TEST_CASE("convolutions whose panels and weights are loaded in lists keep their answers") {
  // Pixels and channels that tiles divide, and such that they do not; steps of one round, and of several.
  for (const auto& text : {convolution(96, 64, 64), convolution(97, 96, 40), convolution(33, 48, 24)}) {
    CAPTURE(text.substr(0, 60));
    const auto artifact = checked(text, "arm64");
    CHECK(artifact.assembly.find("], #64") != std::string::npos);
  }
}
