// One ONNX node as an importer sees it: beyond its operands (frontend/call.h) its attributes by name and
// kind. An attribute that no importer asked for is noticed (`unread`), so that a newer version's meaning is
// never dropped in silence.
#pragma once

#include <set>

#include "frontend/call.h"
#include "frontend/onnx/model.h"
#include "frontend/onnx/tensor_proto.h"

namespace halite::frontend {

class OnnxCall : public Call {
 public:
  /// `inputs`: nullopt where the model leaves one out.
  OnnxCall(Builder& builder, const OnnxNode& node, int64_t version, std::vector<std::optional<V>> inputs)
      : Call(builder, std::move(inputs)), version(version), node_(node) {}

  const int64_t version;    ///< of the operator set that the node's domain is imported with
  std::set<size_t> narrow;  ///< operands of 4 bits, which are held in bytes

  /// Whether an attribute asks for results of 4 bits.
  bool makes_narrow() const {
    return read_narrow_dtype(static_cast<int>(integer("output_dtype", 0))).has_value();
  }

  /// The second operand of a binary operator. Before version 7 it was broadcast only on demand, from `axis`
  /// on.
  V broadcast_operand() const;

  bool has_attribute(const char* name) const { return node_.attributes.count(name) > 0; }
  int64_t integer(const char* name, int64_t otherwise) const;
  bool flag(const char* name, bool otherwise) const { return integer(name, otherwise) != 0; }
  double real(const char* name, double otherwise) const;
  std::string text(const char* name, const char* otherwise) const;
  std::optional<std::vector<int64_t>> integers(const char* name) const;
  std::optional<std::vector<float>> reals(const char* name) const;
  std::optional<std::vector<std::string>> texts(const char* name) const;
  const Tensor* tensor(const char* name) const;
  const OnnxGraph& graph(const char* name) const;  ///< required
  int64_t required_integer(const char* name) const;
  /// Attributes without influence on the result.
  void ignore(std::initializer_list<const char*> names) const { read_.insert(names.begin(), names.end()); }

  /// Counts as read here what was read by another call of the same node.
  void share_read(const OnnxCall& other) const { read_.insert(other.read_.begin(), other.read_.end()); }

  /// The attribute, or from version `since` on operand `i`: many operators moved their parameters so.
  std::optional<std::vector<int64_t>> integers_from(const char* name, int64_t since, size_t i) const;

  /// Whether the model uses output `i`.
  bool wants(size_t i) const { return i < node_.outputs.size() && !node_.outputs[i].empty(); }
  size_t output_count() const { return node_.outputs.size(); }
  /// A name of an attribute that nobody has asked for; empty if there is none.
  std::string unread() const;
  const OnnxNode& node() const { return node_; }

 private:
  const OnnxAttribute* find(const char* name) const;
  template <class T>
  const T* find_as(const char* name, const char* kind) const;

  const OnnxNode& node_;
  mutable std::set<std::string> read_;
};

/// Makes a node's outputs; as many as it can offer, at least those that are always there.
using OnnxImporter = std::vector<V> (*)(OnnxCall&);

}  // namespace halite::frontend
