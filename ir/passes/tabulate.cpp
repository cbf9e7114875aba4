// Functions of one byte become tables. What is computed, element by element, from one 8-bit tensor alone and
// becomes 8 bits again has 256 possible results; the reference functions make them here, so that no machine
// evaluates an exponential, or rounds it differently. A few steps on integers are left as they are: they are
// vectorised, and a table takes 256 bytes.
#include <algorithm>
#include <map>

#include "ir/passes/passes.h"
#include "ir/passes/rewrite.h"

namespace halite::ir {
namespace {

/// Integer nodes that a table is worth.
constexpr size_t kFewSteps = 4;

bool is_byte(const Type& t) { return t.dtype == DType::i8 || t.dtype == DType::u8; }

/// Constant operands are one number, so that every element is treated alike.
bool is_pointwise(const Op& op) {
  return std::holds_alternative<Elementwise>(op) || std::holds_alternative<Cast>(op) ||
         std::holds_alternative<Quantize>(op) || std::holds_alternative<Dequantize>(op) ||
         std::holds_alternative<Requantize>(op);
}

class Tabulation {
 public:
  explicit Tabulation(Rewriter& r) : r_(r) {}

  /// Looks at the next node; true if a table stands for it now.
  bool visit(const Node& node) {
    const ValueId out = node.outputs[0];
    const auto source = source_of(node);
    if (!source) return false;
    sources_[out] = *source;
    if (!is_byte(r_.type(out)) || !is_worth_it(node, *source)) return false;
    Tensor table = evaluate(node, *source);
    const ValueId constant = r_.add_constant(r_.graph().value(out).name + "_table", std::move(table));
    r_.define(out, node.name, Gather{0}, {constant, *source});
    return true;
  }

 private:
  bool is_single(ValueId v) const {
    const Tensor* t = r_.constant(v);
    return t && t->type().elements() == 1;
  }
  /// A table that was made before, here or by a front end.
  bool is_lookup(const Node& node) const {
    const auto* gather = std::get_if<Gather>(&node.op);
    if (!gather || gather->axis != 0) return false;
    const Tensor* table = r_.constant(node.inputs[0]);
    return table && table->type().shape == Shape{256} && is_byte(r_.type(node.inputs[1]));
  }

  /// The 8-bit tensor that alone decides about v, as deep as no other node reads what lies between.
  std::optional<ValueId> source_of_value(ValueId v) const {
    const auto known = sources_.find(v);
    if (is_byte(r_.type(v)) && (known == sources_.end() || r_.other_reads(v) > 0 || r_.is_output(v)))
      return v;
    return known == sources_.end() ? std::nullopt : std::optional(known->second);
  }

  std::optional<ValueId> source_of(const Node& node) const {
    const bool lookup = is_lookup(node);
    if (!lookup && !is_pointwise(node.op)) return {};
    std::optional<ValueId> source;
    for (size_t i = lookup ? 1 : 0; i < node.inputs.size(); ++i) {
      const ValueId v = node.inputs[i];
      if (is_single(v)) continue;
      const auto here = source_of_value(v);
      if (!here || (source && *here != *source)) return {};
      source = here;
    }
    if (!source || r_.type(*source).shape != r_.type(node.outputs[0]).shape) return {};
    return r_.type(*source).rank() > 0 ? source : std::nullopt;
  }

  /// The nodes from the source to this one, in execution order, this one last.
  void collect(const Node& node, ValueId source, std::vector<const Node*>& nodes) const {
    if (std::ranges::find(nodes, &node) != nodes.end()) return;
    for (const ValueId v : node.inputs)
      if (v != source && !r_.constant(v)) collect(*r_.producer(v), source, nodes);
    nodes.push_back(&node);
  }

  bool is_worth_it(const Node& node, ValueId source) const {
    std::vector<const Node*> nodes;
    collect(node, source, nodes);
    if (nodes.size() == 1 && is_lookup(node)) return false;
    return nodes.size() > kFewSteps || std::ranges::any_of(nodes, [&](const Node* n) {
             return is_lookup(*n) || is_float(r_.type(n->outputs[0]).dtype);
           });
  }

  /// All 256 numbers of the source lie along the last axis, in the order of their bits.
  Tensor evaluate(const Node& node, ValueId source) const {
    Shape shape(r_.type(source).shape.size(), 1);
    shape.back() = 256;
    Tensor bytes = Tensor::zeros({r_.type(source).dtype, shape, {}});
    for (int i = 0; i < 256; ++i) bytes.mutable_bytes()[static_cast<size_t>(i)] = static_cast<std::byte>(i);
    std::map<ValueId, Tensor> values{{source, std::move(bytes)}};
    std::vector<const Node*> nodes;
    collect(node, source, nodes);
    for (const Node* n : nodes) {
      std::vector<Tensor> in;
      for (const ValueId v : n->inputs) in.push_back(r_.constant(v) ? *r_.constant(v) : values.at(v));
      Tensor out = Tensor::zeros({r_.type(n->outputs[0]).dtype, shape, {}});
      reference(n->op, in, std::span(&out, 1));
      values[n->outputs[0]] = std::move(out);
    }
    return values.at(node.outputs[0]).with_type({r_.type(node.outputs[0]).dtype, {256}, {}});
  }

  Rewriter& r_;
  std::map<ValueId, ValueId> sources_;
};

}  // namespace

bool tabulate(Graph& g) {
  Rewriter r(g);
  Tabulation tabulation(r);
  return r.run([&](const Node& node) { return tabulation.visit(node); });
}

}  // namespace halite::ir
