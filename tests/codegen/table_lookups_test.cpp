// Tables of bytes: permutations where the machine has them, the same answers everywhere.
#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "ir/text.h"
#include "tests/codegen/integer_models.h"
#include "tests/support/error_text.h"

using namespace halite;

namespace {

std::string table(const std::string& type, int entries, int factor, int offset) {
  std::string text;
  for (int i = 0; i < entries; i++) text += (i ? "," : "") + std::to_string((i * factor + 13) % 256 + offset);
  return "  const %t: " + type + "[" + std::to_string(entries) + "] = {" + text + "}\n";
}

std::string lookup(const std::string& shape, int entries = 256) {
  return "graph \"t\" (%x: u8" + shape + ") -> (%y) {\n" + table("u8", entries, 91, 0) + "  %y: u8" + shape +
         " = gather(%t, %x) axis=0\n}";
}

/// A layer whose outputs go through a table.
std::string layer(int channels) {
  const std::string c = std::to_string(channels);
  return "graph \"t\" (%x: u8[1,9,7,16]) -> (%y) {\n" + table("i8", 256, 37, -128) + "  const %w: i8[" + c +
         ",1,1,16] = #89ab\n  const %b: i32[" + c + "] = #0123\n  const %m: f32[1] = {0.0001}\n" +
         "  %c: i32[1,9,7," + c + "] = conv2d(%x, %w, %b) x_zero=3\n  %q: u8[1,9,7," + c +
         "] = requantize(%c, %m) rounding=real to=u8 zero_point=7\n  %y: i8[1,9,7," + c +
         "] = gather(%t, %q) axis=0\n}";
}

std::string assembly(const std::string& text, const std::string& features) {
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  codegen::CompileOptions options;
  options.name = "net";
  options.target = targets::refine(*targets::find("x86-64-v4"), "", features);
  options.emit_asm = true;
  auto artifact = codegen::compile(*graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return artifact->assembly;
}

bool permutes(const std::string& text, const std::string& features) {
  const std::string found = assembly(text, features);
  return found.find("vpermi2b") != found.npos || found.find("vpermt2b") != found.npos;
}

}  // namespace

TEST_CASE("elements picked from tables of bytes are the reference's") {
  for (const std::string shape : {"[3]", "[8]", "[37]", "[4,64]", "[2,3,129]"})
    for (const int entries : {256, 255, 40}) codegen::checked(lookup(shape, entries), "host", {256, 0});
  for (const int channels : {3, 16, 24, 64}) codegen::checked(layer(channels), "host", {256, 0});
}

TEST_CASE("vectors of bytes pick from a whole table where the machine can") {
  CHECK(permutes(lookup("[4,64]"), "+avx512vbmi"));
  CHECK(permutes(layer(64), "+avx512vbmi"));
  CHECK_FALSE(permutes(layer(64), ""));
  CHECK_FALSE(permutes(lookup("[4,64]", 255), "+avx512vbmi"));  // there is no 256th entry to read
}
