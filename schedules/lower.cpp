// Assembles one kernel from a group of nodes: input parameters with static bounds, the algorithm of every
// node in order, an output Func, and the schedule of the anchor. Nothing is chosen here; the operators' files
// do that.
//
// Axes are merged first where the whole group allows it (collapse.h), so the rank of a kernel's buffers can
// be lower than that of its tensors; what a caller passes is the address of the first element alone.
#include <map>

#include "schedules/attention.h"
#include "schedules/collapse.h"
#include "schedules/epilogue.h"
#include "schedules/halves.h"
#include "schedules/operators.h"
#include "schedules/pairs.h"
#include "schedules/reals.h"
#include "schedules/rows.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::ImageParam;
using Halide::Var;

size_t index_of(const std::vector<ir::ValueId>& list, ir::ValueId id) {
  return static_cast<size_t>(std::find(list.begin(), list.end(), id) - list.begin());
}

/// How many times nodes of the group read a value.
int readers(const ir::Graph& graph, const Group& group, ir::ValueId id) {
  int count = 0;
  for (auto node : group.nodes) {
    const auto& inputs = graph.node(node).inputs;
    count += static_cast<int>(std::count(inputs.begin(), inputs.end(), id));
  }
  return count;
}

/// Whether rows of the two innermost axes have no gaps.
bool are_adjacent(const Operand& operand) {
  const int rank = operand.type.rank();
  return rank >= 2 && operand.strides[rank - 1] == 1 &&
         operand.strides[rank - 2] == operand.type.shape[rank - 1];
}

Anchor describe(const Request& request, ir::NodeId id) {
  const ir::Graph& graph = request.graph;
  const ir::Node& node = graph.node(id);
  Anchor anchor{.inputs = {},
                .constant = {},
                .output = graph.type(node.outputs[0]),
                .facts = request.target.facts,
                .optimize = request.optimize,
                .in_place = request.in_place,
                .epilogue_inputs = 0};
  for (auto input : node.inputs) {
    anchor.inputs.push_back(graph.type(input));
    // A constant that something else in the group reads too must keep its layout.
    anchor.constant.push_back(graph.is_constant(input) && readers(graph, request.group, input) == 1);
  }
  anchor.weights_pair = weights_pair(graph, id);
  anchor.shares_code = request.shares_code;
  anchor.fewest_rows = request.fewest_rows;
  anchor.long_epilogue = id == request.group.anchor && has_long_epilogue(request);
  const auto& inputs = request.group.inputs;
  if (const size_t i = index_of(inputs, node.inputs[0]); i < inputs.size())
    anchor.even_pixels = are_adjacent(request.inputs[i]);
  const bool multiplies =
      std::holds_alternative<ir::Conv2d>(node.op) || std::holds_alternative<ir::MatMul>(node.op);
  if (multiplies && has_halves(anchor) && anchor.facts.native_f16) anchor.facts = halves_facts(anchor.facts);
  if (std::holds_alternative<ir::Requantize>(node.op)) anchor.scaling = scaling_of(graph, request.group, id);
  anchor.rounded = what_is_rounded(graph, request.group, id);
  for (auto input : request.group.inputs) {
    if (std::find(node.inputs.begin(), node.inputs.end(), input) == node.inputs.end())
      anchor.epilogue_inputs++;
  }
  return anchor;
}

Anchor describe_anchor(const Request& request) {
  Anchor anchor = describe(request, request.group.anchor);
  anchor.tile = request.tile;
  return anchor;
}

std::vector<Strategy> strategies_of(const ir::Op& op, const Anchor& anchor) {
  return std::visit([&](const auto& o) { return strategies(o, anchor); }, op);
}

/// Declares bounds and strides of a buffer. Works on ImageParam and OutputImageParam alike. Alignment is not
/// declared: wide unaligned accesses cost nothing where the address happens to be aligned, and Halide 14
/// takes a declared one for the tails of strided loads too, where it does not hold.
void set_layout(auto&& buffer, const Operand& operand) {
  const int rank = operand.type.rank();
  for (int d = 0; d < rank; d++) {
    buffer.dim(d).set_bounds(0, extent(operand.type, d));
    buffer.dim(d).set_stride(static_cast<int>(operand.strides[flip(d, rank)]));
  }
}

Operand contiguous(const ir::Type& type) { return {type, ir::contiguous_strides(type.shape)}; }

/// One group on its way to a Kernel.
class Lowering {
 public:
  explicit Lowering(const Request& request)
      : request_(request), graph_(request.graph), anchor_(describe_anchor(request)) {}

