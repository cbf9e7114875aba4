#include "ir/interpret.h"

namespace halite::ir {
namespace {

Result<void> check_inputs(const Graph& g, std::span<const Tensor> inputs) {
  if (inputs.size() != g.inputs.size()) {
    return Error{ErrorCode::kInvalidInput,
                 "got " + std::to_string(inputs.size()) + " input tensors, expected " +
                     std::to_string(g.inputs.size()),
                 g.name};
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& v = g.value(g.inputs[i]);
    const Type& given = inputs[i].type();
    if (given.dtype != v.type.dtype || given.shape != v.type.shape)
      return Error{ErrorCode::kInvalidInput, "got " + to_string(given) + ", expected " + to_string(v.type),
                   v.name};
  }
  return {};
}

// How many readers each value still has; graph outputs have one that never leaves.
std::vector<size_t> count_readers(const Graph& g) {
  std::vector<size_t> readers(g.values.size());
  for (const Node& node : g.nodes)
    for (ValueId v : node.inputs) ++readers[v.index];
  for (ValueId v : g.outputs) ++readers[v.index];
  return readers;
}

}  // namespace

Result<std::vector<Tensor>> interpret(const Graph& g, std::span<const Tensor> inputs,
                                      const Observer& observe) {
  if (auto ok = check_inputs(g, inputs); !ok) return ok.error();
  std::vector<size_t> readers = count_readers(g);
  std::vector<Tensor> tensors(g.values.size());
  for (size_t i = 0; i < g.values.size(); ++i)
    if (g.values[i].constant) tensors[i] = *g.values[i].constant;
  for (size_t i = 0; i < inputs.size(); ++i)
    tensors[g.inputs[i].index] = inputs[i].with_type(g.type(g.inputs[i]));

  for (uint32_t n = 0; n < g.nodes.size(); ++n) {
    const Node& node = g.nodes[n];
    std::vector<Tensor> in, out;
    for (ValueId v : node.inputs) in.push_back(tensors[v.index]);
    for (ValueId v : node.outputs) out.push_back(Tensor::zeros(g.type(v)));
    reference(node.op, in, out);
    if (observe) observe(g, {n}, out);
    for (size_t i = 0; i < out.size(); ++i) tensors[node.outputs[i].index] = std::move(out[i]);
    for (ValueId v : node.inputs)
      if (--readers[v.index] == 0) tensors[v.index] = {};
    for (ValueId v : node.outputs)
      if (readers[v.index] == 0) tensors[v.index] = {};
  }
  std::vector<Tensor> results;
  for (ValueId v : g.outputs) results.push_back(tensors[v.index]);
  return results;
}

}  // namespace halite::ir
