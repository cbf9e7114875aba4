// See standard.h. The schemas come with ONNX's own library.
#include "frontend/onnx/standard.h"

#include <onnx/defs/function.h>
#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>

#include <algorithm>

#include "frontend/build.h"

namespace halite::frontend {
namespace {

using ::onnx::AttributeProto;
using ::onnx::TensorProto;

bool has_function(const ::onnx::OpSchema& schema) {
  return schema.HasFunction() || schema.HasContextDependentFunction();
}

const ::onnx::OpSchema* find_schema(const OnnxNode& node, int64_t version) {
  if (!node.domain.empty() || version < 1 || version > INT32_MAX) return nullptr;
  const auto* schema = ::onnx::OpSchemaRegistry::Schema(node.op, static_cast<int>(version), "");
  return schema && has_function(*schema) ? schema : nullptr;
}

/// The function for this call; false if there is none for its attributes and types.
bool build_function(const ::onnx::OpSchema& schema, const ::onnx::NodeProto& call,
                    const std::vector<::onnx::TypeProto>& types, ::onnx::FunctionProto& function) {
  if (schema.HasFunction()) {
    function = *schema.GetFunction();
    return true;
  }
  const ::onnx::FunctionBodyBuildContextImpl context(call, types);
  return schema.BuildContextDependentFunction(context, function);
}

int onnx_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return TensorProto::FLOAT;
    case DType::f16:
      return TensorProto::FLOAT16;
    case DType::bf16:
      return TensorProto::BFLOAT16;
    case DType::f64:
      return TensorProto::DOUBLE;
    case DType::i8:
      return TensorProto::INT8;
    case DType::u8:
      return TensorProto::UINT8;
    case DType::i16:
      return TensorProto::INT16;
    case DType::u16:
      return TensorProto::UINT16;
    case DType::i32:
      return TensorProto::INT32;
    case DType::u32:
      return TensorProto::UINT32;
    case DType::i64:
      return TensorProto::INT64;
    case DType::u64:
      return TensorProto::UINT64;
    case DType::boolean:
      return TensorProto::BOOL;
  }
  return TensorProto::UNDEFINED;
}

::onnx::TypeProto to_proto(const std::optional<ir::Type>& type) {
  ::onnx::TypeProto proto;
  if (!type) return proto;
  auto& tensor = *proto.mutable_tensor_type();
  tensor.set_elem_type(onnx_type(type->dtype));
  for (const int64_t extent : type->shape) tensor.mutable_shape()->add_dim()->set_dim_value(extent);
  return proto;
}

/// Attributes that decide how a function is built are numbers and words.
struct ToProto {
  AttributeProto& to;
  void operator()(int64_t v) { to.set_type(AttributeProto::INT), to.set_i(v); }
  void operator()(float v) { to.set_type(AttributeProto::FLOAT), to.set_f(v); }
  void operator()(const std::string& v) { to.set_type(AttributeProto::STRING), to.set_s(v); }
  void operator()(const std::vector<int64_t>& v) {
    to.set_type(AttributeProto::INTS), to.mutable_ints()->Add(v.begin(), v.end());
  }
  void operator()(const std::vector<float>& v) {
    to.set_type(AttributeProto::FLOATS), to.mutable_floats()->Add(v.begin(), v.end());
  }
  void operator()(const auto&) {}
};

::onnx::NodeProto to_proto(const OnnxNode& node) {
  ::onnx::NodeProto proto;
  proto.set_op_type(node.op);
  for (const auto& name : node.inputs) proto.add_input(name);
  for (const auto& name : node.outputs) proto.add_output(name);
  for (const auto& [name, value] : node.attributes) {
    auto& attribute = *proto.add_attribute();
    attribute.set_name(name);
    std::visit(ToProto{attribute}, value);
  }
  return proto;
}

std::map<std::string, OnnxAttribute> read_defaults(const ::onnx::OpSchema& schema) {
  std::map<std::string, OnnxAttribute> defaults;
  for (const auto& [name, attribute] : schema.attributes()) {
    const AttributeProto& value = attribute.default_value;
    if (value.type() == AttributeProto::INT) defaults[name] = static_cast<int64_t>(value.i());
    if (value.type() == AttributeProto::FLOAT) defaults[name] = value.f();
    if (value.type() == AttributeProto::STRING) defaults[name] = value.s();
  }
  return defaults;
}

/// Whether a function of operators that are imported, or are such functions. One that depends on its call is
/// looked at for operands that are vectors of f32.
bool is_made_of(const ::onnx::OpSchema& schema, const std::function<bool(const std::string&)>& imported) {
  ::onnx::NodeProto call;
  call.set_op_type(schema.Name());
  for (int i = 0; i < schema.min_input(); ++i) call.add_input("in" + std::to_string(i));
  for (int i = 0; i < schema.min_output(); ++i) call.add_output("out" + std::to_string(i));
  const std::vector<::onnx::TypeProto> types(call.input_size(), to_proto(ir::Type{DType::f32, {1}, {}}));
  ::onnx::FunctionProto function;
  if (!has_function(schema) || !build_function(schema, call, types, function)) return false;
  return std::ranges::all_of(function.node(), [&](const ::onnx::NodeProto& node) {
    const auto* part = ::onnx::OpSchemaRegistry::Schema(node.op_type(), schema.SinceVersion(), "");
    return imported(node.op_type()) || (part && is_made_of(*part, imported));
  });
}

}  // namespace

std::vector<std::string> standard_function_names(const std::function<bool(const std::string&)>& imported) {
  std::vector<std::string> names;
  for (const auto& schema : ::onnx::OpSchemaRegistry::get_all_schemas())
    if (schema.domain().empty() && !imported(schema.Name()) && is_made_of(schema, imported))
      names.push_back(schema.Name());
  return names;
}

bool is_standard_function(const OnnxNode& node, int64_t version) { return find_schema(node, version); }

OnnxFunction standard_function(const OnnxNode& node, int64_t version,
                               std::span<const std::optional<ir::Type>> inputs) {
  const auto* schema = find_schema(node, version);
  HALITE_CHECK(schema, "the caller has asked");
  for (const auto& [name, value] : node.attributes)
    if (!schema->attributes().count(name))
      reject_unsupported("the attribute is not known for this operator", name);
  ::onnx::FunctionProto proto;
  std::vector<::onnx::TypeProto> types;
  for (const auto& type : inputs) types.push_back(to_proto(type));
  if (!build_function(*schema, to_proto(node), types, proto))
    reject_unsupported("the standard has no function for these attributes and types");
  auto function = read_onnx_function(proto);
  if (!function) throw Rejected{function.error(), {}};
  function->defaults = read_defaults(*schema);
  return *std::move(function);
}

}  // namespace halite::frontend
