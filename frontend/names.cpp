// See names.h.
#include "frontend/names.h"

#include <unordered_map>
#include <unordered_set>

namespace halite::frontend {
namespace {

class Naming {
 public:
  explicit Naming(ir::Graph& graph) : graph_(graph), named_(graph.values.size(), false) {}

  bool named(V v) const { return v.index < named_.size() && named_[v.index]; }
  bool taken(const std::string& name) const { return taken_.count(name) > 0; }

  void give(V v, std::string name) {
    if (v.index >= named_.size()) named_.resize(v.index + 1, false);
    taken_.insert(name);
    graph_.value(v).name = std::move(name);
    named_[v.index] = true;
  }

  /// Everything that has no name of its own keeps the node's, numbered.
  void give_rest() {
    named_.resize(graph_.values.size(), false);
    for (uint32_t i = 0; i < named_.size(); ++i) {
      if (named_[i]) continue;
      const std::string base = graph_.values[i].name.empty() ? "value" : graph_.values[i].name;
      std::string name = base;
      while (taken(name)) name = base + "_" + std::to_string(++count_[base]);
      give({i}, std::move(name));
    }
  }

 private:
  ir::Graph& graph_;
  std::vector<bool> named_;
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int64_t> count_;
};

/// The same value under another id.
V copy_of(Builder& b, V v) {
  b.set_node_name("output");
  auto added = b.graph().add_node("output", ir::Reshape{b.shape(v)}, {v});
  if (!added) throw Rejected{added.error(), {}};
  return added->front();
}

}  // namespace

void name_values(Builder& b, const ValueNames& outputs, const ValueNames& others) {
  ir::Graph& graph = b.graph();
  Naming naming(graph);
  for (const V v : graph.inputs) naming.give(v, graph.value(v).name);
  std::unordered_map<std::string, V> public_values;
  for (const V v : graph.inputs) public_values.emplace(graph.value(v).name, v);
  for (const auto& [value, name] : outputs) {
    const auto known = public_values.find(name);
    V v = known != public_values.end() ? known->second : value;
    if (known == public_values.end()) {
      if (naming.named(v)) v = copy_of(b, v);
      naming.give(v, name);
      public_values.emplace(name, v);
    }
    graph.outputs.push_back(v);
    for (const auto& [axis, count] : b.extents(value))
      graph.extents.push_back({graph.outputs.size() - 1, axis, count});
  }
  for (const auto& [value, name] : others)
    if (!name.empty() && !naming.named(value) && !naming.taken(name)) naming.give(value, name);
  naming.give_rest();
}

}  // namespace halite::frontend
