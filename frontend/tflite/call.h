// One TFLite node as an importer sees it: beyond its operands (frontend/call.h) its table of options, and
// what the file says of its tensors: types of the outputs, quantization of all.
#pragma once

#include <map>

#include "frontend/call.h"
#include "frontend/tflite/model.h"

namespace halite::frontend {

class TfliteCall : public Call {
 public:
  /// `reals` remembers what `real` has made of constants.
  TfliteCall(Builder& builder, const TfliteGraph& graph, const TfliteNode& node,
             std::vector<std::optional<V>> inputs, std::map<V, V>& reals)
      : Call(builder, std::move(inputs)),
        graph_(graph),
        node_(node),
        updates_(inputs_.size()),
        reals_(reals) {}

  /// The table of options; throws if the file has none or that of another operator.
  template <class T>
  const T& options() const {
    const T* table = maybe_options<T>();
    if (!table) reject_invalid("its options are missing");
    return *table;
  }
  /// Likewise, but null where the file has none: every option has its default value.
  template <class T>
  const T* maybe_options() const {
    return node_.table->builtin_options_as<T>();
  }

  /// What the file says of operand or output `i`.
  const TfliteTensor& tensor(size_t i) const;
  const TfliteTensor& result(size_t i) const;
  size_t output_count() const { return node_.outputs.size(); }
  /// The file's dtype of output `i`.
  DType output_dtype(size_t i) const;
  bool is_quantized(size_t i) const { return has(i) && quantization(i); }
  /// Null for a tensor of plain numbers. One scale, or one for each slice of an axis.
  const ir::Quantization* quantization(size_t i) const;
  const ir::Quantization* output_quantization(size_t i) const;

  /// Operand `i` as real numbers: what is quantized, and constant, is converted here.
  V real(size_t i) const;
  std::optional<V> maybe_real(size_t i) const { return has(i) ? std::optional(real(i)) : std::nullopt; }
  /// The function that is fused behind the operator.
  V activate(V x, tflite::ActivationFunctionType) const;

  /// Operand `i` is a variable, which has this value after the node.
  void update(size_t i, V value) { updates_[i] = value; }
  const std::vector<std::optional<V>>& updates() const { return updates_; }

  const TfliteNode& node() const { return node_; }

 private:
  const TfliteGraph& graph_;
  const TfliteNode& node_;
  std::vector<std::optional<V>> updates_;
  std::map<V, V>& reals_;
};

/// scale * (stored - zero_point) of a constant, as f32. Throws Rejected if the quantization does not fit the
/// shape.
Tensor dequantize(const Tensor&, const ir::Quantization&);

/// Makes a node's outputs, all of them.
using TfliteImporter = std::vector<V> (*)(TfliteCall&);

}  // namespace halite::frontend
