// Makes TFLite models in memory for tests, a call a line.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "frontend/tflite/import.h"
#include "schema_generated.h"

namespace halite::test {

namespace tfl = halite::tflite;
using tfl::BuiltinOperator;
using tfl::BuiltinOptions;
using tfl::TensorType;

/// A quantization of a tensor; several scales lie along `axis`.
struct Quant {
  std::vector<float> scale;
  std::vector<int64_t> zero_point{0};
  int axis = 0;
};

class TfliteMaker {
 public:
  flatbuffers::FlatBufferBuilder fbb;

  TfliteMaker() { buffers_.push_back(tfl::CreateBuffer(fbb)); }

  /// A tensor that a node makes, or an input.
  int tensor(const std::string& name, std::vector<int> shape, TensorType type = TensorType::FLOAT32,
             const Quant& quant = {}, bool variable = false, std::vector<int> signature = {}) {
    return add(name, shape, type, 0, quant, variable, signature, {});
  }
  template <class T>
  int constant(std::vector<int> shape, const std::vector<T>& values, TensorType type, const Quant& quant = {},
               flatbuffers::Offset<tfl::SparsityParameters> sparsity = {}) {
    std::vector<uint8_t> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    buffers_.push_back(tfl::CreateBuffer(fbb, fbb.CreateVector(bytes)));
    return add("constant_" + std::to_string(buffers_.size()), shape, type,
               static_cast<uint32_t>(buffers_.size()) - 1, quant, false, {}, sparsity);
  }
  int floats(std::vector<int> shape, const std::vector<float>& values) {
    return constant(std::move(shape), values, TensorType::FLOAT32);
  }
  int integers(const std::vector<int32_t>& values) {
    return constant({static_cast<int>(values.size())}, values, TensorType::INT32);
  }

  /// The index of an operator code, made at its first use.
  uint32_t code(BuiltinOperator op, const std::string& custom = {}) {
    const auto [found, fresh] = code_of_.emplace(std::pair(op, custom), static_cast<uint32_t>(codes_.size()));
    if (fresh) {
      const int8_t old = static_cast<int8_t>(std::min(127, static_cast<int>(op)));
      codes_.push_back(
          tfl::CreateOperatorCode(fbb, old, custom.empty() ? 0 : fbb.CreateString(custom), 1, op));
    }
    return found->second;
  }
  void node(BuiltinOperator op, std::vector<int> inputs, std::vector<int> outputs,
            BuiltinOptions kind = BuiltinOptions::NONE, flatbuffers::Offset<void> options = 0) {
    nodes_.push_back(tfl::CreateOperator(fbb, code(op), fbb.CreateVector(inputs), fbb.CreateVector(outputs),
                                         kind, options));
  }
  void custom_node(const std::string& name, std::vector<int> inputs, std::vector<int> outputs,
                   const std::vector<uint8_t>& options) {
    nodes_.push_back(tfl::CreateOperator(fbb, code(BuiltinOperator::CUSTOM, name), fbb.CreateVector(inputs),
                                         fbb.CreateVector(outputs), BuiltinOptions::NONE, 0,
                                         fbb.CreateVector(options)));
  }
  /// Ends a subgraph; tensors and nodes made from here on are of the next one.
  void subgraph(std::vector<int> inputs, std::vector<int> outputs) {
    graphs_.push_back(tfl::CreateSubGraph(fbb, fbb.CreateVector(tensors_), fbb.CreateVector(inputs),
                                          fbb.CreateVector(outputs), fbb.CreateVector(nodes_)));
    tensors_.clear();
    nodes_.clear();
  }

  /// The file; call it last, and once.
  std::vector<std::byte> bytes(uint32_t version = 3) {
    fbb.Finish(tfl::CreateModel(fbb, version, fbb.CreateVector(codes_), fbb.CreateVector(graphs_), 0,
                                fbb.CreateVector(buffers_)),
               "TFL3");
    const auto* data = reinterpret_cast<const std::byte*>(fbb.GetBufferPointer());
    return {data, data + fbb.GetSize()};
  }
  Result<ir::Graph> import(const frontend::ImportOptions& options = {}) {
    return frontend::import_tflite(bytes(), options);
  }
  /// A buffer whose data lie behind the flatbuffer.
  void far_buffer(uint64_t offset, uint64_t size) {
    buffers_.push_back(tfl::CreateBuffer(fbb, 0, offset, size));
  }
  int tensor_of_buffer(std::vector<int> shape, uint32_t buffer, TensorType type = TensorType::FLOAT32) {
    return add("far", shape, type, buffer, {}, false, {}, {});
  }

 private:
  int add(const std::string& name, const std::vector<int>& shape, TensorType type, uint32_t buffer,
          const Quant& quant, bool variable, const std::vector<int>& signature,
          flatbuffers::Offset<tfl::SparsityParameters> sparsity) {
    flatbuffers::Offset<tfl::QuantizationParameters> q;
    if (!quant.scale.empty())
      q = tfl::CreateQuantizationParameters(fbb, 0, 0, fbb.CreateVector(quant.scale),
                                            fbb.CreateVector(quant.zero_point),
                                            tfl::QuantizationDetails::NONE, 0, quant.axis);
    const auto dims = fbb.CreateVector(shape);
    const auto text = fbb.CreateString(name);
    const auto open =
        signature.empty() ? flatbuffers::Offset<flatbuffers::Vector<int32_t>>() : fbb.CreateVector(signature);
    tensors_.push_back(tfl::CreateTensor(fbb, dims, type, buffer, text, q, variable, sparsity, open));
    return static_cast<int>(tensors_.size()) - 1;
  }

  std::vector<flatbuffers::Offset<tfl::Buffer>> buffers_;
  std::vector<flatbuffers::Offset<tfl::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<tfl::OperatorCode>> codes_;
  std::vector<flatbuffers::Offset<tfl::Operator>> nodes_;
  std::vector<flatbuffers::Offset<tfl::SubGraph>> graphs_;
  std::map<std::pair<BuiltinOperator, std::string>, uint32_t> code_of_;
};

}  // namespace halite::test
