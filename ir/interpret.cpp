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

// How many readers each value still has; outputs, of the graph and of states, have one that never leaves.
std::vector<size_t> count_readers(const Graph& g) {
  std::vector<size_t> readers(g.values.size());
  for (const Node& node : g.nodes)
    for (ValueId v : node.inputs) ++readers[v.index];
  for (ValueId v : g.outputs) ++readers[v.index];
  for (const State& s : g.states) ++readers[s.output.index];
  for (const Extent& e : g.extents) ++readers[e.value.index];
  return readers;
}

}  // namespace

StateValues initial_states(const Graph& g) {
  StateValues states;
  for (const State& s : g.states) states.push_back(s.initial);
  return states;
}

Result<std::vector<Tensor>> interpret(const Graph& g, std::span<const Tensor> inputs,
                                      const Observer& observe) {
  StateValues states = initial_states(g);
  return interpret(g, inputs, states, observe);
}

Result<std::vector<Tensor>> interpret(const Graph& g, std::span<const Tensor> inputs, StateValues& states,
                                      const Observer& observe) {
  HALITE_CHECK(states.size() == g.states.size(), "states of another graph");
  if (auto ok = check_inputs(g, inputs); !ok) return ok.error();
  std::vector<size_t> readers = count_readers(g);
  std::vector<Tensor> tensors(g.values.size());
  for (size_t i = 0; i < g.values.size(); ++i)
    if (g.values[i].constant) tensors[i] = *g.values[i].constant;
  for (size_t i = 0; i < inputs.size(); ++i)
    tensors[g.inputs[i].index] = inputs[i].with_type(g.type(g.inputs[i]));
  for (size_t i = 0; i < states.size(); ++i)
    tensors[g.states[i].input.index] = states[i].with_type(g.type(g.states[i].input));

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
  for (const Extent& e : g.extents) {
    Shape shape = results[e.output].type().shape;
    shape[e.axis] = tensors[e.value.index].data<int64_t>()[0];
    results[e.output] = results[e.output].leading(shape);
  }
  for (size_t i = 0; i < states.size(); ++i) states[i] = tensors[g.states[i].output.index];
  return results;
}

}  // namespace halite::ir
