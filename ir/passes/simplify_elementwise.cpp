// Arithmetic identities. Those on floating-point numbers hold for every finite value; the sign of a zero and
// the payload of a NaN are not kept. Constants end up as the second operand.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/passes/constants.h"
#include "ir/passes/simplify.h"

namespace halite::ir {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_commutative(Fn fn) {
  switch (fn) {
    case Fn::add:
    case Fn::mul:
    case Fn::max:
    case Fn::min:
    case Fn::equal:
    case Fn::not_equal:
    case Fn::logical_and:
    case Fn::logical_or:
    case Fn::logical_xor:
    case Fn::bitwise_and:
    case Fn::bitwise_or:
    case Fn::bitwise_xor:
      return true;
    default:
      return false;
  }
}

bool is_power_of_two(double v) {
  int exponent;
  return std::isfinite(v) && std::fabs(std::frexp(v, &exponent)) == 0.5 && std::abs(exponent) < 100;
}

bool all_powers_of_two(const Tensor& t) {
  for (int64_t i = 0; i < t.type().elements(); ++i)
    if (!is_power_of_two(t.at(i))) return false;
  return true;
}

bool replace_by_op(Rewriter& r, const Node& node, Op op, std::vector<ValueId> inputs) {
  return replace_by(r, node, r.emit(node.name, std::move(op), std::move(inputs)));
}
bool replace_by_fn(Rewriter& r, const Node& node, Fn fn, std::vector<ValueId> inputs) {
  return replace_by_op(r, node, Elementwise{fn}, std::move(inputs));
}

// relu and clamp as an interval; nullopt for other functions.
struct Interval {
  double low, high;
};
std::optional<Interval> interval_of(const Elementwise& e) {
  if (e.fn == Fn::relu) return Interval{0, kInfinity};
  if (e.fn == Fn::clamp) return Interval{e.alpha, e.beta};
  return std::nullopt;
}
Elementwise clamp_to(Interval i) {
  if (i.low == 0 && i.high == kInfinity) return {Fn::relu};
  return {Fn::clamp, i.low, i.high};
}

bool simplify_unary(Rewriter& r, const Node& node, const Elementwise& e) {
  const ValueId x = node.inputs[0];
  const auto* inner = r.defined_by<Elementwise>(x);
  const auto inner_x = [&] { return r.producer(x)->inputs[0]; };
  const bool is_real = is_float(r.type(x).dtype);
  if (e.fn == Fn::clamp && is_real) {
    if (e.alpha == -kInfinity && e.beta == kInfinity) return replace_by(r, node, x);
    if (e.alpha == 0 && e.beta == kInfinity) return replace_by_fn(r, node, Fn::relu, {x});
  }
  if (!inner) return false;
  if (e.fn == inner->fn && (e.fn == Fn::neg || e.fn == Fn::logical_not || e.fn == Fn::bitwise_not))
    return replace_by(r, node, inner_x());
  if (e.fn == inner->fn && (e.fn == Fn::abs || e.fn == Fn::sign || e.fn == Fn::floor || e.fn == Fn::ceil ||
                            e.fn == Fn::round || e.fn == Fn::relu))
    return replace_by(r, node, x);
  if (e.fn == Fn::abs && inner->fn == Fn::neg) return replace_by_fn(r, node, Fn::abs, {inner_x()});
  if (e.fn == Fn::relu && (inner->fn == Fn::sigmoid || inner->fn == Fn::abs)) return replace_by(r, node, x);
  const auto outer_range = interval_of(e), inner_range = interval_of(*inner);
  if (is_real && outer_range && inner_range && inner_range->low <= inner_range->high) {
    const auto limit = [&](double v) { return std::min(std::max(v, outer_range->low), outer_range->high); };
    return replace_by_op(r, node, clamp_to({limit(inner_range->low), limit(inner_range->high)}), {inner_x()});
  }
  return false;
}

// x op c, where c is a constant of one value. The rules for `min` and `max` make clamps, which merge.
bool simplify_with_value(Rewriter& r, const Node& node, Fn fn, double c) {
  const ValueId x = node.inputs[0];
  const bool is_real = is_float(r.type(x).dtype);
  switch (fn) {
    case Fn::add:
    case Fn::sub:
    case Fn::bitwise_or:
    case Fn::bitwise_xor:
    case Fn::shift_left:
    case Fn::shift_right:
    case Fn::logical_or:
    case Fn::logical_xor:
      return c == 0 && replace_by(r, node, x);
    case Fn::logical_and:
      return c != 0 && replace_by(r, node, x);
    case Fn::mul:
      if (c == -1) return replace_by_fn(r, node, Fn::neg, {x});
      return c == 1 && replace_by(r, node, x);
    case Fn::div:
      if (c == -1) return replace_by_fn(r, node, Fn::neg, {x});
      return c == 1 && replace_by(r, node, x);
    case Fn::pow:
      if (c == 1) return replace_by(r, node, x);
      if (c == 2) return replace_by_fn(r, node, Fn::mul, {x, x});
      if (!is_real) return false;
      if (c == 3)
        return replace_by_fn(r, node, Fn::mul, {r.emit(node.name, Elementwise{Fn::mul}, {x, x}), x});
      if (c == 0.5) return replace_by_fn(r, node, Fn::sqrt, {x});
      if (c == -1) return replace_by_fn(r, node, Fn::reciprocal, {x});
      return false;
    case Fn::max:
      return is_real && !std::isnan(c) && replace_by_op(r, node, clamp_to({c, kInfinity}), {x});
    case Fn::min:
      return is_real && !std::isnan(c) && replace_by_op(r, node, clamp_to({-kInfinity, c}), {x});
    default:
      return false;
  }
}

// (x + c1) + c2 and (x * c1) * c2: the constants are combined, provided the result is no larger than they
// are.
bool reassociate(Rewriter& r, const Node& node, Fn fn) {
  const ValueId inner_value = node.inputs[0], c2 = node.inputs[1];
  const auto* inner = r.defined_by<Elementwise>(inner_value);
  if ((fn != Fn::add && fn != Fn::mul) || !inner || inner->fn != fn || !r.read_only_here(inner_value))
    return false;
  const ValueId x = r.producer(inner_value)->inputs[0], c1 = r.producer(inner_value)->inputs[1];
  if (!r.constant(c1) || !r.constant(c2) || r.constant(x)) return false;
  const auto combined = broadcast(r.type(c1).shape, r.type(c2).shape);
  const auto count = combined ? element_count(*combined) : std::nullopt;
  if (!count || *count > std::max(r.type(c1).elements(), r.type(c2).elements())) return false;
  return replace_by_fn(r, node, fn, {x, r.emit(node.name, Elementwise{fn}, {c1, c2})});
}

bool simplify_binary(Rewriter& r, const Node& node, Fn fn) {
  const ValueId a = node.inputs[0], b = node.inputs[1];
  const bool is_real = is_float(r.type(a).dtype);
  if (is_commutative(fn) && r.constant(a) && !r.constant(b)) return replace_by_fn(r, node, fn, {b, a});
  if (const auto c = uniform_value(r.constant(b)); c && simplify_with_value(r, node, fn, *c)) return true;
  if (const auto c = uniform_value(r.constant(a)); c && is_real) {
    if (fn == Fn::sub && *c == 0) return replace_by_fn(r, node, Fn::neg, {b});
    if (fn == Fn::div && *c == 1) return replace_by_fn(r, node, Fn::reciprocal, {b});
  }
  if (r.constant(b) && is_real && !r.constant(a)) {
    // Sums and products with constants are what later passes look for.
    if (fn == Fn::sub)
      return replace_by_fn(r, node, Fn::add, {a, r.emit(node.name, Elementwise{Fn::neg}, {b})});
    if (fn == Fn::div && all_powers_of_two(*r.constant(b)))
      return replace_by_fn(r, node, Fn::mul, {a, r.emit(node.name, Elementwise{Fn::reciprocal}, {b})});
  }
  if (const auto* inner = r.defined_by<Elementwise>(b);
      inner && inner->fn == Fn::neg && is_real && !r.constant(r.producer(b)->inputs[0])) {
    const ValueId y = r.producer(b)->inputs[0];
    if (fn == Fn::add) return replace_by_fn(r, node, Fn::sub, {a, y});
    if (fn == Fn::sub) return replace_by_fn(r, node, Fn::add, {a, y});
  }
  if (a == b && (fn == Fn::max || fn == Fn::min || fn == Fn::bitwise_and || fn == Fn::bitwise_or ||
                 fn == Fn::logical_and || fn == Fn::logical_or))
    return replace_by(r, node, a);
  return reassociate(r, node, fn);
}

// Elementwise operators broadcast by themselves: an operand that is a broadcast is read at its own size if
// another operand still spans the result.
bool skip_broadcasts(Rewriter& r, const Node& node, const Elementwise& e) {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!r.defined_by<Broadcast>(node.inputs[i])) continue;
    std::vector<ValueId> inputs = node.inputs;
    inputs[i] = r.producer(node.inputs[i])->inputs[0];
    std::optional<Shape> shape = r.type(inputs[0]).shape;
    for (ValueId v : inputs) shape = shape ? broadcast(*shape, r.type(v).shape) : shape;
    if (shape == r.type(node.outputs[0]).shape) return replace_by_op(r, node, e, std::move(inputs));
  }
  return false;
}

