// Names of an ONNX graph and the values behind them, and the order in which its nodes can be imported.
#pragma once

#include <unordered_map>

#include "frontend/build.h"
#include "frontend/onnx/model.h"

namespace halite::frontend {

class Scope {
 public:
  explicit Scope(const Scope* outer = nullptr) : outer_(outer) {}

  /// A value; nullopt where an operator that is not supported would have made it.
  void define(const std::string& name, std::optional<V> value) { values_.insert_or_assign(name, value); }
  bool defines(const std::string& name) const { return values_.count(name) > 0; }
  /// Looks outwards, too; null if nothing has the name.
  const std::optional<V>* find(const std::string& name) const {
    const auto found = values_.find(name);
    if (found != values_.end()) return &found->second;
    return outer_ ? outer_->find(name) : nullptr;
  }

 private:
  const Scope* outer_;
  std::unordered_map<std::string, std::optional<V>> values_;
};

/// "node 'conv1' (Conv)"
std::string describe(const OnnxNode&);

/// An order in which every node comes behind those that it reads: the model's own wherever that is one. Fails
/// on a name that is made twice or by nothing, and on a cycle.
Result<std::vector<const OnnxNode*>> execution_order(const std::vector<OnnxNode>& nodes, const Scope& scope);

}  // namespace halite::frontend
