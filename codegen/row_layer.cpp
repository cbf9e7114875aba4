#include "codegen/row_layer.h"

#include "codegen/rows.h"

namespace halite::codegen {
namespace {

using ir::ValueId;
using schedules::Group;

int64_t reach(int64_t out, int64_t stride, int64_t kernel, int64_t dilation) {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

/// The byte that every byte of `value` in type `dtype` is; nullopt if they differ.
std::optional<uint8_t> byte_of(int64_t value, ir::DType dtype) {
  if (value == 0) return uint8_t{0};
  if (ir::size_of(dtype) == 1) return uint8_t(value);
  return {};
}

/// What conv2d and pool2d read alike, for a kernel [h,w] and an output [n,h,w,c].
Window spatial_window(const auto& op, int64_t kernel_rows, int64_t kernel_columns, const ir::Type& out) {
  Window w;
  w.rows = reach(1, 1, kernel_rows, op.dilation[0]);
  w.stride = op.stride[0];
  w.above = op.pad[0];
  w.left = op.pad[1];
  w.columns = reach(out.shape[2], op.stride[1], kernel_columns, op.dilation[1]);
  w.pads = op.pad != std::array<int64_t, 4>{0, 0, 0, 0};
  return w;
}

std::optional<Window> window_of(const ir::Conv2d& op, const ir::Type& in, const ir::Type& weights,
                                const ir::Type& out) {
  Window w = spatial_window(op, weights.shape[1], weights.shape[2], out);
  const auto fill = byte_of(op.x_zero, in.dtype);
  if (w.pads && !fill) return {};
  w.fill = fill.value_or(0);
  return w;
}

std::optional<Window> window_of(const ir::Pool2d& op, const ir::Type& in, const ir::Type& out) {
  Window w = spatial_window(op, op.kernel[0], op.kernel[1], out);
  if (!w.pads) return w;
  // An average counts the pixels that exist; the lowest number must be the same in every byte.
  if (op.kind != ir::Pool2d::Kind::max || ir::size_of(in.dtype) != 1) return {};
  w.fill = in.dtype == ir::DType::i8 ? 0x80 : 0;
  return w;
}

}  // namespace

std::optional<Layer> read_layer(const ir::Graph& graph, const Group& group) {
  if (group.outputs.size() != 1 || !is_image(graph.type(group.outputs[0]))) return {};
  const ir::Shape& out_shape = graph.type(group.outputs[0]).shape;
  const ir::Node& anchor = graph.node(group.anchor);
  const auto* conv = std::get_if<ir::Conv2d>(&anchor.op);
  const auto* pool = std::get_if<ir::Pool2d>(&anchor.op);
  Layer layer;
  if (conv || pool) {
    const ir::Type &in = graph.type(anchor.inputs[0]), &out = graph.type(anchor.outputs[0]);
    if (!is_image(in)) return {};
    if (conv && !graph.is_constant(anchor.inputs[1])) return {};
    const auto window =
        conv ? window_of(*conv, in, graph.type(anchor.inputs[1]), out) : window_of(*pool, in, out);
    if (!window) return {};
    layer.window = *window;
    layer.windowed = {anchor.inputs[0]};
  } else if (!schedules::is_pointwise(graph, group.anchor)) {
    return {};
  }
  // Nodes in front of the anchor work on its window, all others on one row.
  for (auto it = group.nodes.rbegin(); it != group.nodes.rend(); ++it) {
    const ir::Node& node = graph.node(*it);
    if (*it == group.anchor && (conv || pool)) continue;
    if (!schedules::is_pointwise(graph, *it)) return {};
    if (layer.windowed.contains(node.outputs[0])) {
      if (layer.window.pads) return {};
      for (auto id : node.inputs) {
        if (!graph.is_constant(id)) layer.windowed.insert(id);
      }
    } else if (!has_no_rows(graph.type(node.outputs[0])) && graph.type(node.outputs[0]).shape != out_shape) {
      return {};
    }
  }
  // Whoever reads what is windowed must be the anchor or in front of it.
  std::set<ValueId> by_row;
  for (auto id : group.nodes) {
    const ir::Node& node = graph.node(id);
    const bool in_front = layer.windowed.contains(node.outputs[0]);
    for (size_t i = 0; i < node.inputs.size(); i++) {
      const ValueId value = node.inputs[i];
      if (graph.is_constant(value)) {
        if (id != group.anchor && !has_no_rows(graph.type(value))) return {};
      } else if (in_front || (id == group.anchor && i == 0 && (conv || pool))) {
        if (!is_image(graph.type(value))) return {};
      } else {
        by_row.insert(value);
      }
    }
  }
  for (auto value : group.inputs) {
    if (graph.is_constant(value)) continue;
    if (layer.windowed.contains(value) && by_row.contains(value)) return {};
    if (!by_row.contains(value)) continue;
    const ir::Type& type = graph.type(value);
    if (is_image(type) && type.shape[1] == out_shape[1] && out_shape[1] > 1) {
      if (type.shape[2] != out_shape[2]) return {};
      layer.rows.push_back(value);
    } else if (has_no_rows(type)) {
      layer.wholes.push_back(value);
    } else {
      return {};
    }
  }
  return layer;
}

bool may_fold(const ir::Graph& graph, const Group& group) {
  const ir::Node& anchor = graph.node(group.anchor);
  const ir::Type& out = graph.type(group.outputs[0]);
  if (!is_image(out) || out.shape[1] == 1) return false;
  const auto* conv = std::get_if<ir::Conv2d>(&anchor.op);
  if (conv) {
    const ir::Shape& weights = graph.type(anchor.inputs[1]).shape;
    if (weights[1] != 1 || weights[2] != 1 || conv->stride != std::array<int64_t, 2>{1, 1} ||
        conv->pad != std::array<int64_t, 4>{0, 0, 0, 0})
      return false;
  }
  for (auto id : group.nodes) {
    const ir::Node& node = graph.node(id);
    if (!(conv && id == group.anchor) && !schedules::is_pointwise(graph, id)) return false;
    for (size_t i = 0; i < node.inputs.size(); i++) {
      if (conv && id == group.anchor && i == 1) continue;
      // Images of the same pixels, or what is the same for all of them.
      const ir::Shape& shape = graph.type(node.inputs[i]).shape;
      const bool same =
          shape.size() == 4 && shape[1] == out.shape[1] && shape[2] == out.shape[2] && shape[0] == 1;
      const bool single = shape.size() < 2 || (shape.size() == 4 && shape[0] * shape[1] * shape[2] == 1);
      if (!same && !single) return false;
    }
  }
  return true;
}

}  // namespace halite::codegen
