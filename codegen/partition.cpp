// A group grows from its anchor along pointwise consumers while exactly one value leaves it. A value with
// several readers may still be swallowed if all of them join (x * sigmoid(x)), so growth looks a few nodes
// ahead. Scores that only a softmax reads, and that only a product, draw both in. Then pointwise nodes whose
// results only the group reads join it.
#include "codegen/partition.h"

#include <algorithm>
#include <set>

#include "rt/abi.h"

namespace halite::codegen {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::ValueId;
using schedules::Group;

constexpr size_t kLookAhead = 8;       ///< nodes that may be waiting for the escaping values to meet again
constexpr int64_t kLongestRow = 4096;  ///< that is read several times by one kernel: stays in a first cache
constexpr size_t kMaxNodes = 24;       ///< of one group: bounds register pressure and compile time

/// Softmax and arg-reductions end in stages of their own; what follows them is not worth a tile. Branches and
/// loops are no kernels.
bool takes_epilogue(const ir::Op& op) {
  return !std::holds_alternative<ir::Softmax>(op) && !std::holds_alternative<ir::ArgReduce>(op) &&
         !ir::has_regions(op);
}

class Partitioner {
 public:
  Partitioner(const Graph& graph, const Views& views, const CompileOptions& options)
      : graph_(graph),
        options_(options),
        uses_(graph),
        taken_(views.is_view),
        is_new_state_(graph.values.size()) {
    for (const auto& state : graph.states) is_new_state_[state.output.index] = true;
  }

  std::vector<Group> run() {
    std::vector<Group> groups;
    // What does not stand at the head of a group of its own need not be stored: operators that do first.
    for (const bool pointwise : {false, true}) {
      for (uint32_t i = 0; i < graph_.nodes.size(); i++) {
        if (!taken_[i] && schedules::is_pointwise(graph_, NodeId{i}) == pointwise)
          groups.push_back(grow(NodeId{i}));
      }
    }
    // A group runs where its last node stood: all that it reads is computed by then.
    std::sort(groups.begin(), groups.end(),
              [](const Group& a, const Group& b) { return a.nodes.back() < b.nodes.back(); });
    return groups;
  }

 private:
  Group grow(NodeId anchor) {
    std::vector<NodeId> nodes{anchor};
    if (takes_epilogue(graph_.node(anchor).op)) {
      while (auto more = next(nodes)) nodes = *more;
      if (has_short_rows(anchor)) {
        while (auto more = next(nodes, anchor)) nodes = *more;
      }
      if (const auto product = attention(nodes)) {
        anchor = *product;
        while (auto more = next(nodes)) nodes = *more;
      }
    }
    while (auto producer = exclusive_producer(nodes)) {
      nodes.insert(std::upper_bound(nodes.begin(), nodes.end(), *producer), *producer);
    }
    for (auto id : nodes) taken_[id.index] = true;
    return {nodes, anchor, reads(nodes), graph_.node(nodes.back()).outputs};
  }

  /// Where `nodes` compute scores q k of reals that only a softmax over the keys reads, and its result only a
  /// product with v: takes these two in, and returns the latter.
  std::optional<NodeId> attention(std::vector<NodeId>& nodes) const {
    const auto* scores = product_of_tensors(nodes.front());
    const auto softmax = only_reader(nodes.back());
    if (options_.optimize_size || !scores || !softmax) return {};
    const auto* op = std::get_if<ir::Softmax>(&graph_.node(*softmax).op);
    const auto product = only_reader(*softmax);
    if (!op || op->log || graph_.node(*softmax).inputs.size() != 1 || !product) return {};
    const ir::Node& last = graph_.node(*product);
    const auto& shape = graph_.type(last.inputs[0]).shape;
    const auto& out = graph_.type(last.outputs[0]).shape;
    const bool fits = product_of_tensors(*product) && op->axis + 1 == static_cast<int64_t>(shape.size()) &&
                      last.inputs[0] == graph_.node(*softmax).outputs[0] && shape.size() == out.size() &&
                      std::equal(shape.begin(), shape.end() - 1, out.begin());
    const auto& facts = options_.target.facts;
    if (!fits ||
        schedules::attention_block(facts, shape[shape.size() - 2], shape.back(), out.back()).rows == 0)
      return {};
    nodes.insert(nodes.end(), {*softmax, *product});
    return product;
  }

