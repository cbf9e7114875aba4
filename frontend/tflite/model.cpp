// See model.h. Flatbuffers' verifier runs over the whole file first; what it does not know of is checked
// here: indices into other lists, and that a small file does not describe a large one by repeating the same
// bytes.
#include "frontend/tflite/model.h"

#include <cmath>
#include <cstring>

namespace halite::frontend {
namespace {

/// The verifier's limits: far more than the largest networks have.
constexpr unsigned kMaxDepth = 64, kMaxTables = 4'000'000;

class Reader {
 public:
  explicit Reader(std::span<const std::byte> file) : file_(file), budget_(8 * file.size() + 65536) {}

  Result<TfliteModel> run() {
    flatbuffers::Verifier verifier(bytes(), file_.size(), kMaxDepth, kMaxTables);
    if (file_.size() >= FLATBUFFERS_MAX_BUFFER_SIZE || !tflite::VerifyModelBuffer(verifier))
      return invalid_model(
          "the file is damaged or cut short: it is not a valid flatbuffer of a TFLite model");
    root_ = tflite::GetModel(bytes());
    if (root_->version() != 3)
      return unsupported("its schema has version " + std::to_string(root_->version()) + "; 3 is supported");
    if (!root_->subgraphs() || root_->subgraphs()->size() == 0) return invalid_model("it has no subgraph");
    if (auto done = read_buffers(); !done) return done.error();
    for (const auto* graph : *root_->subgraphs())
      if (auto done = read_graph(*graph); !done) return done.error();
    return std::move(model_);
  }

 private:
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(file_.data()); }

  /// Copies are paid for by the file's size, whatever its parts share.
  Result<void> pay(size_t entries) {
    if (entries > budget_)
      return Error{
          ErrorCode::kResource, "it describes more tensors and nodes than a file of its size can hold", {}};
    budget_ -= entries;
    return {};
  }
  template <class List>
  static size_t size_of(const List* list) {
    return list ? list->size() : 0;
  }

  Result<void> read_buffers() {
    if (!root_->buffers()) return {};
    for (const auto* buffer : *root_->buffers()) {
      std::span<const std::byte> data;
      if (buffer->offset() > 1) {
        if (buffer->offset() > file_.size() || buffer->size() > file_.size() - buffer->offset())
          return invalid_model("buffer " + std::to_string(model_.buffers.size()) + " lies outside the file");
        data = file_.subspan(buffer->offset(), buffer->size());
      } else if (buffer->data()) {
        data = std::as_bytes(std::span(buffer->data()->data(), buffer->data()->size()));
      }
      model_.buffers.push_back(data);
    }
    return {};
  }

  Result<void> read_graph(const tflite::SubGraph& from) {
    TfliteGraph graph;
    if (from.name()) graph.name = from.name()->string_view();
    if (from.tensors())
      for (const auto* tensor : *from.tensors()) {
        auto read = read_tensor(*tensor, "tensor " + std::to_string(graph.tensors.size()));
        if (!read) return read.error();
        graph.tensors.push_back(*std::move(read));
      }
    if (from.operators())
      for (const auto* node : *from.operators()) {
        auto read = read_node(*node, graph);
        if (!read) return read.error();
        graph.nodes.push_back(*std::move(read));
      }
    const std::string where = "subgraph '" + std::string(graph.name) + "'";
    if (auto done = read_indices(from.inputs(), graph, false, where, graph.inputs); !done)
      return done.error();
    if (auto done = read_indices(from.outputs(), graph, false, where, graph.outputs); !done)
      return done.error();
    model_.graphs.push_back(std::move(graph));
    return {};
  }

  Result<TfliteTensor> read_tensor(const tflite::Tensor& from, const std::string& where) {
    TfliteTensor tensor;
    const size_t entries =
        size_of(from.name()) + size_of(from.shape()) + size_of(from.shape_signature()) + 16;
    if (auto paid = pay(entries); !paid) return paid.error();
    if (from.name()) tensor.name = from.name()->string_view();
    tensor.kind = from.type();
    tensor.dtype = dtype_of(from.type());
    if (from.shape()) tensor.shape.assign(from.shape()->begin(), from.shape()->end());
    for (const int64_t extent : tensor.shape)
      if (extent < 0)
        return invalid_model("its shape " + ir::to_string(tensor.shape) + " is negative", where);
    if (size_of(from.shape_signature()) == tensor.shape.size() && from.shape_signature())
      tensor.signature.emplace(from.shape_signature()->begin(), from.shape_signature()->end());
    tensor.is_variable = from.is_variable();
    tensor.buffer = from.buffer();
    tensor.sparsity = from.sparsity();
    // An old file may have no buffers at all; index 0 always means none.
    if (tensor.buffer != 0 && tensor.buffer >= model_.buffers.size())
      return invalid_model("its buffer " + std::to_string(tensor.buffer) + " does not exist", where);
    if (auto done = read_quantization(from.quantization(), tensor, where); !done) return done.error();
    return tensor;
  }

