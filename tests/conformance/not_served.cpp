// See not_served.h. It goes by what the model says, never by a test's name: operators of the training domain
// and dropout at work; tensors of strings in or out; results in bfloat16, whose data in this suite is cut
// off, while ONNX rounds to nearest even (https://github.com/onnx/onnx/pull/8293).
#include "tests/conformance/not_served.h"

#include <onnx/onnx_pb.h>

namespace halite::conformance {
namespace {

bool holds_strings(const onnx::TypeProto& type) {
  if (type.has_sequence_type()) return holds_strings(type.sequence_type().elem_type());
  if (type.has_optional_type()) return holds_strings(type.optional_type().elem_type());
  return type.has_tensor_type() && type.tensor_type().elem_type() == onnx::TensorProto::STRING;
}

}  // namespace

std::string why_not_served(const onnx::ModelProto& model) {
  const auto& graph = model.graph();
  for (const auto& node : graph.node()) {
    if (node.domain() == "ai.onnx.preview.training") return "training: " + node.op_type();
    if (node.op_type() == "Dropout" && node.input_size() > 2) return "training: random dropout";
  }
  for (const auto* values : {&graph.input(), &graph.output()})
    for (const auto& value : *values)
      if (holds_strings(value.type())) return "strings: '" + value.name() + "'";
  for (const auto& value : graph.output())
    if (value.type().tensor_type().elem_type() == onnx::TensorProto::BFLOAT16)
      return "bfloat16 that is not rounded: '" + value.name() + "'";
  return {};
}

}  // namespace halite::conformance
