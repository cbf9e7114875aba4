// See flatten.h. Nodes beside the convolution are pointwise, so only types and strides change.
#include "schedules/flatten.h"

#include "schedules/epilogue.h"

namespace halite::schedules {
namespace {

bool is_pixelwise(const ir::Op& op, const ir::Shape& weights) {
  const auto* conv = std::get_if<ir::Conv2d>(&op);
  return conv && weights[1] == 1 && weights[2] == 1 && conv->stride == std::array<int64_t, 2>{1, 1} &&
         conv->pad == std::array<int64_t, 4>{0, 0, 0, 0};
}

bool has_pixels(const ir::Shape& shape, const ir::Shape& out) {
  return shape.size() == 4 && shape[0] == out[0] && shape[1] == out[1] && shape[2] == out[2];
}

bool is_even(const Operand& operand, bool images) {
  const auto& shape = operand.type.shape;
  const auto& strides = operand.strides;
  return strides[1] == shape[2] * strides[2] &&
         (!images || shape[0] == 1 || strides[0] == shape[1] * strides[1]);
}

void flatten(ir::Shape& shape, bool images) {
  const int64_t n = images ? 1 : shape[0];
  shape = {n, 1, shape[0] * shape[1] * shape[2] / n, shape[3]};
}

}  // namespace

std::optional<Request> flatten_pixels(const Request& request, ir::Graph& graph, Group& group) {
  const ir::Graph& given = request.graph;
  const ir::Node& anchor = given.node(request.group.anchor);
  const ir::Shape out = given.type(anchor.outputs[0]).shape;
  if (out.size() != 4 || out[0] * out[1] == 1) return {};
  if (!std::holds_alternative<ir::Conv2d>(anchor.op)) return {};
  const auto& facts = request.target.facts;
  const ir::DType x = given.type(anchor.inputs[0]).dtype;
  const bool reals = ir::is_float(x) && x != ir::DType::bf16;
  if (facts.cores > 1 && (request.optimize == Optimize::size || !reals)) return {};
  // Images stay apart where pixels may be added to each other (strassen.h).
  const bool images = facts.l2_bytes == 0 || out[1] * out[2] == 1;
  if (!images && out[1] == 1) return {};
  if (!is_pixelwise(anchor.op, given.type(anchor.inputs[1]).shape)) return {};
  for (auto id : request.group.nodes) {
    if (id != request.group.anchor && !is_pointwise(given, id)) return {};
    for (auto value : given.node(id).inputs) {
      // What is read otherwise is the same for all pixels.
      const ir::Shape& shape = given.type(value).shape;
      if (shape.size() == 4 && !has_pixels(shape, out) && value != anchor.inputs[1] &&
          shape[0] * shape[1] * shape[2] != 1)
        return {};
    }
  }
  const auto even = [&](const std::vector<Operand>& operands) {
    for (const auto& operand : operands)
      if (has_pixels(operand.type.shape, out) && !is_even(operand, images)) return false;
    return true;
  };
  if (!even(request.inputs) || !even(request.outputs)) return {};

  // Only the group's nodes; values keep their numbers.
  group = request.group;
  for (const auto& value : given.values) graph.values.push_back({value.name, value.type, {}});
  const auto change = [&](ir::ValueId id) {
    auto& value = graph.values[id.index];
    value.constant = given.value(id).constant;
    if (id == anchor.inputs[1] || !has_pixels(given.type(id).shape, out)) return;
    value.type = given.type(id);
    flatten(value.type.shape, images);
    if (value.constant) value.constant = value.constant->with_type(value.type);
  };
  for (size_t i = 0; i < request.group.nodes.size(); i++) {
    const ir::Node& node = given.node(request.group.nodes[i]);
    for (auto id : node.inputs) change(id);
    for (auto id : node.outputs) change(id);
    group.nodes[i] = {static_cast<uint32_t>(i)};
    if (request.group.nodes[i] == request.group.anchor) group.anchor = group.nodes[i];
    graph.nodes.push_back(node);
  }
  Request flat{.graph = graph,
               .group = group,
               .inputs = request.inputs,
               .outputs = request.outputs,
               .target = request.target,
               .optimize = request.optimize,
               .in_place = request.in_place,
               .strategy = request.strategy,
               .tile = request.tile,
               .shares_code = request.shares_code,
               .fewest_rows = request.fewest_rows};
  for (auto* operands : {&flat.inputs, &flat.outputs}) {
    for (size_t i = 0; i < operands->size(); i++) {
      const ir::ValueId id = operands == &flat.inputs ? group.inputs[i] : group.outputs[i];
      Operand& operand = (*operands)[i];
      if (id == anchor.inputs[1] || !has_pixels(operand.type.shape, out)) continue;
      flatten(operand.type.shape, images);
      operand.strides[1] = operand.type.shape[2] * operand.strides[2];
      if (images) operand.strides[0] = operand.strides[1];
    }
  }
  return flat;
}

}  // namespace halite::schedules
