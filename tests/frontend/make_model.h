// Makes ONNX models in memory for tests, a call a line.
#pragma once

#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "frontend/onnx/import.h"

namespace halite::test {

class ModelMaker {
 public:
  explicit ModelMaker(int64_t opset = 17) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
    proto.mutable_graph()->set_name("test");
  }

  ModelMaker& input(const std::string& name, std::vector<int64_t> shape,
                    int dtype = ::onnx::TensorProto::FLOAT) {
    value(*graph().add_input(), name, dtype);
    auto* dims = graph()
                     .mutable_input(graph().input_size() - 1)
                     ->mutable_type()
                     ->mutable_tensor_type()
                     ->mutable_shape();
    for (const int64_t extent : shape) dims->add_dim()->set_dim_value(extent);
    return *this;
  }
  ModelMaker& output(const std::string& name, int dtype = ::onnx::TensorProto::FLOAT) {
    value(*graph().add_output(), name, dtype);
    return *this;
  }
  ModelMaker& floats(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
    auto* tensor = initializer(name, shape, ::onnx::TensorProto::FLOAT);
    for (const float v : values) tensor->add_float_data(v);
    return *this;
  }
  ModelMaker& integers(const std::string& name, const std::vector<int64_t>& values) {
    auto* tensor = initializer(name, {static_cast<int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    for (const int64_t v : values) tensor->add_int64_data(v);
    return *this;
  }
  ModelMaker& node(const std::string& op, std::vector<std::string> inputs, std::vector<std::string> outputs) {
    auto* node = graph().add_node();
    node->set_name(op + "_" + std::to_string(graph().node_size()));
    node->set_op_type(op);
    for (const auto& name : inputs) node->add_input(name);
    for (const auto& name : outputs) node->add_output(name);
    return *this;
  }
  /// Of the last node, whose operators are of version 1.
  ModelMaker& domain(const std::string& name) {
    last().set_domain(name);
    auto* opset = proto.add_opset_import();
    opset->set_domain(name);
    opset->set_version(1);
    return *this;
  }
  /// Attributes of the last node.
  ModelMaker& set(const std::string& name, int64_t value) {
    auto* attribute = add(name, ::onnx::AttributeProto::INT);
    attribute->set_i(value);
    return *this;
  }
  ModelMaker& set(const std::string& name, const char* value) {
    add(name, ::onnx::AttributeProto::STRING)->set_s(value);
    return *this;
  }
  ModelMaker& set(const std::string& name, float value) {
    add(name, ::onnx::AttributeProto::FLOAT)->set_f(value);
    return *this;
  }
  ModelMaker& list(const std::string& name, const std::vector<int64_t>& values) {
    auto* attribute = add(name, ::onnx::AttributeProto::INTS);
    for (const int64_t v : values) attribute->add_ints(v);
    return *this;
  }

  ::onnx::GraphProto& graph() { return *proto.mutable_graph(); }
  ::onnx::NodeProto& last() { return *graph().mutable_node(graph().node_size() - 1); }

  Result<ir::Graph> import(const frontend::ImportOptions& options = {}) const {
    return import_proto(proto, options);
  }

  static Result<ir::Graph> import_proto(const ::onnx::ModelProto& proto,
                                        const frontend::ImportOptions& options = {}) {
    const std::string bytes = proto.SerializePartialAsString();
    return frontend::import_onnx(std::as_bytes(std::span(bytes)), options);
  }

  ::onnx::ModelProto proto;

 private:
  static void value(::onnx::ValueInfoProto& info, const std::string& name, int dtype) {
    info.set_name(name);
    info.mutable_type()->mutable_tensor_type()->set_elem_type(dtype);
  }
  ::onnx::TensorProto* initializer(const std::string& name, const std::vector<int64_t>& shape, int dtype) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(dtype);
    for (const int64_t extent : shape) tensor->add_dims(extent);
    return tensor;
  }
  ::onnx::AttributeProto* add(const std::string& name, ::onnx::AttributeProto::AttributeType type) {
    auto* attribute = last().add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return attribute;
  }
};

}  // namespace halite::test
