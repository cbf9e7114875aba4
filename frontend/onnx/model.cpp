// The protobuf messages of an ONNX file as plain structs. Nothing here knows any operator; what is checked is
// what a message says about itself.
#include "frontend/onnx/model.h"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include "frontend/onnx/import.h"
#include "frontend/onnx/tensor_proto.h"

namespace halite::frontend {
namespace {

using ::onnx::AttributeProto;

/// Reads one file; the first thing wrong stops it.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& directory) : directory_(directory) {}

  Result<OnnxGraph> graph(const ::onnx::GraphProto& proto) {
    OnnxGraph graph{printable(proto.name()), {}, {}, {}, {}};
    for (const auto& tensor : proto.initializer()) {
      const bool narrow = read_narrow_dtype(tensor.data_type()).has_value();
      auto value = narrow ? read_narrow_tensor(tensor, directory_) : read_tensor(tensor, directory_);
      const std::string name = printable(tensor.name());
      if (!value && value.error().code != ErrorCode::kUnsupported)
        return located(value.error(), "initializer", name);
      if (!value)
        graph.initializers.emplace_back(name, Unreadable{located(value.error(), "initializer", name)});
      else if (narrow)
        graph.initializers.emplace_back(name, Narrow{*std::move(value)});
      else
        graph.initializers.emplace_back(name, *std::move(value));
    }
    for (const auto& tensor : proto.sparse_initializer()) {
      const std::string name = printable(tensor.values().name());
      graph.initializers.emplace_back(
          name, Unreadable{unsupported("it is stored as a sparse tensor; store it dense",
                                       "initializer '" + name + "'")});
    }
    for (const auto& value : proto.input()) graph.inputs.push_back(this->value(value));
    for (const auto& value : proto.output()) graph.outputs.push_back(this->value(value));
    auto nodes = this->nodes(proto.node());
    if (!nodes) return nodes.error();
    graph.nodes = *std::move(nodes);
    return graph;
  }

  Result<OnnxFunction> function(const ::onnx::FunctionProto& proto) {
    OnnxFunction function{printable(proto.name()),
                          domain(proto.domain()),
                          strings(proto.input()),
                          strings(proto.output()),
                          {},
                          opsets(proto.opset_import()),
                          {}};
    auto nodes = this->nodes(proto.node());
    if (!nodes) return nodes.error();
    function.nodes = *std::move(nodes);
    return function;
  }

  static OpsetVersions opsets(const auto& imports) {
    OpsetVersions versions;
    for (const auto& import : imports) versions[domain(import.domain())] = import.version();
    return versions;
  }

 private:
  static Error located(Error error, const char* what, const std::string& name) {
    error.where = std::string(what) + " '" + name + "'";
    return error;
  }

  static std::string domain(const std::string& name) { return name == "ai.onnx" ? "" : printable(name); }

  static std::vector<std::string> strings(const auto& list) {
    std::vector<std::string> out;
    for (const auto& text : list) out.push_back(printable(text));
    return out;
  }

  static OnnxValue value(const ::onnx::ValueInfoProto& proto) {
    OnnxValue value{printable(proto.name()), {}, {}, {}};
    if (!proto.type().has_tensor_type()) {
      value.problem =
          proto.has_type() ? "it is not a tensor (a sequence, map or optional)" : "it has no type";
      return value;
    }
    const auto& type = proto.type().tensor_type();
    if (const auto dtype = read_dtype(type.elem_type()))
      value.dtype = *dtype;
    else
      value.problem = dtype.error().message;
    if (!type.has_shape()) return value;
    value.shape.emplace();
    for (const auto& dim : type.shape().dim()) {
      OnnxDim extent;
      // Exporters write -1 for an extent that is not known.
      if (dim.has_dim_value() && dim.dim_value() != -1)
        extent.extent = dim.dim_value();
      else
        extent.symbol = printable(dim.dim_param());
      value.shape->push_back(std::move(extent));
    }
    return value;
  }

