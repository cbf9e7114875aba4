// One TFLite node as an importer sees it: beyond its operands (frontend/call.h) its table of options, and
// what the file says of its tensors: types of the outputs, quantization of all.
#pragma once

#include <map>

#include "frontend/call.h"
#include "frontend/decompose/quantized.h"
#include "frontend/tflite/model.h"

namespace halite::frontend {

/// What the nodes of a graph share.
struct TfliteNumbers {
  quantized::Rounding rounding = quantized::Rounding::production;
  std::map<V, V> reals;  ///< constants that stand for real numbers, and these
};

class TfliteCall : public Call {
 public:
  TfliteCall(Builder& builder, const TfliteGraph& graph, const TfliteNode& node,
             std::vector<std::optional<V>> inputs, TfliteNumbers& numbers)
      : Call(builder, std::move(inputs)),
        graph_(graph),
        node_(node),
        updates_(inputs_.size()),
        numbers_(numbers) {}

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
  /// A tensor that the node uses in between; of interest for its quantization.
  const TfliteTensor& intermediate(size_t i) const;
  size_t output_count() const { return node_.outputs.size(); }
  /// The file's dtype of output `i`.
  DType output_dtype(size_t i) const;
  bool is_quantized(size_t i) const { return has(i) && quantization(i); }
  /// Null for a tensor of plain numbers. One scale, or one for each slice of an axis.
  const ir::Quantization* quantization(size_t i) const;
  const ir::Quantization* output_quantization(size_t i) const;

  /// Whether the node's arithmetic is that of quantized numbers. Constants may be quantized all the same.
  bool computes_quantized() const;
  /// Operand `i`, which must be quantized.
  Quantized quantized(size_t i) const;
  /// How output `i` is to be quantized.
  quantized::Output output(size_t i = 0,
                           tflite::ActivationFunctionType = tflite::ActivationFunctionType::NONE) const;

  /// Operand `i` as real numbers; a constant is converted at once.
  V real(size_t i) const;
  std::optional<V> maybe_real(size_t i) const { return has(i) ? std::optional(real(i)) : std::nullopt; }
  /// Makes real numbers of all quantized operands.
  void make_real();
  /// Real numbers in the form of output `i`.
  V as_output(V real, size_t i) const;
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
  TfliteNumbers& numbers_;
};

/// scale * (stored - zero_point) of a constant, as f32. Throws Rejected if the quantization does not fit the
/// shape.
Tensor dequantize(const Tensor&, const ir::Quantization&);

/// Makes a node's outputs, all of them.
using TfliteImporter = std::vector<V> (*)(TfliteCall&);

}  // namespace halite::frontend
