// See walk.h.
#include "frontend/tflite/walk.h"

#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

/// Subgraphs can call subgraphs; a hostile file could so ask for any number of nodes.
constexpr int kMaxDepth = 32;
constexpr int64_t kMaxNodes = 200'000;

std::string describe(const TfliteTensor& tensor, int index) {
  return "tensor " + std::to_string(index) + " ('" + std::string(tensor.name.substr(0, 256)) + "')";
}

}  // namespace

Slots TfliteWalk::call(int64_t index, const Slots& inputs, int depth) {
  if (index < 0 || index >= static_cast<int64_t>(import_.model.graphs.size()))
    reject_invalid("it calls subgraph " + std::to_string(index) + ", but there are " +
                   std::to_string(import_.model.graphs.size()));
  if (depth > kMaxDepth) reject_invalid("subgraphs call each other without end");
  const TfliteGraph& graph = import_.model.graphs[static_cast<size_t>(index)];
  if (inputs.size() != graph.inputs.size())
    reject_invalid("it passes " + std::to_string(inputs.size()) + " values to a subgraph with " +
                   std::to_string(graph.inputs.size()) + " inputs");
  Frame frame{static_cast<size_t>(index), graph, Slots(graph.tensors.size()), depth};
  for (size_t i = 0; i < inputs.size(); ++i) frame.slots[static_cast<size_t>(graph.inputs[i])] = inputs[i];
  walk(frame);
  Slots outputs;
  for (const int tensor : graph.outputs) outputs.push_back(load(frame, tensor));
  return outputs;
}

Slot TfliteWalk::load(Frame& frame, int index) {
  Slot& slot = frame.slots[static_cast<size_t>(index)];
  if (slot.kind != Slot::Kind::none) return slot;
  const TfliteTensor& tensor = frame.graph.tensors[static_cast<size_t>(index)];
  if (tensor.is_variable) {
    if (!tensor.dtype)
      reject_unsupported(describe(tensor, index) + " is a variable of a type that is not supported");
    if (!ir::element_count(tensor.shape)) reject_invalid(describe(tensor, index) + " is too large");
    const std::string name = std::string(tensor.name) + "#" + std::to_string(index);
    return Slot::of(variables.read(name, {*tensor.dtype, tensor.shape, {}}));
  }
  if (!import_.data.has_data(tensor)) {
    // A tensor without elements needs no data.
    if (tensor.buffer == 0 || !tensor.dtype || ir::element_count(tensor.shape) != 0)
      reject_invalid("it reads " + describe(tensor, index) + ", which nothing has made");
    return slot = Slot::of(b_.constant(Tensor::zeros({*tensor.dtype, tensor.shape, {}})));
  }
  const auto known = constants_.find({frame.index, index});
  if (known != constants_.end()) return slot = Slot::of(known->second);
  auto value = import_.data.read(tensor);
  if (!value) {
    Error error = value.error();
    error.message = describe(tensor, index) + ": " + error.message;
    throw Rejected{error, {}};
  }
  const V v = b_.constant(*std::move(value));
  constants_.emplace(std::pair(frame.index, index), v);
  names_.emplace_back(v, tensor.name);
  return slot = Slot::of(v);
}

/// Those that are left out are of kind none.
Slots TfliteWalk::load_inputs(Frame& frame, const TfliteNode& node) {
  Slots inputs;
  for (const int tensor : node.inputs) inputs.push_back(tensor < 0 ? Slot{} : load(frame, tensor));
  return inputs;
}

void TfliteWalk::store(Frame& frame, int index, Slot slot) {
  if (slot.kind == Slot::Kind::value)
    names_.emplace_back(slot.value, frame.graph.tensors[static_cast<size_t>(index)].name);
  frame.slots[static_cast<size_t>(index)] = std::move(slot);
}

void TfliteWalk::walk(Frame& frame) {
  for (const TfliteNode& node : frame.graph.nodes) {
    auto done = Builder::attempt(describe(node), [&] {
      if (++import_.nodes > kMaxNodes)
        throw Rejected{{ErrorCode::kResource, "the model unrolls to more than 200000 nodes", {}}, {}};
      b_.set_node_name(name_of(node) + "_" + std::to_string(node.number));
      try {
        import_node(frame, node);
      } catch (const Rejected& rejected) {
        if (rejected.error.code != ErrorCode::kUnsupported) throw;
        refuse(node, rejected);
        poison(frame, node);
      }
    });
    if (!done) throw Rejected{done.error(), {}};
  }
}

void TfliteWalk::import_node(Frame& frame, const TfliteNode& node) {
  if (import_control(frame, node)) return;
  std::vector<std::optional<V>> inputs;
  bool known = true;
  for (const Slot& slot : load_inputs(frame, node)) {
    if (slot.kind == Slot::Kind::resource) reject_unsupported("it takes a variable, not a value");
    known &= slot.kind != Slot::Kind::unsupported;
    inputs.push_back(slot.kind == Slot::Kind::value ? std::optional(slot.value) : std::nullopt);
  }
  if (!known) return poison(frame, node);
  import_operator(frame, node, std::move(inputs));
}

void TfliteWalk::import_operator(Frame& frame, const TfliteNode& node, std::vector<std::optional<V>> inputs) {
  const TfliteOperator* op = find_tflite_operator(node);
  if (!op) reject_unsupported("the operator is not supported");
  TfliteCall call(b_, frame.graph, node, std::move(inputs), numbers_);
  if (op->integers == Integers::refused && call.computes_quantized())
    reject_unsupported(
        "it computes with quantized numbers; for this operator only real numbers are supported");
  const bool convert = op->integers == Integers::real && call.computes_quantized();
  if (convert) call.make_real();
  std::vector<V> outputs = op->import(call);
  if (outputs.size() < node.outputs.size())
    reject_invalid("it has " + std::to_string(node.outputs.size()) + " outputs, but makes " +
                   std::to_string(outputs.size()));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (convert) outputs[i] = call.as_output(outputs[i], i);
    if (b_.dtype(outputs[i]) != call.output_dtype(i))
      reject_invalid("its output is declared as " + std::string(ir::to_string(call.output_dtype(i))) +
                     ", but it makes " + ir::to_string(b_.type(outputs[i])));
    store(frame, node.outputs[i], Slot::of(outputs[i]));
  }
  for (size_t i = 0; i < call.updates().size(); ++i) {
    if (!call.updates()[i]) continue;
    const TfliteTensor& tensor = call.tensor(i);
    if (tensor.is_variable)
      variables.assign(std::string(tensor.name) + "#" + std::to_string(node.inputs[i]), *call.updates()[i]);
  }
}

void TfliteWalk::refuse(const TfliteNode& node, const Rejected& rejected) {
  import_.refusals.add({"#" + std::to_string(node.number),
                        (node.op == tflite::BuiltinOperator::CUSTOM ? "custom::" : "tflite::") +
                            name_of(node) + ", " + std::to_string(node.version),
                        rejected.attribute, rejected.error.message});
}

void TfliteWalk::poison(Frame& frame, const TfliteNode& node) {
  for (const int tensor : node.outputs) store(frame, tensor, {Slot::Kind::unsupported, {}, {}});
}

}  // namespace halite::frontend
