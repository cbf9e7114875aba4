// Only products of more than one channel are worth rounding both factors for, once and far from where they
// are multiplied: they take bf16 and give f32. All else computes in f32.
//
// What such a product reads, perhaps moved by slices, transposes and the like, is rounded where it is made.
// It lies in memory as bf16 alone if all others that read it compute element by element: each of these widens
// what it loads. Readers that go over their input more than once (pools, depthwise convolutions) have it in
// f32 as well, and so has what decides an index, a comparison or an integer, with all that this is made of
// element by element.
#include <optional>

#include "ir/passes/narrowing.h"

namespace halite::ir {
namespace {

class ProductsInBf16 {
 public:
  explicit ProductsInBf16(Graph& g)
      : g_(g),
        old_(std::move(g.nodes)),
        wanted_(g.values.size()),
        read_wide_(g.values.size()),
        exact_(g.values.size()),
        rounded_(g.values.size()) {
    g.nodes.clear();
    for (ValueId v : g.outputs) read_wide_[v.index] = true;
    for (const State& s : g.states) read_wide_[s.output.index] = true;
    for (size_t n = old_.size(); n-- > 0;) look_back(old_[n]);
  }

  std::vector<KeptWide> run() {
    for (Node& node : old_) rewrite(std::move(node));
    return std::move(kept_);
  }

 private:
  bool is_f32(ValueId v) const { return g_.type(v).dtype == DType::f32; }
  bool wanted(ValueId v) const { return v.index < wanted_.size() && wanted_[v.index]; }

  bool is_product(const Node& node) const {
    if (!is_f32(node.inputs[0])) return false;
    if (std::holds_alternative<Conv2d>(node.op)) return g_.type(node.inputs[1]).shape[3] > 1;
    const auto* product = std::get_if<MatMul>(&node.op);
    return product && !product->transpose_a && g_.is_constant(node.inputs[1]);
  }

  /// Whether it moves elements, without computing new ones between them, that a product reads afterwards.
  bool hands_on(const Node& node) const {
    return moves_elements(node.op) && !std::holds_alternative<Resize>(node.op) && wanted(node.outputs[0]) &&
           !exact_[node.outputs[0].index];
  }

  /// From the last node to the first.
  void look_back(const Node& node) {
    const bool product = !node.inputs.empty() && is_product(node), hands = hands_on(node);
    const bool elementwise = std::holds_alternative<Elementwise>(node.op);
    const bool exact =
        decides(g_, node) || ((elementwise || moves_elements(node.op)) && exact_[node.outputs[0].index]);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId v = node.inputs[i];
      if (!is_f32(v)) continue;
      if (exact) exact_[v.index] = true;
      if (hands || (product && i < 2))
        wanted_[v.index] = true;
      else if (exact || !elementwise)
        read_wide_[v.index] = true;
    }
  }

  void rewrite(Node node) {
    const bool product = !node.inputs.empty() && is_product(node);
    if (!product && hands_on(node)) return move_rounded(node);
    if (!product && is_f32(node.outputs[0]))
      kept_.push_back({node.name, std::string(name_of(node.op)), "only sums of products take bf16"});
    for (size_t i = 0; i < node.inputs.size(); ++i)
      node.inputs[i] = product && i < 2 ? rounded(node.inputs[i]) : wide(node.inputs[i]);
    const std::vector<ValueId> outputs = node.outputs;
    g_.nodes.push_back(std::move(node));
    for (ValueId v : outputs)
      if (is_f32(v) && wanted(v)) rounded(v);
  }

  /// The same movement of bf16; and of f32, if something asks for that.
  void move_rounded(const Node& node) {
    std::vector<ValueId> inputs;
    for (ValueId v : node.inputs) inputs.push_back(is_f32(v) ? rounded(v) : v);
    const ValueId v = node.outputs[0];
    rounded_[v.index] = add(g_.value(v).name + ".bf16", node.op, std::move(inputs));
    if (read_wide_[v.index]) g_.nodes.push_back({node.name, Cast{DType::f32}, {*rounded_[v.index]}, {v}});
  }

  ValueId rounded(ValueId v) {
    if (v.index < rounded_.size() && rounded_[v.index]) return *rounded_[v.index];
    const std::string name = g_.value(v).name + ".bf16";
    const ValueId made = g_.is_constant(v)
                             ? g_.add_constant(name, cast_to(DType::bf16, *g_.value(v).constant))
                             : add(name, Cast{DType::bf16}, {v});
    rounded_[v.index] = made;
    return made;
  }

  /// The value in f32, for one reader.
  ValueId wide(ValueId v) {
    if (v.index >= rounded_.size() || !rounded_[v.index] || g_.is_constant(v) || read_wide_[v.index])
      return v;
    return add(g_.value(v).name + ".f32", Cast{DType::f32}, {*rounded_[v.index]});
  }

  ValueId add(const std::string& name, const Op& op, std::vector<ValueId> inputs) {
    return add_sound(g_, name, op, std::move(inputs));
  }

  Graph& g_;
  std::vector<Node> old_;
  std::vector<bool> wanted_;                     // by value index: a product reads it, perhaps moved
  std::vector<bool> read_wide_;                  // by value index: it must lie in memory as f32
  std::vector<bool> exact_;                      // by value index: a node that decides is made of it
  std::vector<std::optional<ValueId>> rounded_;  // by value index: the same in bf16
  std::vector<KeptWide> kept_;
};

}  // namespace

std::vector<KeptWide> take_bf16(Graph& g) { return ProductsInBf16(g).run(); }

}  // namespace halite::ir