  /// The node if it multiplies two matrices of reals, neither constant nor transposed, and adds nothing.
  const ir::MatMul* product_of_tensors(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const auto* op = std::get_if<ir::MatMul>(&node.op);
    const bool plain = op && !op->transpose_a && !op->transpose_b && node.inputs.size() == 2 &&
                       !graph_.is_constant(node.inputs[1]) &&
                       graph_.type(node.inputs[0]).dtype == ir::DType::f32;
    return plain ? op : nullptr;
  }

  /// The one node, in no group yet, that reads the node's result.
  std::optional<NodeId> only_reader(NodeId id) const {
    const ValueId value = graph_.node(id).outputs[0];
    const auto& readers = uses_.consumers[value.index];
    if (uses_.is_output[value.index] || readers.size() != 1 || taken_[readers[0].index]) return {};
    return readers[0];
  }

  /// `nodes` with the fewest consumers added such that again one value escapes; nullopt if there are none.
  /// With `reduce`, a reduction of rows, its results may meet the rows again, which are then what escapes,
  /// and reductions of such rows may join.
  std::optional<std::vector<NodeId>> next(std::vector<NodeId> nodes, std::optional<NodeId> reduce = {}) {
    const ir::Shape& shape =
        graph_.type(reduce ? graph_.node(*reduce).inputs[0] : graph_.node(nodes.back()).outputs[0]).shape;
    for (size_t added = 0; added < kLookAhead && nodes.size() < kMaxNodes; added++) {
      const auto joining = first_consumer(nodes);
      if (!joining || !(may_join(*joining, shape) || (reduce && may_join_rows(*joining, *reduce)))) return {};
      nodes.insert(std::upper_bound(nodes.begin(), nodes.end(), *joining), *joining);
      const ValueId last = graph_.node(nodes.back()).outputs[0];
      if (escaping(nodes) == std::vector{last} && graph_.type(last).shape == shape) {
        if (reads(nodes).size() + 2 > RT_MAX_ARGS) return {};
        return nodes;
      }
    }
    return {};
  }

  /// The earliest reader, outside the group, of a value that escapes it.
  std::optional<NodeId> first_consumer(const std::vector<NodeId>& nodes) const {
    std::optional<NodeId> first;
    for (auto value : escaping(nodes)) {
      if (uses_.is_output[value.index]) continue;
      for (auto reader : uses_.consumers[value.index]) {
        if (!contains(nodes, reader) && (!first || reader < *first)) first = reader;
      }
    }
    return first;
  }

  bool may_join(NodeId id, const ir::Shape& shape) const {
    const ir::Node& node = graph_.node(id);
    return !taken_[id.index] && !is_state_copy(node) && schedules::is_pointwise(graph_, id) &&
           graph_.type(node.outputs[0]).shape == shape;
  }

  /// Whether the node works on what `reduce` leaves of rows, or reduces rows as that does.
  bool may_join_rows(NodeId id, NodeId reduce) const {
    const ir::Node &node = graph_.node(id), &first = graph_.node(reduce);
    const bool same = node.op == first.op && graph_.type(node.inputs[0]) == graph_.type(first.inputs[0]);
    return (same && !taken_[id.index]) || may_join(id, graph_.type(first.outputs[0]).shape);
  }

  /// Whether the node reduces the innermost axis of reals, and rows are short enough to be read again.
  bool has_short_rows(NodeId id) const {
    const auto* op = std::get_if<ir::Reduce>(&graph_.node(id).op);
    if (!op) return false;
    const ir::Type& type = graph_.type(graph_.node(id).inputs[0]);
    return type.dtype == ir::DType::f32 && op->axes == std::vector<int64_t>{type.rank() - 1} &&
           type.shape.back() > 1 && type.shape.back() <= kLongestRow;
  }

  /// A copy that saves an old state from its successor (states.h) must not be drawn into what computes that.
  bool is_state_copy(const ir::Node& node) const {
    const auto* cast = std::get_if<ir::Cast>(&node.op);
    return cast && is_new_state_[node.outputs[0].index] && graph_.type(node.inputs[0]).dtype == cast->to;
  }

