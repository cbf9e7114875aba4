// The JIT as the conformance tests use it: one thread, no cache.
#include "tests/conformance/engines.h"

#include "codegen/jit.h"
#include "targets/target.h"

namespace halite::conformance {

Result<std::vector<ir::Tensor>> run_jit(const ir::Graph& graph, std::span<const ir::Tensor> inputs) {
  codegen::CompileOptions options;
  options.target = *targets::find("host");
  const auto artifact = codegen::compile(graph, options);
  if (!artifact) return artifact.error();
  const auto model = codegen::JitModel::load(*artifact);
  if (!model) return model.error();
  return model->run(inputs);
}

}  // namespace halite::conformance
