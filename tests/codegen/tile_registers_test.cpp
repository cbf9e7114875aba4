// Products in registers of rows of bytes (AMX), executed here by emulation where the CPU has none.
#include "tests/support/tile_registers.h"

#include <doctest/doctest.h>

#include "codegen/compile.h"
#include "codegen/jit.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;

namespace {

codegen::Artifact compiled(const ir::Graph& graph) {
  codegen::CompileOptions options;
  options.name = "net";
  options.target =
      targets::refine(*targets::find("x86-64-v4"), "", "+avx512vnni,+avx512bf16,+amx-int8,+amx-bf16");
  options.emit_asm = true;
  auto artifact = codegen::compile(graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return *std::move(artifact);
}

bool runs_here() {
  if (targets::this_machine_has("x86-64-v4") && targets::this_machine_has("avx512vnni") &&
      targets::this_machine_has("avx512bf16"))
    return true;
  MESSAGE("skipped: this machine has no AVX-512 with VNNI and BF16, beside which AMX's registers are used");
  return false;
}

/// Numbers of all sizes that the type has; those of reals below 4.
ir::Tensor some_of(const ir::Type& type) {
  ir::Tensor t = ir::Tensor::zeros(type);
  const bool real = ir::is_float(type.dtype);
  const int least = type.dtype == ir::DType::u8 ? 0 : -128;
  for (int64_t i = 0; i < type.elements(); ++i) {
    const auto byte = static_cast<double>((37 * i + i / 7 + 11) % 256 + least);
    t.set(i, real ? byte / 32 : byte);
  }
  return t;
}

/// The model does as the interpreter says, and by `instruction`.
void check(const std::string& text, const std::string& instruction) {
  CAPTURE(text);
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  const codegen::Artifact artifact = compiled(*graph);
  CHECK((artifact.assembly.find(instruction) != std::string::npos));
  if (!runs_here()) return;
  tests::emulate_tile_registers();
  const long before = tests::emulated_tile_instructions();
  const std::vector<ir::Tensor> inputs{some_of(graph->type(graph->inputs[0]))};
  const auto model = codegen::JitModel::load(artifact);
  REQUIRE_MESSAGE(model, error_text(model));
  const auto found = model->run(inputs), expected = ir::interpret(*graph, inputs);
  REQUIRE_MESSAGE(found, error_text(found));
  REQUIRE_MESSAGE(expected, error_text(expected));
  if (!targets::this_machine_has("amx-int8")) CHECK(tests::emulated_tile_instructions() > before);
  const ir::Tensor &f = found->front(), &e = expected->front();
  REQUIRE(f.type().shape == e.type().shape);
  int64_t wrong = 0;
  for (int64_t i = 0; i < f.type().elements(); ++i) {
    // Sums of reals differ in their order.
    const double allowed = ir::is_float(f.type().dtype) ? 1e-4 + 0x1p-18 * std::abs(e.at(i)) : 0;
    wrong += !(std::abs(f.at(i) - e.at(i)) <= allowed);
  }
  CHECK(wrong == 0);
}

struct Layer {
  std::string x, weights, y, fields;
};

std::string conv(const Layer& l, const std::string& x_type, const std::string& w_type,
                 const std::string& sum_type) {
  const std::string channels = l.weights.substr(0, l.weights.find(','));
  return "graph \"t\" (%x: " + x_type + "[" + l.x + "]) -> (%y) {\n  const %w: " + w_type + "[" + l.weights +
         "] = #89ab\n  const %b: " + sum_type + "[" + channels + "] = #0123\n  %y: " + sum_type + "[" + l.y +
         "] = conv2d(%x, %w, %b) " + l.fields + "\n}";
}

/// Rows of pixels that are whole tiles and that are not, borders, strides, steps that fill no register.
const Layer kLayers[] = {
    {"1,28,28,64", "128,1,1,64", "1,28,28,128", ""},
    {"1,14,14,64", "96,3,3,64", "1,14,14,96", "pad=[1,1,1,1]"},
    {"2,15,15,32", "40,3,3,32", "2,8,8,40", "pad=[1,1,1,1] stride=[2,2]"},
    {"1,33,31,3", "64,7,7,3", "1,17,16,64", "pad=[3,3,3,3] stride=[2,2]"},
    {"1,5,17,24", "16,3,3,24", "1,5,17,16", "pad=[1,1,1,1]"},
    {"1,9,19,96", "33,1,1,96", "1,9,19,33", ""},
    {"1,7,7,64", "32,3,3,64", "1,7,7,32", "pad=[2,2,2,2] dilation=[2,2]"},
};

}  // namespace

TEST_CASE("convolutions of bytes of all signs in tile registers are exact") {
  const struct {
    const char *x, *weights, *zero, *instruction;
  } kSigns[] = {{"u8", "i8", "x_zero=7", "tdpbusd"},
                {"i8", "i8", "x_zero=-3", "tdpbssd"},
                {"u8", "u8", "", "tdpbuud"},
                {"i8", "u8", "x_zero=5", "tdpbsud"}};
  for (const auto& sign : kSigns) {
    for (Layer layer : kLayers) {
      layer.fields += std::string(" ") + sign.zero;
      check(conv(layer, sign.x, sign.weights, "i32"), sign.instruction);
    }
  }
}

TEST_CASE("weights that outgrow the cache are read once, by tile registers too") {
  for (const Layer& layer : {Layer{"1,7,7,256", "256,3,3,256", "1,7,7,256", "pad=[1,1,1,1] x_zero=7"},
                             Layer{"1,7,7,1024", "576,1,1,1024", "1,7,7,576", "x_zero=7"}})
    check(conv(layer, "u8", "i8", "i32"), "tdpbusd");
}

TEST_CASE("convolutions of bf16 in tile registers") {
  for (const Layer& layer : kLayers) check(conv(layer, "bf16", "bf16", "f32"), "tdpbf16ps");
}

TEST_CASE("matrices whose rows are no whole chunks, in tile registers") {
  const auto matmul = [](const std::string& x, const std::string& sum, const std::string& fields) {
    return "graph \"t\" (%x: " + x + "[37,198]) -> (%y) {\n  const %w: " + (x == "bf16" ? x : "i8") +
           "[198,100] = #89ab\n  const %b: " + sum + "[100] = #0123\n  %y: " + sum +
           "[37,100] = matmul(%x, %w, %b) " + fields + "\n}";
  };
  check(matmul("i8", "i32", "a_zero=9"), "tdpbssd");
  check(matmul("u8", "i32", ""), "tdpbusd");
  check(matmul("bf16", "f32", ""), "tdpbf16ps");
}

TEST_CASE("what follows a product in tile registers is computed from its sums") {
  check(R"(graph "t" (%x: u8[1,14,14,64]) -> (%y) {
  const %w: i8[64,3,3,64] = #89ab
  const %b: i32[64] = #0123
  const %s: f32[64] = #0123
  %c: i32[1,14,14,64] = conv2d(%x, %w, %b) pad=[1,1,1,1] x_zero=12
  %y: u8[1,14,14,64] = requantize(%c, %s) rounding=real to=u8
})",
        "tdpbusd");
}

TEST_CASE("a few rows, or few steps, are no work for tile registers") {
  for (const Layer& layer :
       {Layer{"1,1,1,64", "64,1,1,64", "1,1,1,64", ""}, Layer{"1,28,28,8", "16,1,1,8", "1,28,28,16", ""}}) {
    const auto graph = ir::parse(conv(layer, "u8", "i8", "i32"));
    REQUIRE(graph);
    CHECK(compiled(*graph).assembly.find("tdpbusd") == std::string::npos);
  }
}
