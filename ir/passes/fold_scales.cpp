// Per-channel products and sums behind an operator with weights become part of the weights and the bias. A
// batch normalisation, imported as such a pair, disappears. New weights are computed in double and rounded
// once.
#include <algorithm>

#include "ir/passes/passes.h"
#include "ir/passes/rewrite.h"

namespace halite::ir {
namespace {

// An operator that multiplies by constant weights and adds an optional constant bias.
struct Weighted {
  const Node* node;
  int64_t channels;
  int64_t channel_stride, channel_count;  // weight i belongs to channel i / channel_stride % channel_count
  Shape bias_shape;
};

std::optional<Weighted> as_weighted(const Rewriter& r, ValueId v) {
  const Node* node = r.producer(v);
  if (!node) return {};
  const bool is_conv =
      std::holds_alternative<Conv2d>(node->op) || std::holds_alternative<ConvTranspose2d>(node->op);
  const auto* matmul = std::get_if<MatMul>(&node->op);
  if ((!is_conv && !matmul) || !r.constant(node->inputs[1]) || r.type(v).dtype != DType::f32) return {};
  if (node->inputs.size() > 2 && !r.constant(node->inputs[2])) return {};
  const Shape& weights = r.type(node->inputs[1]).shape;
  const int64_t elements = r.type(node->inputs[1]).elements();
  const int64_t channels = r.type(v).shape.back();
  if (channels == 0 || elements == 0) return {};
  if (is_conv) return Weighted{node, channels, elements / channels, channels, {channels}};
  Shape bias(r.type(v).shape.size(), 1);
  bias.back() = channels;
  // A bias that differs from row to row stays as it is.
  if (node->inputs.size() > 2 && r.type(node->inputs[2]).elements() > channels) return {};
  return Weighted{node, channels, matmul->transpose_b ? weights.back() : 1, channels, bias};
}

// The constant as one value per channel (the last axis); nullopt if it varies along another.
std::optional<std::vector<double>> per_channel(const Tensor* t, int64_t channels) {
  if (!t || !is_float(t->type().dtype)) return {};
  const int64_t count = t->type().elements();
  const bool along_channels =
      count == channels && !t->type().shape.empty() && t->type().shape.back() == channels;
  if (count != 1 && !along_channels) return {};
  std::vector<double> values;
  for (int64_t c = 0; c < channels; ++c) values.push_back(t->at(count == 1 ? 0 : c));
  return values;
}

Tensor scaled_weights(const Tensor& weights, const Weighted& w, const std::vector<double>& scale) {
  Tensor out = Tensor::zeros(weights.type());
  const auto from = weights.data<float>();
  const auto to = out.mutable_data<float>();
  for (size_t i = 0; i < from.size(); ++i) {
    const auto channel = static_cast<int64_t>(i) / w.channel_stride % w.channel_count;
    to[i] = static_cast<float>(from[i] * scale[channel]);
  }
  return out;
}

Tensor bias_tensor(const Rewriter& r, const Weighted& w, const std::vector<double>& scale,
                   const std::vector<double>& shift) {
  Tensor out = Tensor::zeros({DType::f32, w.bias_shape, {}});
  const Tensor* old = w.node->inputs.size() > 2 ? r.constant(w.node->inputs[2]) : nullptr;
  for (int64_t c = 0; c < w.channels; ++c) {
    const double bias = old ? old->at(old->type().elements() == 1 ? 0 : c) : 0;
    out.set(c, bias * scale[c] + shift[c]);
  }
  return out;
}

// The elementwise node as x * scale + shift with x = inputs[0 or 1]; nullopt if it is none.
struct Affine {
  ValueId x;
  std::vector<double> scale, shift;
};
std::optional<Affine> as_affine(const Rewriter& r, const Node& node, int64_t channels, int x_at) {
  const Fn fn = std::get<Elementwise>(node.op).fn;
  auto values = per_channel(r.constant(node.inputs[1 - x_at]), channels);
  if (!values) return {};
  const std::vector<double> ones(channels, 1.0), zeros(channels, 0.0);
  if (fn == Fn::mul) return Affine{node.inputs[x_at], *values, zeros};
  if (fn == Fn::add) return Affine{node.inputs[x_at], ones, *values};
  if (fn == Fn::sub || fn == Fn::div) {
    if (x_at == 1 && fn == Fn::div) return {};
    for (double& v : *values) v = fn == Fn::div ? 1 / v : x_at == 0 ? -v : v;
    if (fn == Fn::div) return Affine{node.inputs[0], *values, zeros};
    return Affine{node.inputs[x_at], x_at == 0 ? ones : std::vector<double>(channels, -1.0), *values};
  }
  return {};
}

bool is_finite(const Affine& a) {
  const auto finite = [](double v) { return v - v == 0; };
  return std::all_of(a.scale.begin(), a.scale.end(), finite) &&
         std::all_of(a.shift.begin(), a.shift.end(), finite);
}

bool fold(Rewriter& r, const Node& node, int x_at) {
  const ValueId x = node.inputs[x_at];
  if (r.type(x) != r.type(node.outputs[0]) || r.type(x).rank() == 0 || !r.read_only_here(x)) return false;
  // A reshape that keeps the channels apart may stand in between.
  ValueId product = x;
  if (r.defined_by<Reshape>(x)) {
    product = r.producer(x)->inputs[0];
    const Shape& before = r.type(product).shape;
    if (r.other_reads(product) != 1 || before.empty() || before.back() != r.type(x).shape.back())
      return false;
  }
  const auto w = as_weighted(r, product);
  if (!w) return false;
  const auto affine = as_affine(r, node, w->channels, x_at);
  if (!affine || !is_finite(*affine)) return false;
  const Node& op = *w->node;
  std::vector<ValueId> inputs{op.inputs[0], op.inputs[1]};
  const bool scales =
      std::any_of(affine->scale.begin(), affine->scale.end(), [](double s) { return s != 1; });
  const bool shifts =
      std::any_of(affine->shift.begin(), affine->shift.end(), [](double s) { return s != 0; });
  if (scales) {
    std::string name = r.graph().value(op.inputs[1]).name;
    if (!name.ends_with(".scaled")) name += ".scaled";
    inputs[1] = r.add_constant(name, scaled_weights(*r.constant(op.inputs[1]), *w, affine->scale));
  }
  if (shifts || op.inputs.size() > 2)
    inputs.push_back(r.add_constant((op.name.empty() ? r.graph().value(product).name : op.name) + ".bias",
                                    bias_tensor(r, *w, affine->scale, affine->shift)));
  ValueId result = r.emit(op.name, op.op, std::move(inputs));
  if (product != x) result = r.emit(node.name, Reshape{r.type(x).shape}, {result});
  r.replace(node.outputs[0], result);
  return true;
}

}  // namespace

bool fold_scales(Graph& g) {
  Rewriter r(g);
  return r.run([&](const Node& node) {
    const auto* e = std::get_if<Elementwise>(&node.op);
    if (!e || node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return false;
    return fold(r, node, 0) || fold(r, node, 1);
  });
}

}  // namespace halite::ir