// Reshapes move behind the operator if all its operands are reshaped from one shape, so that it can be fused
// with what made them.
bool delay_reshapes(Rewriter& r, const Node& node, const Elementwise& e) {
  std::vector<ValueId> inputs;
  for (ValueId v : node.inputs) {
    if (!r.defined_by<Reshape>(v) || !r.read_only_here(v)) return false;
    inputs.push_back(r.producer(v)->inputs[0]);
    if (r.type(inputs.back()).shape != r.type(inputs[0]).shape || r.type(v) != r.type(node.inputs[0]))
      return false;
  }
  const Shape shape = r.type(node.outputs[0]).shape;
  const ValueId result = r.emit(node.name, e, std::move(inputs));
  return replace_by(r, node, r.emit(node.name, Reshape{shape}, {result}));
}

}  // namespace

bool simplify_elementwise(Rewriter& r, const Node& node, const Elementwise& e) {
  if (skip_broadcasts(r, node, e) || delay_reshapes(r, node, e)) return true;
  if (node.inputs.size() == 1) return simplify_unary(r, node, e);
  if (node.inputs.size() == 2) return simplify_binary(r, node, e.fn);
  if (const auto c = uniform_value(r.constant(node.inputs[0])); c && e.fn == Fn::select)
    return replace_by(r, node, node.inputs[*c != 0 ? 1 : 2]);
  return false;
}

}  // namespace halite::ir
