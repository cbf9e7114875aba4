// Names of an ONNX graph and the values behind them, and the order in which its nodes can be imported.
#pragma once

#include <unordered_map>

#include "frontend/build.h"
#include "frontend/onnx/model.h"

namespace halite::frontend {

/// What a name stands for while a graph is imported. Sequences and optionals exist at compile time only: how
/// many elements they have is always known, and an optional that holds something is what it holds.
struct OnnxSlot {
  enum class Kind : uint8_t {
    unsupported,  ///< an operator that is not supported would have made it
    value,
    sequence,
    nothing  ///< an empty optional, or an input left out
  };
  Kind kind = Kind::unsupported;
  V value;
  std::vector<V> elements;  ///< of a sequence
  bool narrow = false;      ///< a value in i8 or u8 that is of 4 bits in the model

  static OnnxSlot of(V value, bool narrow = false) { return {Kind::value, value, {}, narrow}; }
  static OnnxSlot sequence(std::vector<V> elements) { return {Kind::sequence, {}, std::move(elements)}; }
  static OnnxSlot nothing() { return {Kind::nothing, {}, {}}; }
};
using OnnxSlots = std::vector<OnnxSlot>;

class Scope {
 public:
  explicit Scope(const Scope* outer = nullptr) : outer_(outer) {}

  void define(const std::string& name, OnnxSlot slot) { values_.insert_or_assign(name, std::move(slot)); }
  bool defines(const std::string& name) const { return values_.count(name) > 0; }
  /// Looks outwards, too; null if nothing has the name.
  const OnnxSlot* find(const std::string& name) const {
    const auto found = values_.find(name);
    if (found != values_.end()) return &found->second;
    return outer_ ? outer_->find(name) : nullptr;
  }

 private:
  const Scope* outer_;
  std::unordered_map<std::string, OnnxSlot> values_;
};

/// "node 'conv1' (Conv)"
std::string describe(const OnnxNode&);

/// An order in which every node comes behind those that it reads: the model's own wherever that is one. Fails
/// on a name that is made twice or by nothing, and on a cycle.
Result<std::vector<const OnnxNode*>> execution_order(const std::vector<OnnxNode>& nodes, const Scope& scope);

}  // namespace halite::frontend
