// See sequences.h.
#include "tests/conformance/sequences.h"

#include <onnx/onnx-data_pb.h>

namespace halite::conformance {
namespace {

struct Elements {
  std::vector<onnx::TensorProto> tensors;
  bool nothing = false;  ///< an empty optional
};

Elements parse(const onnx::TypeProto& type, const std::string& file) {
  Elements elements;
  if (type.has_optional_type()) {
    onnx::OptionalProto optional;
    optional.ParseFromString(file);
    if (optional.has_tensor_value()) return {{optional.tensor_value()}, false};
    elements.nothing = !optional.has_sequence_value();
    for (const auto& tensor : optional.sequence_value().tensor_values()) elements.tensors.push_back(tensor);
  } else if (type.has_sequence_type()) {
    onnx::SequenceProto sequence;
    sequence.ParseFromString(file);
    for (const auto& tensor : sequence.tensor_values()) elements.tensors.push_back(tensor);
  } else {
    elements.tensors.emplace_back().ParseFromString(file);
  }
  return elements;
}

bool is_sequence(const onnx::TypeProto& type) {
  return type.has_optional_type() ? is_sequence(type.optional_type().elem_type()) : type.has_sequence_type();
}

void declare(onnx::ValueInfoProto& input, const std::string& name, const onnx::TensorProto& tensor) {
  input.set_name(name);
  auto& type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(tensor.data_type());
  for (const int64_t extent : tensor.dims()) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

}  // namespace

std::vector<onnx::TensorProto> read_elements(const onnx::TypeProto& type, const std::string& file) {
  return parse(type, file).tensors;
}

std::vector<onnx::TensorProto> flatten_inputs(onnx::ModelProto& model,
                                              const std::vector<std::string>& files) {
  std::vector<onnx::TensorProto> tensors;
  auto& graph = *model.mutable_graph();
  const auto inputs = graph.input();
  graph.clear_input();
  for (int i = 0; i < inputs.size() && i < static_cast<int>(files.size()); ++i) {
    const auto& input = inputs[i];
    const Elements elements = parse(input.type(), files[static_cast<size_t>(i)]);
    if (input.type().has_tensor_type()) {
      *graph.add_input() = input;
      tensors.push_back(elements.tensors[0]);
      continue;
    }
    auto& node = *graph.add_node();
    node.set_op_type(elements.nothing             ? "Optional"
                     : !is_sequence(input.type()) ? "Identity"
                     : elements.tensors.empty()   ? "SequenceEmpty"
                                                  : "SequenceConstruct");
    node.add_output(input.name());
    for (const auto& tensor : elements.tensors) {
      const std::string name = input.name() + "." + std::to_string(node.input_size());
      declare(*graph.add_input(), name, tensor);
      node.add_input(name);
      tensors.push_back(tensor);
    }
  }
  return tensors;
}

}  // namespace halite::conformance