  Kernel run() {
    choose_strategy();
    make_inputs();
    for (auto node : request_.group.nodes) add_node(node);
    finish_outputs();
    schedule_group();
    add_scratch();
    return std::move(kernel_);
  }

 private:
  const ir::Op& anchor_op() const { return graph_.node(request_.group.anchor).op; }

  void choose_strategy() {
    auto offered = strategies_of(anchor_op(), anchor_);
    HALITE_CHECK(!offered.empty(), "an anchor without strategies");
    stages_.strategy = offered.front().name;
    for (const auto& s : offered) {
      if (s.name == request_.strategy) stages_.strategy = s.name;
    }
    kernel_.strategy = stages_.strategy;
    kernel_.considered = std::move(offered);
  }

  void add_packing(ir::NodeId id, const Anchor& anchor) {
    const auto& inputs = request_.group.inputs;
    const auto& own = graph_.node(id).inputs;
    const auto packed =
        std::visit([&](const auto& op) { return packing(op, anchor, stages_.strategy); }, graph_.node(id).op);
    for (size_t i = 0; i < packed.size(); i++) {
      if (!packed[i].packs()) continue;
      Packing& of_input = kernel_.packing[index_of(inputs, own[i])];
      of_input = packed[i];
      of_input.with = index_of(inputs, own[packed[i].with]);
    }
  }

  void make_inputs() {
    const auto& inputs = request_.group.inputs;
    kernel_.packing.resize(inputs.size());
    add_packing(request_.group.anchor, anchor_);
    for (auto id : request_.group.nodes) {
      if (id != request_.group.anchor && std::holds_alternative<ir::Requantize>(graph_.node(id).op))
        add_packing(id, describe(request_, id));
    }
    for (size_t i = 0; i < inputs.size(); i++) {
      const Operand operand =
          kernel_.packing[i].packs() ? contiguous(kernel_.packing[i].type) : request_.inputs[i];
      ImageParam param(halide_type(operand.type.dtype), operand.type.rank(), "in" + std::to_string(i));
      set_layout(param, operand);
      if (kernel_.packing[i].packs() && operand.type.dtype == ir::DType::f32) hide_steps(param, operand, i);
      const auto vars = axes(operand.type.rank());
      Func load("load" + std::to_string(i));
      load(vars) = param(std::vector<Expr>(vars.begin(), vars.end()));
      values_[inputs[i].index] = load;
      kernel_.inputs.push_back(param);
    }
  }

  /// From one tile of packed weights to the next it is as far as the reduction is long.
  void hide_steps(ImageParam& param, const Operand& operand, size_t i) {
    const int rank = operand.type.rank();
    if (rank < 2) return;
    param.dim(rank - 1).set_stride(
        number(anchor_, stages_, "tile_stride" + std::to_string(i), operand.strides[0]));
  }

  void add_node(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    std::vector<Func> inputs;
    for (auto input : node.inputs) inputs.push_back(values_.at(input.index));
    const bool is_anchor = id == request_.group.anchor;
    Stages own;
    Stages& stages = is_anchor ? stages_ : own;
    const Anchor anchor = is_anchor ? anchor_ : describe(request_, id);
    if (!is_anchor && std::holds_alternative<ir::Softmax>(node.op))
      inputs[0] = inner_.at(0).stages.output = renamed(inputs[0], "scores");
    const auto* product = is_anchor && !inner_.empty() ? std::get_if<ir::MatMul>(&node.op) : nullptr;
    Func result =
        product && takes_parts(anchor, inner_)
            ? attention_in_parts(*product, anchor, stages, inner_, inputs[1])
            : std::visit([&](const auto& op) { return algorithm(op, anchor, stages, inputs); }, node.op);
    if (is_anchor) {
      stages_.anchor = result;
      stages_.inputs = std::move(inputs);
      // A long epilogue, written out for every vector of a tile, would be most of the kernel: the tile's sums
      // go through it in a loop.
      if (anchor_.long_epilogue) result = stages_.sums = renamed(result, "sums");
    } else if (!own.parts.empty()) {
      own.output = result;
      inner_.push_back({node.op, anchor, std::move(own)});
    }
    const ir::ValueId value = node.outputs[0];
    if (graph_.type(value).rank() > 0 && extent(graph_.type(value), 0) == 1) one_per_row_.push_back(result);
    const size_t position = index_of(request_.group.outputs, value);
    if (position < request_.group.outputs.size()) {
      result = store(result, position);
      // Values on the way that leave the kernel too end a stage of their own, which the anchor's schedule
      // rules if the anchor lies before it.
      if (!stages_.output.defined() && stages_.anchor.defined()) {
        stages_.output = result;
      } else {
        extra_stages_.push_back(result);
      }
    }
    values_[value.index] = result;
  }

