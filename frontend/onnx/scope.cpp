// See scope.h.
#include "frontend/onnx/scope.h"

#include <queue>
#include <set>

namespace halite::frontend {
namespace {

/// Names that a nested graph takes from around it.
void collect_captures(const OnnxGraph& graph, std::set<std::string>& names) {
  std::set<std::string> used, own;
  for (const auto& [name, tensor] : graph.initializers) own.insert(name);
  for (const auto& input : graph.inputs) own.insert(input.name);
  for (const auto& output : graph.outputs) used.insert(output.name);
  for (const OnnxNode& node : graph.nodes) {
    used.insert(node.inputs.begin(), node.inputs.end());
    own.insert(node.outputs.begin(), node.outputs.end());
    for (const auto& [name, attribute] : node.attributes)
      if (const auto* nested = std::get_if<std::shared_ptr<OnnxGraph>>(&attribute))
        collect_captures(**nested, used);
  }
  for (const auto& name : used)
    if (!own.count(name)) names.insert(name);
}

std::set<std::string> names_read(const OnnxNode& node) {
  std::set<std::string> names(node.inputs.begin(), node.inputs.end());
  for (const auto& [name, attribute] : node.attributes)
    if (const auto* nested = std::get_if<std::shared_ptr<OnnxGraph>>(&attribute))
      collect_captures(**nested, names);
  names.erase("");
  return names;
}

using Producers = std::unordered_map<std::string, size_t>;

Result<Producers> find_producers(const std::vector<OnnxNode>& nodes, const Scope& scope) {
  Producers producers;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const auto& name : nodes[i].outputs) {
      if (name.empty()) continue;
      if (scope.defines(name))
        return invalid_model("it makes '" + name + "', which is already an input or initializer",
                             describe(nodes[i]));
      const auto [first, fresh] = producers.emplace(name, i);
      if (!fresh)
        return invalid_model(
            "it makes '" + name + "', which " + describe(nodes[first->second]) + " makes already",
            describe(nodes[i]));
    }
  return producers;
}

/// `waiting[i]` names what node i still waits for; every node left waits for another one left.
Error cycle_error(const std::vector<OnnxNode>& nodes, const Producers& producers,
                  const std::vector<size_t>& waiting) {
  size_t at = 0;
  while (waiting[at] == 0) ++at;
  std::string through;
  // After as many steps as there are nodes the walk is on the cycle.
  for (size_t step = 0; step <= nodes.size(); ++step)
    for (const auto& name : names_read(nodes[at])) {
      const auto producer = producers.find(name);
      if (producer == producers.end() || waiting[producer->second] == 0) continue;
      at = producer->second;
      through = name;
      break;
    }
  return invalid_model("its output '" + through + "' depends on itself: the graph has a cycle",
                       describe(nodes[at]));
}

}  // namespace

std::string describe(const OnnxNode& node) { return "node '" + node.name + "' (" + node.op + ")"; }

Result<std::vector<const OnnxNode*>> execution_order(const std::vector<OnnxNode>& nodes, const Scope& scope) {
  const auto producers = find_producers(nodes, scope);
  if (!producers) return producers.error();
  std::vector<size_t> waiting(nodes.size(), 0);
  std::vector<std::vector<size_t>> readers(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const auto& name : names_read(nodes[i])) {
      const auto producer = producers->find(name);
      if (producer != producers->end()) {
        readers[producer->second].push_back(i);
        ++waiting[i];
      } else if (!scope.find(name)) {
        return invalid_model(
            "its input '" + name + "' is made by no node, and is no input or initializer of the graph",
            describe(nodes[i]));
      }
    }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0) ready.push(i);
  std::vector<const OnnxNode*> order;
  while (!ready.empty()) {
    const size_t i = ready.top();
    ready.pop();
    order.push_back(&nodes[i]);
    for (const size_t reader : readers[i])
      if (--waiting[reader] == 0) ready.push(reader);
  }
  if (order.size() != nodes.size()) return cycle_error(nodes, *producers, waiting);
  return order;
}

}  // namespace halite::frontend
