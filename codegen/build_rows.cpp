// Kernels on rows: the nodes of a layer once more, on windows of line buffers.
#include "codegen/row_layer.h"
#include "codegen/rows.h"

namespace halite::codegen {
namespace {

using ir::NodeId;
using ir::ValueId;
using schedules::Group;

/// Adds the nodes of one group on rows.
class RowGroupBuilder {
 public:
  RowGroupBuilder(ir::Graph& graph, Views& views, const Cascade& cascade, const Group& group)
      : graph_(graph), views_(views), cascade_(cascade), group_(group), layer_(*read_layer(graph, group)) {}

  Group run() {
    Group result;
    for (auto id : group_.inputs) result.inputs.push_back(graph_.is_constant(id) ? id : input(id));
    for (auto id : group_.nodes) {
      ir::Node node = graph_.node(id);
      for (auto& value : node.inputs) {
        if (const auto known = rows_.find(value); known != rows_.end()) value = known->second;
      }
      if (auto* conv = std::get_if<ir::Conv2d>(&node.op)) conv->pad = {0, 0, 0, 0};
      if (auto* pool = std::get_if<ir::Pool2d>(&node.op)) pool->pad = {}, pool->excess = {};
      const ValueId made = node.outputs[0];
      ir::Type type = graph_.type(made);
      if (type.rank() >= 3 && !has_no_rows(type)) {
        const bool in_front = layer_.windowed.contains(made);
        type.shape[type.rank() - 3] = in_front ? layer_.window.rows : 1;
        if (in_front) type.shape[2] = layer_.window.columns;
        if (cascade_.width > 0) type.shape[2] = cascade_.width;
      }
      node.outputs = {add_value(made, type, ir::contiguous_strides(type.shape))};
      if (id == group_.anchor) result.anchor = NodeId{uint32_t(graph_.nodes.size())};
      result.nodes.push_back(NodeId{uint32_t(graph_.nodes.size())});
      graph_.nodes.push_back(std::move(node));
      views_.is_view.push_back(false);
    }
    result.outputs = {rows_.at(group_.outputs[0])};
    return result;
  }

 private:
  ValueId input(ValueId id) {
    ir::Type type = graph_.type(id);
    for (const auto& line : cascade_.lines) {
      if (line.value != id) continue;
      const bool windowed = layer_.windowed.contains(id);
      type.shape[1] = windowed ? layer_.window.rows : 1;
      if (windowed) type.shape[2] = layer_.window.columns;
      if (cascade_.width > 0) type.shape[2] = cascade_.width;
      auto strides = ir::contiguous_strides(type.shape);
      // A single row needs no stride; as if contiguous, so that equal kernels look equal.
      if (type.shape[1] > 1) strides[1] = line.row_bytes / ir::size_of(type.dtype);
      strides[0] = strides[1] * type.shape[1];
      return add_value(id, type, strides);
    }
    return rows_[id] = id;  // the whole tensor
  }

  ValueId add_value(ValueId of, const ir::Type& type, std::vector<int64_t> strides) {
    const ValueId id = graph_.add_value(graph_.value(of).name + ".row", type);
    views_.places.push_back({id, 0, std::move(strides)});
    return rows_[of] = id;
  }

  ir::Graph& graph_;
  Views& views_;
  const Cascade& cascade_;
  const Group& group_;
  const Layer layer_;
  std::map<ValueId, ValueId> rows_;  // what stands for a value
};

}  // namespace

void build_rows(ir::Graph& graph, Views& views, Cascade& cascade) {
  for (const auto& group : cascade.layers)
    cascade.groups.push_back(RowGroupBuilder(graph, views, cascade, group).run());
}

}  // namespace halite::codegen
