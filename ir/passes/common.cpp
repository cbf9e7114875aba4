// Common subexpressions: of several nodes with equal operator and inputs the first stays, likewise of
// constants with equal type and bytes. Candidates are found by hash and then compared in full.
#include <algorithm>
#include <unordered_map>

#include "ir/op_text.h"
#include "ir/passes/passes.h"
#include "ir/passes/rewrite.h"
#include "ir/text.h"

namespace halite::ir {
namespace {

bool equal(const Tensor& a, const Tensor& b) {
  return a.type() == b.type() &&
         (a.bytes().data() == b.bytes().data() ||
          std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end()));
}

// The first constant of the same content, for each constant.
std::vector<ValueId> first_equal_constants(const Graph& g) {
  std::vector<ValueId> first(g.values.size());
  std::unordered_multimap<uint64_t, ValueId> seen;
  for (uint32_t i = 0; i < g.values.size(); ++i) {
    first[i] = {i};
    if (!g.values[i].constant) continue;
    const Tensor& t = *g.values[i].constant;
    const uint64_t h = hash_bytes(t.bytes(), static_cast<uint64_t>(t.type().dtype) + 1);
    const auto [begin, end] = seen.equal_range(h);
    for (auto it = begin; it != end; ++it)
      if (equal(*g.value(it->second).constant, t)) first[i] = it->second;
    if (first[i].index == i) seen.emplace(h, ValueId{i});
  }
  return first;
}

}  // namespace

bool merge_common(Graph& g) {
  const std::vector<ValueId> first = first_equal_constants(g);
  bool changed = false;
  for (Node& node : g.nodes) {
    for (ValueId& v : node.inputs) {
      changed |= first[v.index] != v;
      v = first[v.index];
    }
  }
  std::unordered_multimap<uint64_t, ValueId> seen;  // the first output of each node
  Rewriter r(g);
  changed |= r.run([&](const Node& node) {
    const auto bytes = std::as_bytes(std::span(node.inputs));
    const uint64_t h = hash_bytes(bytes, hash(node.op));
    const auto [begin, end] = seen.equal_range(h);
    for (auto it = begin; it != end; ++it) {
      const Node& twin = *r.producer(it->second);
      if (twin.op != node.op || twin.inputs != node.inputs || twin.outputs.size() != node.outputs.size())
        continue;
      for (size_t i = 0; i < node.outputs.size(); ++i)
        if (!r.replaceable(node.outputs[i], twin.outputs[i])) return false;
      for (size_t i = 0; i < node.outputs.size(); ++i) r.replace(node.outputs[i], twin.outputs[i]);
      return true;
    }
    if (!node.outputs.empty()) seen.emplace(h, node.outputs[0]);
    return false;
  });
  return changed;
}

}  // namespace halite::ir
