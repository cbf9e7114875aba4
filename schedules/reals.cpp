// Largest magnitudes, from the types of integers and the values of constants, carried through the nodes of a
// group. Infinity: not known.
#include "schedules/reals.h"

#include <cmath>
#include <limits>
#include <map>

namespace halite::schedules {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::infinity();
/// Far enough from f32's largest number for the rounding on the way.
constexpr double kMost = 1e38;
constexpr double kSmall = 0x1p30;
constexpr int64_t kMostConstants = 1 << 16;  ///< that are looked at; weights are not

double magnitude_of(ir::DType dtype) {
  return ir::is_float(dtype) ? kUnknown : std::ldexp(1.0, static_cast<int>(8 * ir::size_of(dtype)));
}

double largest(const ir::Tensor& t) {
  double most = 0;
  for (int64_t i = 0; i < t.type().elements(); i++) {
    const double x = std::abs(t.at(i));
    if (!(x < kMost)) return kUnknown;
    most = std::max(most, x);
  }
  return most;
}

class Magnitudes {
 public:
  Magnitudes(const ir::Graph& graph, const Group& group) : graph_(graph) {
    for (auto id : group.nodes) {
      const ir::Node& node = graph.node(id);
      const double most = std::visit([&](const auto& op) { return bound(op, node); }, node.op);
      known_[node.outputs[0]] =
          std::min(most < kMost ? most : kUnknown, magnitude_of(graph.type(node.outputs[0]).dtype));
    }
  }

  double of(ir::ValueId id) const {
    if (const auto found = known_.find(id); found != known_.end()) return found->second;
    if (graph_.is_constant(id) && graph_.type(id).elements() <= kMostConstants)
      return largest(*graph_.value(id).constant);
    return magnitude_of(graph_.type(id).dtype);
  }

  /// Of two factors; nothing by infinity is not known either.
  static double product(double a, double b) { return a < kMost && b < kMost ? a * b : kUnknown; }

 private:
  double bound(const ir::Elementwise& op, const ir::Node& node) const {
    const double a = of(node.inputs[0]), b = node.inputs.size() > 1 ? of(node.inputs[1]) : 0;
    switch (op.fn) {
      case ir::Fn::add:
      case ir::Fn::sub:
        return a + b;
      case ir::Fn::mul:
        return product(a, b);
      case ir::Fn::relu:
        return a;
      case ir::Fn::min:
      case ir::Fn::max:
        return std::max(a, b);
      default:
        return kUnknown;
    }
  }
  double bound(const ir::Dequantize& op, const ir::Node& node) const {
    double zero = 0;
    for (const int64_t z : op.zero_point) zero = std::max(zero, std::abs(static_cast<double>(z)));
    return product(of(node.inputs[0]) + zero, of(node.inputs[1]));
  }
  double bound(const ir::Cast&, const ir::Node& node) const { return of(node.inputs[0]); }
  double bound(const auto&, const ir::Node&) const { return kUnknown; }

  const ir::Graph& graph_;
  std::map<ir::ValueId, double> known_;
};

}  // namespace

Rounded what_is_rounded(const ir::Graph& graph, const Group& group, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  const auto* requantize = std::get_if<ir::Requantize>(&node.op);
  const bool is_real = requantize && requantize->rounding == ir::Requantize::Rounding::real;
  if (!is_real && !std::holds_alternative<ir::Quantize>(node.op)) return Rounded::anything;
  const Magnitudes magnitudes(graph, group);
  const double x = magnitudes.of(node.inputs[0]), scale = magnitudes.of(node.inputs[1]);
  const auto rounded = [](double most) { return most < kSmall ? Rounded::small : Rounded::number; };
  if (is_real) {
    const double product = Magnitudes::product(x, scale);
    return product < kMost ? rounded(product) : Rounded::anything;
  }
  // Finite by a finite divisor: never NaN but for a divisor of 0.
  if (!graph.is_constant(node.inputs[1]) || !(scale < kMost) || !(x < kMost)) return Rounded::anything;
  const ir::Tensor& divisor = *graph.value(node.inputs[1]).constant;
  double least = kMost;
  for (int64_t i = 0; i < divisor.type().elements(); i++) least = std::min(least, std::abs(divisor.at(i)));
  return least == 0 ? Rounded::anything : rounded(x / least);
}

}  // namespace halite::schedules