  /// A Func of its own with the same elements.
  static Func renamed(Func value, const std::string& name) {
    const auto vars = axes(value.dimensions());
    Func other(name);
    other(vars) = value(std::vector<Expr>(vars.begin(), vars.end()));
    return other;
  }

  /// A Func that is stored to output `position`.
  Func store(Func value, size_t position) {
    return stored_[position] = renamed(value, "out" + std::to_string(position));
  }

  void finish_outputs() {
    for (size_t i = 0; i < request_.group.outputs.size(); i++) {
      HALITE_CHECK(stored_.contains(i), "an output that no node of the group computes");
      set_layout(stored_[i].output_buffer(), request_.outputs[i]);
      kernel_.outputs.push_back(stored_[i]);
    }
    for (auto& extra : extra_stages_) {
      Stages stages;
      stages.output = extra;
      extra.compute_root();
      schedule_pointwise(anchor_of(extra), stages);
    }
    if (extra_stages_.size() > 0) stages_.output.compute_root();
  }

  Anchor anchor_of(const Func& output) const {
    Anchor anchor = anchor_;
    for (const auto& [position, func] : stored_) {
      if (func.name() == output.name()) anchor.output = request_.outputs[position].type;
    }
    return anchor;
  }

  void schedule_group() {
    const ir::Type& output = graph_.type(request_.group.outputs[0]);
    if (std::holds_alternative<ir::Reduce>(anchor_op()) && output.shape != anchor_.output.shape) {
      std::vector<std::vector<Func>> reductions{stages_.parts};
      for (const auto& node : inner_) reductions.push_back(node.stages.parts);
      return schedule_rows(anchor_, output, stages_, reductions, one_per_row_);
    }
    if (!inner_.empty())
      return schedule_attention(std::get<ir::MatMul>(anchor_op()), anchor_, stages_, inner_);
    std::visit([&](const auto& op) { schedule(op, anchor_, stages_); }, anchor_op());
  }

  void add_scratch() {
    HALITE_CHECK(stages_.scratch.size() == stages_.scratch_types.size(), "a type for every scratch tensor");
    for (size_t i = 0; i < stages_.scratch.size(); i++) {
      set_layout(stages_.scratch[i].output_buffer(), contiguous(stages_.scratch_types[i]));
      kernel_.outputs.push_back(stages_.scratch[i]);
    }
    kernel_.scratch = stages_.scratch_types;
    kernel_.numbers = stages_.numbers;
  }

  const Request& request_;
  const ir::Graph& graph_;
  Anchor anchor_;
  Stages stages_;
  std::vector<Inner> inner_;       ///< nodes beside the anchor with reductions of their own
  std::vector<Func> one_per_row_;  ///< values with one element along the innermost axis
  Kernel kernel_;
  std::map<uint32_t, Func> values_;  ///< by value index
  std::map<size_t, Func> stored_;    ///< by output position
  std::vector<Func> extra_stages_;
};

}  // namespace

bool is_elementwise_like(const ir::Op& op) {
  return !std::holds_alternative<ir::Conv2d>(op) && !std::holds_alternative<ir::ConvTranspose2d>(op) &&
         !std::holds_alternative<ir::MatMul>(op) && !std::holds_alternative<ir::Pool2d>(op) &&
         !std::holds_alternative<ir::Reduce>(op) && !std::holds_alternative<ir::ArgReduce>(op) &&
         !std::holds_alternative<ir::Softmax>(op);
}

std::vector<Strategy> strategies(const Request& request) {
  const Collapsed collapsed(request);
  const auto& r = collapsed.request();
  return strategies_of(r.graph.node(r.group.anchor).op, describe_anchor(r));
}

Expr number(const Anchor& anchor, Stages& stages, const std::string& name, int64_t value) {
  const int known = static_cast<int>(value);
  if (!anchor.shares_code) return known;
  for (const auto& n : stages.numbers)
    if (n.param.name() == name) return n.param;
  stages.numbers.push_back({Halide::Param<int>(name), known});
  return stages.numbers.back().param;
}

Kernel lower(const Request& request) {
  const Collapsed collapsed(request);
  return Lowering(collapsed.request()).run();
}

}  // namespace halite::schedules
