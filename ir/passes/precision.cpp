// f16. Nodes are of three kinds.
//   sums     conv2d, matmul by constant weights, pool2d: narrow, whatever computed their inputs
//   plain    movement, maxima, addition and the like, rounded once: narrow where their inputs are
//   others   exponentials, quotients, sums and means (of squares, in normalisations), softmax, comparisons,
//            loops: f32, with all plain nodes that read them, until a sum reads the result. Such a chain is
//            one kernel as a rule: it widens what it loads, and rounds what it stores.
// Two things hold a node back that would be narrow: a constant that f16 cannot hold, and a result that
// decides (an index, a comparison, an integer), for which every value that it is made of by plain nodes stays
// f32.
//
// A value that a sum reads is narrowed where it is made, for all that read it later: it lies in memory once.
#include "ir/passes/precision.h"

#include <algorithm>
#include <cmath>

#include "ir/passes/dequantized.h"
#include "ir/passes/narrowing.h"
#include "ir/passes/passes.h"

namespace halite::ir {

bool decides(const Graph& g, const Node& node) {
  if (const auto* e = std::get_if<Elementwise>(&node.op))
    return e->fn == Fn::floor || e->fn == Fn::ceil || e->fn == Fn::round || e->fn == Fn::round_away ||
           e->fn == Fn::mod || e->fn == Fn::fmod || g.type(node.outputs[0]).dtype == DType::boolean;
  return std::holds_alternative<ArgReduce>(node.op) || std::holds_alternative<Quantize>(node.op) ||
         (std::holds_alternative<Cast>(node.op) && !is_float(g.type(node.outputs[0]).dtype));
}

namespace {

constexpr double kLargestHalf = 65504, kLeastNormalHalf = 0x1p-14;

enum class Kind : uint8_t { sum, plain, other };

bool rounds_once(Fn fn) {
  switch (fn) {
    case Fn::abs:
    case Fn::neg:
    case Fn::sign:
    case Fn::relu:
    case Fn::leaky_relu:
    case Fn::clamp:
    case Fn::add:
    case Fn::sub:
    case Fn::mul:
    case Fn::max:
    case Fn::min:
    case Fn::prelu:
    case Fn::select:
      return true;
    default:
      return false;
  }
}

class Narrowing {
 public:
  explicit Narrowing(Graph& g)
      : g_(g), old_(std::move(g.nodes)), wanted_(g.values.size()), exact_(g.values.size()) {
    g.nodes.clear();
    for (size_t n = old_.size(); n-- > 0;) look_back(old_[n]);
  }

  std::vector<KeptWide> run() {
    is_wide_.assign(g_.values.size(), false);
    for (ValueId v : g_.inputs) is_wide_[v.index] = true;
    for (const State& s : g_.states) is_wide_[s.input.index] = true;
    for (Node& node : old_) rewrite(std::move(node));
    for (ValueId v : g_.outputs) wide(v);
    for (const State& s : g_.states) wide(s.output);
    return std::move(kept_);
  }

 private:
  bool is_f32(ValueId v) const { return g_.type(v).dtype == DType::f32; }

  Kind kind_of(const Node& node) const {
    if (std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Pool2d>(node.op)) return Kind::sum;
    if (std::holds_alternative<MatMul>(node.op))
      return g_.is_constant(node.inputs[1]) ? Kind::sum : Kind::other;
    if (const auto* reduce = std::get_if<Reduce>(&node.op)) {
      using enum Reduce::Kind;
      return reduce->kind == max || reduce->kind == min ? Kind::plain : Kind::other;
    }
    if (const auto* e = std::get_if<Elementwise>(&node.op)) {
      const bool square = e->fn == Fn::mul && node.inputs[0] == node.inputs[1];
      return rounds_once(e->fn) && !square ? Kind::plain : Kind::other;
    }
    return moves_elements(node.op) ? Kind::plain : Kind::other;
  }

  /// From the last node to the first: what is read by sums, and what by nodes that decide.
  void look_back(const Node& node) {
    const Kind kind = kind_of(node);
    const bool passes_on = moves_elements(node.op) && wanted_[node.outputs[0].index];
    const bool hands_down = kind == Kind::plain && exact_[node.outputs[0].index];
    for (ValueId v : node.inputs) {
      if (kind == Kind::sum || passes_on) wanted_[v.index] = true;
      if (decides(g_, node) || hands_down) exact_[v.index] = true;
    }
  }

  /// What is against the node in f16; empty: nothing.
  std::string obstacle(const Node& node) const {
    const Kind kind = kind_of(node);
    if (kind == Kind::other) return "its arithmetic is f32";
    if (kind == Kind::plain && exact_[node.outputs[0].index])
      return "its result decides an index, a comparison or an integer";
    for (ValueId v : node.inputs) {
      if (!is_f32(v) || !g_.is_constant(v)) continue;
      if (const auto misfit = misfit_of(*g_.value(v).constant); !misfit.empty())
        return "its constant " + g_.value(v).name + " " + misfit;
    }
    if (kind == Kind::sum || (moves_elements(node.op) && wanted_[node.outputs[0].index])) return {};
    for (ValueId v : node.inputs)
      if (is_f32(v) && !g_.is_constant(v) && !has_narrow(v)) return "it works on values in f32";
    return {};
  }

