// One inference: by the operators' definitions, in this process, or on a target. One thread.
#include "tests/conformance/engines.h"

#include "codegen/jit.h"
#include "codegen/link.h"
#include "ir/interpret.h"

namespace halite::conformance {
namespace {

Result<std::vector<ir::Tensor>> run_compiled(const ir::Graph& graph, const Engine& engine,
                                             std::span<const ir::Tensor> inputs) {
  codegen::CompileOptions options;
  options.target = engine.target ? *engine.target : *targets::find("host");
  options.cache = engine.cache;
  const auto artifact = codegen::compile(graph, options);
  if (!artifact) return artifact.error();
  if (engine.target) {
    const std::vector<ir::Tensor> once(inputs.begin(), inputs.end());
    auto outputs = codegen::run_on_target(*artifact, graph, *engine.target, std::span(&once, 1));
    if (!outputs) return outputs.error();
    return std::move(outputs->front());
  }
  const auto model = codegen::JitModel::load(*artifact);
  if (!model) return model.error();
  return model->run(inputs);
}

}  // namespace

Result<std::vector<ir::Tensor>> run_graph(const ir::Graph& graph, const Engine& engine,
                                          std::span<const ir::Tensor> inputs) {
  if (engine.kind == Engine::Kind::interpret) return ir::interpret(graph, inputs);
  return run_compiled(graph, engine, inputs);
}

}  // namespace halite::conformance
