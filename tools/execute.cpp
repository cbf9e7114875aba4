#include "tools/execute.h"

#include "codegen/link.h"
#include "ir/interpret.h"
#include "tools/arguments.h"
#include "tools/progress.h"
#include "tools/session.h"

namespace halite::tools {

Result<Sequence> run_interpreted(const ir::Graph& graph, const Sequence& inputs) {
  Progress progress("Interpreting");
  const auto total = static_cast<int64_t>(graph.nodes.size() * inputs.size());
  int64_t done = 0;
  progress.update(0, total);
  Sequence outputs;
  ir::StateValues states = ir::initial_states(graph);
  const auto observe = [&](const ir::Graph&, ir::NodeId, std::span<const ir::Tensor>) {
    progress.update(++done, total);
  };
  for (const auto& step : inputs) {
    auto result = ir::interpret(graph, step, states, observe);
    if (!result) return result.error();
    outputs.push_back(std::move(*result));
  }
  return outputs;
}

Result<Sequence> run_jit(const Model& model, const codegen::CompileOptions& options, const Sequence& inputs,
                         int threads) {
  auto artifact = compile_with_progress(model, options);
  if (!artifact) return artifact.error();
  auto session = Session::open(*artifact, model.graph(), threads);
  if (!session) return session.error();
  Sequence outputs;
  for (const auto& step : inputs) {
    session->set_inputs(step);
    if (auto ran = session->run(); !ran) return ran.error();
    outputs.push_back(session->outputs());
  }
  return outputs;
}

Result<Sequence> run_on_target(const Model& model, const codegen::CompileOptions& options,
                               const Sequence& inputs) {
  auto artifact = compile_with_progress(model, options);
  if (!artifact) return artifact.error();
  Progress progress("Running on " + options.target.name);
  progress.update(0, 0);
  return codegen::run_on_target(*artifact, model.graph(), options.target, inputs);
}

}  // namespace halite::tools
