// Loops of vectors find their constants in registers, and bounds that let a NaN through are one instruction.
#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "codegen/compile.h"
#include "codegen/link.h"
#include "ir/text.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;

namespace {

/// A pointwise layer with x * sigmoid(x) behind it.
const std::string kLayer = R"(graph "net" (%x: f32[1,8,8,16]) -> (%y) {
  const %w: f32[32,1,1,16] = #89abcdef01234567
  const %b: f32[32] = #0123456701234567
  %c: f32[1,8,8,32] = conv2d(%x, %w, %b)
  %s: f32[1,8,8,32] = elementwise(%c) fn=sigmoid
  %y: f32[1,8,8,32] = elementwise(%c, %s) fn=mul
})";

std::string assembly(const std::string& target) {
  auto graph = ir::parse(kLayer);
  REQUIRE_MESSAGE(graph, error_text(graph));
  codegen::CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  options.emit_asm = true;
  auto artifact = codegen::compile(*std::move(graph), options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return artifact->assembly;
}

/// The lines of the innermost loop that divides.
std::vector<std::string> dividing_loop(const std::string& text) {
  const size_t division = text.find("fdiv");
  REQUIRE(division != text.npos);
  const size_t label = text.rfind("\n.LBB", division), end = text.find("b.ne", division);
  std::vector<std::string> lines;
  std::istringstream stream(text.substr(label + 1, end - label));
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the loop over a tile's sums holds constants in registers") {
  const auto lines = dividing_loop(assembly("arm64"));
  REQUIRE(lines.size() > 20);
  for (const auto& line : lines) {
    CAPTURE(line);
    const bool sets_up = line.find("\tdup\t") != line.npos || line.find("\tmovk\t") != line.npos ||
                         line.find("\tfcmgt\t") != line.npos;
    CHECK(!sets_up);
  }
}

TEST_CASE("bounds of a sigmoid let a NaN through") {
  const auto graph =
      ir::parse("graph \"net\" (%x: f32[2,8]) -> (%y) {\n  %y: f32[2,8] = elementwise(%x) fn=sigmoid\n}");
  REQUIRE_MESSAGE(graph, error_text(graph));
  const double inf = INFINITY;
  const std::vector<double> given{-inf, -200, -104, 0, 60, 100, inf, NAN};
  auto input = ir::Tensor::zeros(graph->type(graph->inputs[0]));
  for (int64_t i = 0; i < 16; i++) input.set(i, given[i % 8]);
  for (const char* name : {"host", "arm64", "armv7"}) {
    CAPTURE(name);
    const auto target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("not run: " << targets::how_to_run(target));
      continue;
    }
    codegen::CompileOptions options;
    options.name = "net";
    options.target = target;
    const auto artifact = codegen::compile(*graph, options);
    REQUIRE_MESSAGE(artifact, error_text(artifact));
    const std::vector<std::vector<ir::Tensor>> sequence{{input}};
    const auto found = codegen::run_on_target(*artifact, *graph, target, sequence);
    REQUIRE_MESSAGE(found, error_text(found));
    const auto& y = (*found)[0][0];
    for (int64_t i = 0; i < 16; i++) {
      CAPTURE(i);
      if (i % 8 == 7) {
        CHECK(std::isnan(y.at(i)));
      } else {
        CHECK(y.at(i) == doctest::Approx(i % 8 < 3 ? 0 : i % 8 == 3 ? 0.5 : 1).epsilon(1e-6));
      }
    }
  }
}