  static std::string misfit_of(const Tensor& t) {
    double largest = 0;
    for (const float x : t.data<float>()) {
      const double size = std::fabs(static_cast<double>(x));
      if (std::isfinite(size)) largest = std::max(largest, size);
    }
    if (largest > kLargestHalf) return "holds " + text(largest) + ", above what f16 reaches";
    if (largest > 0 && largest < kLeastNormalHalf)
      return "reaches only " + text(largest) + ", too little for f16";
    return {};
  }

  static std::string text(double value) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.6g", value);
    return buffer;
  }

  bool has_narrow(ValueId v) const {
    return v.index < narrow_.size() && narrow_[v.index].index != UINT32_MAX;
  }

  void rewrite(Node node) {
    const bool reals = std::ranges::any_of(node.inputs, [&](ValueId v) { return is_f32(v); }) ||
                       std::ranges::any_of(node.outputs, [&](ValueId v) { return is_f32(v); });
    const std::string why = reals ? obstacle(node) : "integers";
    if (why.empty() && is_f32(node.outputs[0])) return compute_narrow(node);
    if (reals) kept_.push_back({node.name, std::string(name_of(node.op)), why});
    for (ValueId v : node.inputs) wide(v);
    const std::vector<ValueId> outputs = node.outputs;
    g_.nodes.push_back(std::move(node));
    for (ValueId v : outputs) mark_wide(v);
    for (ValueId v : outputs)
      if (is_f32(v) && wanted(v)) narrow(v);
  }

  void compute_narrow(const Node& node) {
    std::vector<ValueId> inputs;
    for (ValueId v : node.inputs) inputs.push_back(is_f32(v) ? narrow(v) : v);
    const ValueId made = add(node.name, node.op, std::move(inputs));
    const ValueId old = node.outputs[0];
    // What is computed has the model's name, unless the model hands it out: that is f32.
    const bool handed_out = std::ranges::count(g_.outputs, old) > 0 ||
                            std::ranges::any_of(g_.states, [&](const State& s) { return s.output == old; });
    if (!handed_out) std::swap(g_.value(old).name, g_.value(made).name);
    set_narrow(old, made);
  }

  /// The value in f16: as it was computed, or rounded here.
  ValueId narrow(ValueId v) {
    if (has_narrow(v)) return narrow_[v.index];
    const std::string name = g_.value(v).name + ".f16";
    ValueId made;
    if (const auto& constant = g_.value(v).constant) {
      made = g_.add_constant(name, cast_to(DType::f16, *constant));
    } else {
      made = add(name, Cast{DType::f16}, {v});
    }
    set_narrow(v, made);
    return made;
  }

  /// Makes sure that the value is there in its own type.
  void wide(ValueId v) {
    if (g_.is_constant(v) || (v.index < is_wide_.size() && is_wide_[v.index])) return;
    g_.nodes.push_back({g_.value(v).name, Cast{DType::f32}, {narrow_[v.index]}, {v}});
    mark_wide(v);
  }

  ValueId add(const std::string& name, const Op& op, std::vector<ValueId> inputs) {
    return add_sound(g_, name, op, std::move(inputs));
  }

  bool wanted(ValueId v) const { return v.index < wanted_.size() && wanted_[v.index]; }
  void mark_wide(ValueId v) {
    if (is_wide_.size() <= v.index) is_wide_.resize(v.index + 1);
    is_wide_[v.index] = true;
  }
  void set_narrow(ValueId v, ValueId made) {
    if (narrow_.size() <= v.index) narrow_.resize(g_.values.size());
    narrow_[v.index] = made;
  }

  Graph& g_;
  std::vector<Node> old_;
  std::vector<bool> wanted_;     // by value index: a sum reads it, perhaps moved
  std::vector<bool> exact_;      // by value index: a node that decides is made of it
  std::vector<bool> is_wide_;    // by value index: there in its own type
  std::vector<ValueId> narrow_;  // by value index: the same in f16
  std::vector<KeptWide> kept_;
};

}  // namespace

bool moves_elements(const Op& op) {
  return is_movement(op) || std::holds_alternative<Concat>(op) || std::holds_alternative<Pad>(op) ||
         std::holds_alternative<Gather>(op);
}

Tensor cast_to(DType to, const Tensor& t) {
  std::vector<Tensor> out{Tensor::zeros({to, t.type().shape, {}})};
  reference(Cast{to}, std::span(&t, 1), out);
  return out[0];
}

ValueId add_sound(Graph& g, const std::string& name, const Op& op, std::vector<ValueId> inputs) {
  auto made = g.add_node(name, op, std::move(inputs));
  HALITE_CHECK(made, "the node is valid: " + (made ? "" : halite::to_string(made.error())));
  return made->front();
}

std::string_view to_string(Precision p) {
  return p == Precision::f16 ? "f16" : p == Precision::bf16 ? "bf16" : "f32";
}

std::vector<KeptWide> lower_precision(Graph& g, Precision precision) {
  if (precision == Precision::f32) return {};
  auto kept = precision == Precision::bf16 ? take_bf16(g) : Narrowing(g).run();
  eliminate_dead(g);
  return kept;
}

}  // namespace halite::ir