  Result<std::vector<OnnxNode>> nodes(const auto& protos) {
    std::vector<OnnxNode> nodes;
    for (const auto& proto : protos) {
      const std::string position = "#" + std::to_string(nodes.size());
      OnnxNode node{proto.name().empty() ? position : printable(proto.name()),
                    printable(proto.op_type()),
                    domain(proto.domain()),
                    strings(proto.input()),
                    strings(proto.output()),
                    {}};
      for (const auto& attribute : proto.attribute()) {
        auto value = this->attribute(attribute);
        const std::string name = printable(attribute.name());
        if (!value && value.error().code != ErrorCode::kUnsupported)
          return located(value.error(), "node", node.name + "' (" + node.op + "), attribute '" + name);
        if (!node.attributes.emplace(name, value ? *std::move(value) : Unreadable{value.error()}).second)
          return invalid_model("the attribute '" + name + "' is there twice", "node '" + node.name + "'");
      }
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  Result<OnnxAttribute> attribute(const AttributeProto& proto) {
    if (!proto.ref_attr_name().empty()) return OnnxAttribute(Reference{printable(proto.ref_attr_name())});
    switch (proto.has_type() ? proto.type() : guess_type(proto)) {
      case AttributeProto::INT:
        return OnnxAttribute(static_cast<int64_t>(proto.i()));
      case AttributeProto::FLOAT:
        return OnnxAttribute(proto.f());
      case AttributeProto::STRING:
        return OnnxAttribute(printable(proto.s()));
      case AttributeProto::INTS:
        return OnnxAttribute(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
      case AttributeProto::FLOATS:
        return OnnxAttribute(std::vector<float>(proto.floats().begin(), proto.floats().end()));
      case AttributeProto::STRINGS:
        return OnnxAttribute(strings(proto.strings()));
      case AttributeProto::TENSOR: {
        auto tensor = read_tensor(proto.t(), directory_);
        if (tensor) return OnnxAttribute(OnnxTensor(*std::move(tensor)));
        if (tensor.error().code != ErrorCode::kUnsupported) return tensor.error();
        return OnnxAttribute(OnnxTensor(Unreadable{tensor.error()}));
      }
      case AttributeProto::GRAPH: {
        auto graph = this->graph(proto.g());
        if (!graph) return graph.error();
        return OnnxAttribute(std::make_shared<OnnxGraph>(*std::move(graph)));
      }
      default:
        return unsupported(
            "it is of a kind that is not supported (a type, sparse tensor or list of tensors)");
    }
  }

  /// Files of IR version 2 and earlier need not state the type of an attribute.
  static AttributeProto::AttributeType guess_type(const AttributeProto& proto) {
    if (proto.has_i()) return AttributeProto::INT;
    if (proto.has_f()) return AttributeProto::FLOAT;
    if (proto.has_s()) return AttributeProto::STRING;
    if (proto.has_t()) return AttributeProto::TENSOR;
    if (proto.has_g()) return AttributeProto::GRAPH;
    if (proto.floats_size()) return AttributeProto::FLOATS;
    if (proto.strings_size()) return AttributeProto::STRINGS;
    return AttributeProto::INTS;
  }

  const std::filesystem::path& directory_;
};

}  // namespace

Result<OnnxModel> read_onnx_model(std::span<const std::byte> file_bytes,
                                  const std::filesystem::path& directory) {
  ::onnx::ModelProto proto;
  google::protobuf::LogSilencer silence;  // what is wrong is in our Error, not on standard error
  if (file_bytes.size() > INT32_MAX)
    return Error{
        ErrorCode::kResource, "the file is larger than 2 GiB; keep the weights in external data files", {}};
  if (!proto.ParseFromArray(file_bytes.data(), static_cast<int>(file_bytes.size())))
    return invalid_model("the file is not an ONNX model, or is cut off or damaged");
  if (!proto.has_graph()) return invalid_model("the file has no graph; is it a complete ONNX model?");
  Reader reader(directory);
  OnnxModel model;
  model.opsets = Reader::opsets(proto.opset_import());
  if (model.opsets.empty()) model.opsets[""] = 1;  // IR version 1 and 2 did not state it
  auto graph = reader.graph(proto.graph());
  if (!graph) return graph.error();
  model.graph = *std::move(graph);
  for (const auto& function : proto.functions()) {
    auto read = reader.function(function);
    if (!read) return read.error();
    model.functions.push_back(*std::move(read));
  }
  return model;
}

Result<OnnxFunction> read_onnx_function(const ::onnx::FunctionProto& proto) {
  const std::filesystem::path nowhere;
  return Reader(nowhere).function(proto);
}

bool looks_like_onnx(std::span<const std::byte> file_bytes) {
  // ModelProto: ir_version is field 1 (varint), and every field number up to 25 is small, so a first byte of
  // one of its fields with a right wire type. The full parse is the real judge; this only tells formats
  // apart.
  if (file_bytes.size() < 4) return false;
  const auto key = static_cast<unsigned>(file_bytes[0]);
  const unsigned field = key >> 3, wire = key & 7;
  if (field == 1 || field == 5) return wire == 0;
  return (field == 2 || field == 3 || field == 4 || field == 6 || field == 7 || field == 8 || field == 14) &&
         wire == 2;
}

}  // namespace halite::frontend
