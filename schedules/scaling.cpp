// Ranges of the values of a group, from its inputs' types and its constants, and what follows for scaling.
#include "schedules/scaling.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

namespace halite::schedules {
namespace {

using Rounding = ir::Requantize::Rounding;

constexpr int64_t kMostRight = 30;  ///< shifts behind the upper half
constexpr int64_t kUnknown = int64_t{1} << 40;

int64_t magnitude_of(ir::DType dtype) {
  switch (dtype) {
    case ir::DType::i8:
      return 128;
    case ir::DType::u8:
    case ir::DType::boolean:
      return 255;
    case ir::DType::i16:
      return 1 << 15;
    case ir::DType::u16:
      return 1 << 16;
    case ir::DType::i32:
      return int64_t{1} << 31;
    default:
      return kUnknown;
  }
}

int64_t largest(const ir::Tensor& t) {
  double most = 0;
  for (int64_t i = 0; i < t.type().elements(); i++) most = std::max(most, std::abs(t.at(i)));
  return most < static_cast<double>(kUnknown) ? static_cast<int64_t>(most) + 1 : kUnknown;
}

/// The largest magnitudes of the values of a group.
class Ranges {
 public:
  Ranges(const ir::Graph& graph, const Group& group) : graph_(graph) {
    for (auto id : group.nodes) {
      const ir::Node& node = graph.node(id);
      const int64_t most = std::visit([&](const auto& op) { return bound(op, node); }, node.op);
      const int64_t type = magnitude_of(graph.type(node.outputs[0]).dtype);
      // What leaves its type wraps.
      known_[node.outputs[0].index] = std::min(most, type);
    }
  }

  int64_t of(ir::ValueId id) const {
    const auto found = known_.find(id.index);
    if (found != known_.end()) return found->second;
    if (graph_.is_constant(id) && graph_.type(id).elements() <= 4096)
      return largest(*graph_.value(id).constant);
    return magnitude_of(graph_.type(id).dtype);
  }

 private:
  static int64_t capped(int64_t a, int64_t b) {
    return a > kUnknown / std::max<int64_t>(1, b) ? kUnknown : a * b;
  }

  /// `by_rows`: the weights of a sum follow each other.
  int64_t products(const ir::Node& node, int64_t steps, int64_t zero0, int64_t zero1, bool by_rows) const {
    const int64_t x = magnitude_of(graph_.type(node.inputs[0]).dtype) + std::abs(zero0);
    const int64_t bias = node.inputs.size() > 2 ? of(node.inputs[2]) : 0;
    if (by_rows && graph_.is_constant(node.inputs[1]))
      return capped(x, largest_sum(*graph_.value(node.inputs[1]).constant, steps, zero1)) + bias;
    const int64_t w = magnitude_of(graph_.type(node.inputs[1]).dtype) + std::abs(zero1);
    return capped(capped(x, w), steps) + bias;
  }

  static int64_t largest_sum(const ir::Tensor& weights, int64_t steps, int64_t zero) {
    double most = 0;
    for (int64_t i = 0; i + steps <= weights.type().elements() && steps > 0; i += steps) {
      double sum = 0;
      for (int64_t k = 0; k < steps; k++) sum += std::abs(weights.at(i + k) - static_cast<double>(zero));
      most = std::max(most, sum);
    }
    return most < static_cast<double>(kUnknown) ? static_cast<int64_t>(most) : kUnknown;
  }