  /// A pointwise node, not yet in a group, that works for `nodes` alone and whose result is read element by
  /// element there; nullopt if there is none.
  std::optional<NodeId> exclusive_producer(const std::vector<NodeId>& nodes) const {
    if (nodes.size() >= kMaxNodes) return {};
    for (auto id : nodes) {
      if (!reads_once(id)) continue;
      const ir::Shape& shape = graph_.type(reads_over(id)).shape;
      for (auto value : graph_.node(id).inputs) {
        const auto producer = uses_.producer[value.index];
        if (!producer || taken_[producer->index] || contains(nodes, *producer)) continue;
        if (!schedules::is_pointwise(graph_, *producer) || is_state_copy(graph_.node(*producer))) continue;
        if (graph_.type(value).shape != shape || narrows_sums(*producer)) continue;
        const auto& readers = uses_.consumers[value.index];
        if (readers.size() > 1 && reads_rows_again(nodes)) continue;
        const bool shared =
            uses_.is_output[value.index] ||
            std::any_of(readers.begin(), readers.end(), [&](NodeId r) { return !contains(nodes, r); });
        if (shared) continue;
        auto grown = nodes;
        grown.insert(std::upper_bound(grown.begin(), grown.end(), *producer), *producer);
        if (reads(grown).size() + 2 <= RT_MAX_ARGS) return producer;
      }
    }
    return {};
  }

  /// Whether the node makes smaller elements of what an anchor sums up, so that less is stored if it stays
  /// with that anchor, whose turn is still to come.
  bool narrows_sums(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    const auto sums = uses_.producer[node.inputs[0].index];
    return sums && !taken_[sums->index] && !schedules::is_pointwise(graph_, *sums) &&
           takes_epilogue(graph_.node(*sums).op) &&
           ir::size_of(graph_.type(node.outputs[0]).dtype) < ir::size_of(graph_.type(node.inputs[0]).dtype);
  }

  /// Whether rows that the group reduces are used again: what they are made of would be computed again, too.
  bool reads_rows_again(const std::vector<NodeId>& nodes) const {
    const auto shape = [&](NodeId id) { return graph_.type(graph_.node(id).outputs[0]).shape; };
    return std::ranges::any_of(nodes, [&](NodeId id) {
      return std::holds_alternative<ir::Reduce>(graph_.node(id).op) && shape(id) != shape(nodes.back());
    });
  }

  /// Whether the node reads each element of its inputs about once, so that computing it there costs nothing.
  bool reads_once(NodeId id) const {
    return schedules::is_pointwise(graph_, id) || std::holds_alternative<ir::Reduce>(graph_.node(id).op);
  }
  /// A value of the extents that such a node walks over.
  ValueId reads_over(NodeId id) const {
    const ir::Node& node = graph_.node(id);
    return std::holds_alternative<ir::Reduce>(node.op) ? node.inputs[0] : node.outputs[0];
  }

  /// Values made inside and wanted outside.
  std::vector<ValueId> escaping(const std::vector<NodeId>& nodes) const {
    std::vector<ValueId> values;
    for (auto id : nodes) {
      for (auto value : graph_.node(id).outputs) {
        const auto& readers = uses_.consumers[value.index];
        const bool read_outside =
            std::any_of(readers.begin(), readers.end(), [&](NodeId r) { return !contains(nodes, r); });
        if (read_outside || uses_.is_output[value.index]) values.push_back(value);
      }
    }
    return values;
  }

  std::vector<ValueId> reads(const std::vector<NodeId>& nodes) const {
    std::vector<ValueId> values;
    for (auto id : nodes) {
      for (auto value : graph_.node(id).inputs) {
        const auto producer = uses_.producer[value.index];
        if (producer && contains(nodes, *producer)) continue;
        if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
      }
    }
    return values;
  }

  static bool contains(const std::vector<NodeId>& nodes, NodeId id) {
    return std::binary_search(nodes.begin(), nodes.end(), id);
  }

  const Graph& graph_;
  const CompileOptions& options_;
  ir::Uses uses_;
  std::vector<bool> taken_;
  std::vector<bool> is_new_state_;  // by value index: the output of a state
};

}  // namespace

std::vector<Group> partition(const Graph& graph, const Views& views, const CompileOptions& options) {
  return Partitioner(graph, views, options).run();
}

}  // namespace halite::codegen
