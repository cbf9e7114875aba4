// Vectors of i32 become bytes by packs: which stores are packed together, and that bytes are the same.
#include "codegen/narrowings.h"

#include <doctest/doctest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <sstream>

#include "tests/codegen/integer_models.h"

namespace {

std::string splat(const std::string& type, int number) {
  std::string text = "<" + type + " " + std::to_string(number);
  for (int i = 1; i < 16; ++i) text += ", " + type + " " + std::to_string(number);
  return text + ">";
}

/// The i-th vector of `in` saturated, as optimisation leaves it, and stored at `offset`.
std::string narrowing(int i, int offset, int low = 0, int high = 255, int zero = 0) {
  std::ostringstream out;
  out << "%p" << i << " = getelementptr i8, ptr %in, i64 " << 64 * i << "\n%x" << i
      << " = load <16 x i32>, ptr %p" << i << "\n%h" << i << " = call <16 x i32> @llvm.smin(<16 x i32> %x"
      << i << ", <16 x i32> " << splat("i32", high) << ")\n%l" << i
      << " = call <16 x i32> @llvm.smax(<16 x i32> %h" << i << ", <16 x i32> " << splat("i32", low) << ")\n%t"
      << i << " = trunc <16 x i32> %l" << i << " to <16 x i8>\n%b" << i << " = add <16 x i8> %t" << i << ", "
      << splat("i8", zero) << "\n%q" << i << " = getelementptr i8, ptr %out, i64 " << offset << "\n";
  return out.str() + "store <16 x i8> %b" + std::to_string(i) + ", ptr %q" + std::to_string(i) + "\n";
}

struct Found {
  int packs = 0, stores = 0, longest = 0;  ///< longest: bytes of a store
};

Found found(const std::string& body) {
  std::string text = "define void @f(ptr %in, ptr %out, ptr %other) {\n" + body + "ret void\n}\n";
  for (const char* name : {"@llvm.smin", "@llvm.smax"}) {
    for (size_t at = 0; (at = text.find(std::string(name) + "(", at)) != text.npos;)
      text.insert(at + std::string(name).size(), ".v16i32");
    text += "declare <16 x i32> " + std::string(name) + ".v16i32(<16 x i32>, <16 x i32>)\n";
  }
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module = llvm::parseAssemblyString(text, error, context);
  REQUIRE_MESSAGE(module, error.getMessage().str());
  halite::codegen::pack_narrowings(*module, 16);
  REQUIRE_FALSE(llvm::verifyModule(*module));
  Found result;
  for (const auto& i : llvm::instructions(*module->getFunction("f"))) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&i);
    result.packs += call && call->getCalledFunction()->getName().contains(".pack");
    if (!llvm::isa<llvm::StoreInst>(i)) continue;
    ++result.stores;
    const auto bits = i.getOperand(0)->getType()->getPrimitiveSizeInBits().getFixedValue();
    result.longest = std::max(result.longest, static_cast<int>(bits / 8));
  }
  return result;
}

std::string four(int stride) {
  return narrowing(0, 0) + narrowing(1, 16) + narrowing(2, stride) + narrowing(3, stride + 16);
}

}  // namespace

TEST_CASE("four narrowings are packed at once, and neighbours stored at once") {
  const Found row = found(four(32)), tile = found(four(96)), pair = found(narrowing(0, 0) + narrowing(1, 16));
  CHECK((row.packs == 3 && row.stores == 1 && row.longest == 64));
  CHECK((tile.packs == 3 && tile.stores == 2 && tile.longest == 32));
  CHECK((pair.packs == 2 && pair.stores == 1 && pair.longest == 32));
}

TEST_CASE("narrowings of other ranges are packed apart, and one alone is not") {
  CHECK(found(narrowing(0, 0) + narrowing(1, 16, 0, 6)).packs == 0);
  CHECK(found(narrowing(0, 0) + narrowing(1, 16) + narrowing(2, 32, -128, 127, -128)).packs == 2);
  CHECK(found(narrowing(0, 0, 0, 256) + narrowing(1, 16, 0, 256)).packs == 0);
}

TEST_CASE("no store moves past what reads or writes its buffer") {
  const std::string read = "%r = load i8, ptr %out\nstore i8 %r, ptr %other\n";
  CHECK(found(narrowing(0, 0) + read + narrowing(1, 16)).packs == 0);
  const std::string apart = "%r = load i8, ptr %other\n";
  CHECK(found(narrowing(0, 0) + apart + narrowing(1, 16)).packs == 2);
}

TEST_CASE("packed bytes equal the reference for any range and zero point") {
  using namespace halite::codegen;
  const std::vector<std::string> ranges{"to=u8",
                                        "to=u8 zero_point=131",
                                        "to=u8 low=3 high=97",
                                        "to=i8",
                                        "to=i8 zero_point=-7",
                                        "to=i8 low=0",
                                        "to=i8 zero_point=-7 low=-120 high=100"};
  const auto layer = [](int channels, const std::string& range) {
    const std::string n = std::to_string(channels);
    const std::string type = range.substr(3, 2);
    return "graph \"g\" (%x: i8[1,4,7,16]) -> (%y) {\n  const %w: i8[" + n +
           ",1,1,16] = " + elements(16 * channels) + "\n  const %s: f32[1] = {0.0078125}\n  %c: i32[1,4,7," +
           n + "] = conv2d(%x, %w)\n  %y: " + type + "[1,4,7," + n + "] = requantize(%c, %s) rounding=real " +
           range + "\n}";
  };
  for (const auto& range : ranges)
    for (const auto& [target, channels] :
         {std::pair("host", 24), std::pair("host", 64), std::pair("x86-64-v3", 24)}) {
      INFO(std::string(target), ' ', channels, ' ', range);
      checked(layer(channels, range), target);
    }
}

TEST_CASE("bytes that become i32 again equal the reference") {
  for (const char* target : {"host", "x86-64-v3"})
    halite::codegen::checked(
        "graph \"g\" (%x: i8[1,4,7,16]) -> (%y) {\n  const %w: i8[24,1,1,16] = " +
            halite::codegen::elements(16 * 24) +
            "\n  const %s: f32[1] = {0.0078125}\n  const %z: i32[1,1,1,1] = {131}\n  const %t: f32[1] = "
            "{0.75}\n  %c: i32[1,4,7,24] = "
            "conv2d(%x, %w)\n"
            "  %q: u8[1,4,7,24] = requantize(%c, %s) rounding=real to=u8 zero_point=131\n"
            "  %i: i32[1,4,7,24] = cast(%q) to=i32\n  %d: i32[1,4,7,24] = elementwise(%i, %z) fn=sub\n"
            "  %y: i8[1,4,7,24] = requantize(%d, %t) rounding=real to=i8 zero_point=-7\n}",
        target);
}