  int64_t bound(const ir::Conv2d& op, const ir::Node& node) const {
    const auto& weights = graph_.type(node.inputs[1]).shape;
    return products(node, weights[1] * weights[2] * weights[3], op.x_zero, op.w_zero, true);
  }
  int64_t bound(const ir::MatMul& op, const ir::Node& node) const {
    const auto& a = graph_.type(node.inputs[0]).shape;
    return products(node, a[a.size() - (op.transpose_a ? 2 : 1)], op.a_zero, op.b_zero, op.transpose_b);
  }
  int64_t bound(const ir::Cast&, const ir::Node& node) const {
    return ir::is_float(graph_.type(node.inputs[0]).dtype) ? kUnknown : of(node.inputs[0]);
  }
  int64_t bound(const ir::Elementwise& op, const ir::Node& node) const {
    if (ir::is_float(graph_.type(node.outputs[0]).dtype) || node.inputs.size() != 2) return kUnknown;
    const int64_t a = of(node.inputs[0]), b = of(node.inputs[1]);
    if (op.fn == ir::Fn::mul) return capped(a, b);
    return op.fn == ir::Fn::add || op.fn == ir::Fn::sub ? a + b : kUnknown;
  }
  int64_t bound(const ir::Requantize& op, const ir::Node& node) const {
    const auto [low, high] = ir::output_range(op);
    return std::min(std::max(std::abs(low), std::abs(high)), scaled(op, node) + std::abs(op.zero_point));
  }
  /// What the scales make of the largest input, rounding included.
  int64_t scaled(const ir::Requantize& op, const ir::Node& node) const {
    const int64_t x = of(node.inputs[0]);
    if (op.rounding == Rounding::real || x >= kUnknown || !graph_.is_constant(node.inputs[1]) ||
        !graph_.is_constant(node.inputs[2]))
      return kUnknown;
    const ir::Tensor& shift = *graph_.value(node.inputs[2]).constant;
    const double multiplier = static_cast<double>(largest(*graph_.value(node.inputs[1]).constant));
    double most = 0;
    for (int64_t c = 0; c < shift.type().elements(); c++) {
      // A shift to the left may wrap.
      if (op.rounding == Rounding::twice &&
          std::ldexp(static_cast<double>(x), 31 - static_cast<int>(shift.at(c))) >= 0x1p31)
        return kUnknown;
      most = std::max(most, std::ldexp(static_cast<double>(x) * multiplier, -static_cast<int>(shift.at(c))));
    }
    return most < static_cast<double>(kUnknown) ? static_cast<int64_t>(most) + 2 : kUnknown;
  }
  int64_t bound(const auto&, const ir::Node&) const { return kUnknown; }

  const ir::Graph& graph_;
  std::map<uint32_t, int64_t> known_;  // by value index
};

/// Of one channel: what is left of the shift behind the upper half, and what is added before.
struct Step {
  int64_t offset, right;
};
Step step_of(const ir::Requantize& op, int64_t multiplier, int64_t shift, Scaling scaling) {
  const int64_t given = multiplier == 0 ? 1 : shift - (op.rounding == Rounding::single ? 32 : 31);
  if (given < 1) return {kUnknown, given};
  const int64_t zero = scaling == Scaling::upper_half ? op.zero_point : 0;
  return {given > kMostRight ? kUnknown : (int64_t{1} << (given - 1)) + zero * (int64_t{1} << given), given};
}

/// Whether no channel overflows, for sums of at most x.
bool fits(const ir::Requantize& op, const ir::Tensor& multiplier, const ir::Tensor& shift, int64_t x,
          Scaling scaling) {
  for (int64_t c = 0; c < shift.type().elements(); c++) {
    const auto m = static_cast<int64_t>(multiplier.at(c));
    const Step step = step_of(op, m, static_cast<int64_t>(shift.at(c)), scaling);
    const int64_t most = (std::min(x, int64_t{1} << 31) * std::abs(m) >> 32) + 2;
    if (most + std::abs(step.offset) > INT32_MAX) return false;
  }
  // A scaled sum has at most 30 bits.
  return std::abs(op.zero_point) < 1 << 29;
}

}  // namespace

Scaling scaling_of(const ir::Graph& graph, const Group& group, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto& op = std::get<ir::Requantize>(node.op);
  if (op.rounding == Rounding::real || graph.type(node.inputs[0]).dtype == ir::DType::i64)
    return Scaling::plain;
  if (!graph.is_constant(node.inputs[1]) || !graph.is_constant(node.inputs[2])) return Scaling::plain;
  const ir::Tensor &multiplier = *graph.value(node.inputs[1]).constant,
                   &shift = *graph.value(node.inputs[2]).constant;
  if (multiplier.type().elements() != shift.type().elements()) return Scaling::plain;
  int64_t x = Ranges(graph, group).of(node.inputs[0]);
  if (op.rounding == Rounding::twice) {
    x *= 2;
    if (x >= int64_t{1} << 31) return Scaling::plain;
  }
  for (const Scaling scaling : {Scaling::upper_half, Scaling::upper_half_then_zero})
    if (fits(op, multiplier, shift, x, scaling)) return scaling;
  return Scaling::plain;
}

ir::Tensor pack_scaling(const ir::Requantize& op, const ir::Tensor& shift, const ir::Tensor& multiplier,
                        Scaling scaling, Shifts shifts) {
  const int64_t channels = shift.type().elements();
  auto packed = ir::Tensor::zeros({ir::DType::i32, {2, channels}, {}});
  auto to = packed.mutable_data<int32_t>();
  for (int64_t c = 0; c < channels; c++) {
    const Step step =
        step_of(op, static_cast<int64_t>(multiplier.at(c)), static_cast<int64_t>(shift.at(c)), scaling);
    to[c] = static_cast<int32_t>(step.offset);
    to[channels + c] = static_cast<int32_t>(shifts == Shifts::left ? -step.right : step.right);
  }
  return packed;
}

}  // namespace halite::schedules
