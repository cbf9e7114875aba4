#include "tests/codegen/integer_models.h"

#include <doctest/doctest.h>

#include "codegen/link.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

namespace halite::codegen {

namespace {

CompileOptions options_for(const std::string& target, bool optimize_size) {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  options.optimize_size = optimize_size;
  options.emit_asm = true;
  return options;
}

Artifact compiled(const ir::Graph& graph, const CompileOptions& options) {
  const auto artifact = compile(graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return *artifact;
}

}  // namespace

Artifact compiled(const std::string& text, const std::string& target) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  return compiled(*graph, options_for(target, false));
}

Artifact checked(const std::string& text, const std::string& target, Input values, bool optimize_size) {
  const auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  const CompileOptions options = options_for(target, optimize_size);
  const Artifact artifact = compiled(*graph, options);
  if (!targets::run_command(options.target)) {
    MESSAGE("not run: " << targets::how_to_run(options.target));
    return artifact;
  }
  std::vector<ir::Tensor> inputs;
  for (const auto id : graph->inputs) {
    inputs.push_back(ir::Tensor::zeros(graph->type(id)));
    for (int64_t i = 0; i < inputs.back().type().elements(); i++)
      inputs.back().set(i, double((i * 37 + i / 7 + 11) % values.modulus + values.offset));
  }
  const auto expected = ir::interpret(*graph, inputs);
  REQUIRE(expected);
  const std::vector<std::vector<ir::Tensor>> sequence{inputs};
  const auto found = run_on_target(artifact, *graph, options.target, sequence);
  REQUIRE_MESSAGE(found, error_text(found));
  for (size_t o = 0; o < expected->size(); o++) {
    const ir::Tensor &got = (*found)[0][o], &wanted = (*expected)[o];
    for (int64_t i = 0; i < wanted.type().elements(); i++) REQUIRE(got.at(i) == wanted.at(i));
  }
  return artifact;
}

std::string list(const Shape& shape) {
  std::string text;
  for (int extent : shape) text += (text.empty() ? "[" : ",") + std::to_string(extent);
  return text + "]";
}

std::string elements(int count, const std::vector<int>& given) {
  std::string values;
  for (int i = 0; i < count; i++)
    values += (i ? ", " : "") +
              std::to_string(given.empty() ? (i * 89 + i / 3) % 255 - 127 : given[i % given.size()]);
  return "{" + values + "}";
}

std::string conv(const Shape& x, const Shape& w, const Shape& y, const std::string& fields,
                 const std::vector<int>& weights) {
  return "graph \"g\" (%x: i8" + list(x) + ") -> (%y) {\n  const %w: i8" + list(w) + " = " +
         elements(w[0] * w[1] * w[2] * w[3], weights) + "\n  %y: i32" + list(y) + " = conv2d(%x, %w) " +
         fields + "\n}";
}

}  // namespace halite::codegen