  Result<void> read_quantization(const tflite::QuantizationParameters* from, TfliteTensor& tensor,
                                 const std::string& where) {
    if (!from || size_of(from->scale()) == 0 || !tensor.dtype || ir::is_float(*tensor.dtype)) return {};
    if (from->details_type() != tflite::QuantizationDetails::NONE)
      return unsupported("its quantization is of a custom kind", where);
    if (auto paid = pay(2 * size_of(from->scale()) + size_of(from->zero_point())); !paid) return paid.error();
    ir::Quantization q;
    q.scale.assign(from->scale()->begin(), from->scale()->end());
    if (const auto* zeros = from->zero_point(); zeros && zeros->size() > 0) {
      // The verifier does not look at the alignment of 64-bit elements.
      q.zero_point.resize(zeros->size());
      std::memcpy(q.zero_point.data(), zeros->Data(), q.zero_point.size() * sizeof(int64_t));
    }
    if (q.zero_point.empty()) q.zero_point.push_back(0);
    if (q.zero_point.size() == 1) q.zero_point.resize(q.scale.size(), q.zero_point[0]);
    if (q.zero_point.size() != q.scale.size())
      return invalid_model("it has " + std::to_string(q.scale.size()) + " scales, but " +
                               std::to_string(q.zero_point.size()) + " zero points",
                           where);
    for (const float scale : q.scale)
      if (!std::isfinite(scale) || scale < 0)
        return invalid_model("its scale is " + std::to_string(scale), where);
    if (q.scale.size() > 1) q.axis = from->quantized_dimension();
    tensor.quantization = std::move(q);
    return {};
  }

  Result<TfliteNode> read_node(const tflite::Operator& from, const TfliteGraph& graph) {
    TfliteNode node;
    node.number = graph.nodes.size();
    node.table = &from;
    const std::string where = "node #" + std::to_string(node.number);
    if (from.opcode_index() >= size_of(root_->operator_codes()))
      return invalid_model("its operator code " + std::to_string(from.opcode_index()) + " does not exist",
                           where);
    const auto* code = root_->operator_codes()->Get(from.opcode_index());
    const int number = std::max<int>(code->deprecated_builtin_code(), static_cast<int>(code->builtin_code()));
    node.op = static_cast<tflite::BuiltinOperator>(number);
    node.version = code->version();
    if (code->custom_code()) node.custom = code->custom_code()->string_view();
    if (auto done = read_indices(from.inputs(), graph, true, where, node.inputs); !done) return done.error();
    if (auto done = read_indices(from.outputs(), graph, false, where, node.outputs); !done)
      return done.error();
    return node;
  }

  Result<void> read_indices(const flatbuffers::Vector<int32_t>* from, const TfliteGraph& graph, bool optional,
                            const std::string& where, std::vector<int>& to) {
    if (!from) return {};
    if (auto paid = pay(from->size()); !paid) return paid.error();
    for (const int32_t index : *from) {
      const bool left_out = optional && index == -1;
      if (!left_out && (index < 0 || static_cast<size_t>(index) >= graph.tensors.size()))
        return invalid_model("it names tensor " + std::to_string(index) + ", but there are " +
                                 std::to_string(graph.tensors.size()),
                             where);
      to.push_back(index);
    }
    return {};
  }

  std::span<const std::byte> file_;
  size_t budget_;
  const tflite::Model* root_ = nullptr;
  TfliteModel model_;
};

}  // namespace

Result<TfliteModel> read_tflite_model(std::span<const std::byte> file) { return Reader(file).run(); }

std::string name_of(const TfliteNode& node) {
  if (node.op == tflite::BuiltinOperator::CUSTOM) return std::string(node.custom.substr(0, 256));
  const std::string name = tflite::EnumNameBuiltinOperator(node.op);
  return name.empty() ? "operator " + std::to_string(static_cast<int>(node.op)) : name;
}

std::string describe(const TfliteNode& node) {
  return "node #" + std::to_string(node.number) + " (" + name_of(node) + ")";
}

std::optional<DType> dtype_of(tflite::TensorType type) {
  using T = tflite::TensorType;
  switch (type) {
    case T::FLOAT32:
      return DType::f32;
    case T::FLOAT16:
      return DType::f16;
    case T::BFLOAT16:
      return DType::bf16;
    case T::FLOAT64:
      return DType::f64;
    case T::INT4:
    case T::INT8:
      return DType::i8;
    case T::UINT8:
      return DType::u8;
    case T::INT16:
      return DType::i16;
    case T::UINT16:
      return DType::u16;
    case T::INT32:
      return DType::i32;
    case T::UINT32:
      return DType::u32;
    case T::INT64:
      return DType::i64;
    case T::UINT64:
      return DType::u64;
    case T::BOOL:
      return DType::boolean;
    default:
      return std::nullopt;
  }
}

}  // namespace halite::frontend
