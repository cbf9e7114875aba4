#include "ir/passes/dequantized.h"

#include <algorithm>
#include <cmath>

namespace halite::ir {
namespace {

bool is_byte(DType t) { return t == DType::i8 || t == DType::u8; }

bool is_maximum(const Op& op) {
  if (const auto* pool = std::get_if<Pool2d>(&op)) return pool->kind == Pool2d::Kind::max;
  const auto* reduce = std::get_if<Reduce>(&op);
  return reduce && (reduce->kind == Reduce::Kind::max || reduce->kind == Reduce::Kind::min);
}

/// Where an axis lies behind a reshape that keeps it whole, with as many elements in front of it.
std::optional<int64_t> axis_behind_reshape(const Shape& from, const Shape& to, int64_t axis) {
  const auto in_front = [](const Shape& shape, int64_t a) {
    int64_t count = 1;
    for (int64_t i = 0; i < a; ++i) count *= shape[i];
    return count;
  };
  for (int64_t a = 0; a < std::ssize(to); ++a)
    if (to[a] == from[axis] && in_front(to, a) == in_front(from, axis)) return a;
  return {};
}

class OnStored {
 public:
  explicit OnStored(Rewriter& r) : r_(r) {}

  bool visit(const Node& node) {
    if (std::holds_alternative<Conv2d>(node.op)) return fold_conv(node);
    if (std::holds_alternative<MatMul>(node.op)) return fold_matmul(node);
    if (is_movement(node.op)) return move(node);
    if (is_maximum(node.op)) return maximum(node);
    if (std::holds_alternative<Concat>(node.op)) return join(node);
    if (const auto* reduce = std::get_if<Reduce>(&node.op)) return mean(node, *reduce);
    if (const auto* pool = std::get_if<Pool2d>(&node.op)) return average(node, *pool);
    if (const auto* e = std::get_if<Elementwise>(&node.op)) return arithmetic(node, e->fn);
    return false;
  }

 private:
  /// The node's output is `sums` dequantized.
  bool define(const Node& node, const Stored& s) {
    const ValueId scale = r_.add_constant(node.name + "_scale",
                                          Tensor::of<float>(s.scale, {static_cast<int64_t>(s.scale.size())}));
    r_.define(node.outputs[0], node.name, Dequantize{s.zero, s.axis}, {s.value, scale});
    return true;
  }
  /// The operator on what is stored; at once where that is constant.
  ValueId apply(const Node& node, const Op& op, std::vector<ValueId> inputs) {
    const bool known = std::ranges::all_of(inputs, [&](ValueId v) { return r_.constant(v) != nullptr; });
    if (!known) return r_.emit(node.name, op, std::move(inputs));
    std::vector<Type> types;
    std::vector<Tensor> in;
    for (const ValueId v : inputs) {
      types.push_back(r_.type(v));
      in.push_back(*r_.constant(v));
    }
    Tensor out = Tensor::zeros((*infer(op, types))[0]);
    reference(op, in, std::span(&out, 1));
    return r_.add_constant(node.name, std::move(out));
  }

  // ---- Movements, maxima, joins

  bool move(const Node& node) {
    auto s = stored(r_, node.inputs[0]);
    if (!s || r_.is_output(node.outputs[0])) return false;
    if (!s->one_scale() || s->zero.size() > 1) {
      // Weights with a scale for each channel.
      if (!r_.constant(s->value)) return false;
      if (const auto* transpose = std::get_if<Transpose>(&node.op)) {
        s->axis = std::ranges::find(transpose->perm, s->axis) - transpose->perm.begin();
      } else if (std::holds_alternative<Reshape>(node.op)) {
        const auto axis =
            axis_behind_reshape(r_.type(s->value).shape, r_.type(node.outputs[0]).shape, s->axis);
        if (!axis) return false;
        s->axis = *axis;
      } else {
        return false;
      }
    } else if (!is_byte(r_.type(s->value).dtype) && !r_.constant(s->value)) {
      return false;  // sums wait to be requantized
    }
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = s->value;
    s->value = apply(node, node.op, std::move(inputs));
    return define(node, *s);
  }

  bool maximum(const Node& node) {
    auto s = stored(r_, node.inputs[0]);
    if (!s || !s->one_scale() || s->zero.size() > 1 || !is_byte(r_.type(s->value).dtype)) return false;
    s->value = r_.emit(node.name, node.op, {s->value});
    return define(node, *s);
  }

  bool join(const Node& node) {
    std::vector<ValueId> parts;
    std::optional<Stored> first;
    for (const ValueId v : node.inputs) {
      const auto s = stored(r_, v);
      if (!s || !s->one_scale() || !is_byte(r_.type(s->value).dtype)) return false;
      if (first && (s->scale != first->scale || s->zero != first->zero ||
                    r_.type(s->value).dtype != r_.type(first->value).dtype))
        return false;
      if (!first) first = s;
      parts.push_back(s->value);
    }
    first->value = r_.emit(node.name, node.op, std::move(parts));
    return define(node, *first);
  }

  // ---- Sums

  /// Integers less their zero point, in 32 bits.
  ValueId centred(const Node& node, const Stored& s) {
    const ValueId wide = r_.emit(node.name, Cast{DType::i32}, {s.value});
    if (s.zero[0] == 0) return wide;
    Tensor zero = Tensor::zeros({DType::i32, Shape(r_.type(wide).shape.size(), 1), {}});
    zero.set(0, static_cast<double>(s.zero[0]));
    return r_.emit(node.name, Elementwise{Fn::sub}, {wide, r_.add_constant(node.name + "_zero", zero)});
  }

  bool is_plain(const std::optional<Stored>& s) const {
    return s && s->one_scale() && s->zero.size() == 1 && is_byte(r_.type(s->value).dtype) &&
           r_.type(s->value).rank() > 0;
  }

  /// The bias v in units of the sums' scales; nullopt if it is not known or too large.
  std::optional<ValueId> bias_of(const Node& node, ValueId v, const std::vector<float>& scale,
                                 int64_t channels) {
    Tensor real;
    if (const Tensor* known = r_.constant(v)) {
      real = *known;
    } else {
      const auto s = stored(r_, v);
      if (!s || !r_.constant(s->value)) return {};
      const Node* dequantize = r_.producer(v);
      const Tensor in[] = {*r_.constant(s->value), *r_.constant(dequantize->inputs[1])};
      real = Tensor::zeros(r_.type(v));
      reference(dequantize->op, in, std::span(&real, 1));
    }
    if (real.type().rank() < 1 || real.type().elements() != channels || real.type().shape.back() != channels)
      return {};
    Tensor bias = Tensor::zeros({DType::i32, real.type().shape, {}});
    for (int64_t c = 0; c < channels; ++c) {
      const double q = std::nearbyint(real.at(c) / static_cast<double>(scale[scale.size() == 1 ? 0 : c]));
      if (!(std::fabs(q) < 2147483648.0)) return {};
      bias.set(c, q);
    }
    return r_.add_constant(node.name + "_bias", std::move(bias));
  }

  /// The node, whose zero points `op` has, on stored operands; its sums have one scale for each channel, the
  /// last axis.
  bool define_product(const Node& node, const Op& op, const Stored& x, const Stored& w) {
    const int64_t channels = r_.type(node.outputs[0]).shape.back();
    Stored sums{{}, {}, {0}, r_.type(node.outputs[0]).rank() - 1};
    for (const float s : w.scale) sums.scale.push_back(x.scale[0] * s);
    if (sums.one_scale()) sums.axis = 0;
    std::vector<ValueId> inputs{x.value, w.value};
    if (node.inputs.size() > 2) {
      const auto bias = bias_of(node, node.inputs[2], sums.scale, channels);
      if (!bias) return false;
      inputs.push_back(*bias);
    }
    sums.value = r_.emit(node.name, op, std::move(inputs));
    return define(node, sums);
  }

  bool fold_conv(const Node& node) {
    const auto x = stored(r_, node.inputs[0]), w = stored(r_, node.inputs[1]);
    if (!is_plain(x) || !w || !w->one_zero() || !is_byte(r_.type(w->value).dtype)) return false;
    if (!w->one_scale() && w->axis != 0) return false;
    Conv2d op = std::get<Conv2d>(node.op);
    op.x_zero = x->zero[0];
    op.w_zero = *w->one_zero();
    return define_product(node, op, *x, *w);
  }

  bool fold_matmul(const Node& node) {
    const auto x = stored(r_, node.inputs[0]), w = stored(r_, node.inputs[1]);
    if (!is_plain(x) || !w || !w->one_zero() || !is_byte(r_.type(w->value).dtype)) return false;
    MatMul op = std::get<MatMul>(node.op);
    const int64_t columns = r_.type(w->value).rank() - (op.transpose_b ? 2 : 1);
    if (!w->one_scale() && w->axis != columns) return false;
    op.a_zero = x->zero[0];
    op.b_zero = *w->one_zero();
    return define_product(node, op, *x, *w);
  }

  /// What is added to each channel of sums of products, behind their dequantize, becomes their bias.
  bool add_bias(const Node& node) {
    for (const size_t i : {0, 1}) {
      const auto sums = stored(r_, node.inputs[i]);
      if (!sums || sums->zero != std::vector<int64_t>{0} || !r_.read_only_here(node.inputs[i])) continue;
      const Node* product = r_.producer(sums->value);
      // Nobody but the dequantize in between reads the sums.
      if (!product || product->inputs.size() != 2 || r_.other_reads(sums->value) != 1) continue;
      if (!std::holds_alternative<MatMul>(product->op) && !std::holds_alternative<Conv2d>(product->op))
        continue;
      const Shape& shape = r_.type(sums->value).shape;
      const int64_t last = std::ssize(shape) - 1;
      if (shape != r_.type(node.outputs[0]).shape || (!sums->one_scale() && sums->axis != last)) continue;
      const auto bias = bias_of(*product, node.inputs[1 - i], sums->scale, shape[last]);
      if (!bias) continue;
      Stored biased = *sums;
      biased.value = r_.emit(product->name, product->op, {product->inputs[0], product->inputs[1], *bias});
      return define(node, biased);
    }
    return false;
  }

  bool mean(const Node& node, const Reduce& reduce) {
    if (reduce.kind != Reduce::Kind::mean && reduce.kind != Reduce::Kind::sum) return false;
    const auto x = stored(r_, node.inputs[0]);
    if (!is_plain(x)) return false;
    int64_t count = 1;
    for (const int64_t axis : reduce.axes) count *= r_.type(x->value).shape[axis];
    if (count < 1 || count > 1 << 22) return false;
    const ValueId sums = r_.emit(node.name, Reduce{Reduce::Kind::sum, reduce.axes}, {centred(node, *x)});
    const float divisor = reduce.kind == Reduce::Kind::mean ? static_cast<float>(count) : 1;
    return define(node, {sums, {x->scale[0] / divisor}, {0}, 0});
  }

  /// Without padding, an average is a depthwise convolution with ones.
  bool average(const Node& node, const Pool2d& pool) {
    const auto x = stored(r_, node.inputs[0]);
    if (!is_plain(x) || pool.kind != Pool2d::Kind::average || pool.pad != std::array<int64_t, 4>{})
      return false;
    const int64_t c = r_.type(x->value).shape[3], taps = pool.kernel[0] * pool.kernel[1];
    if (taps > 1 << 20 || c * taps > 1 << 24) return false;
    Tensor ones = Tensor::zeros({DType::i8, {c, pool.kernel[0], pool.kernel[1], 1}, {}});
    std::ranges::fill(ones.mutable_bytes(), std::byte{1});
    const Conv2d op{pool.stride, pool.dilation, {}, c, x->zero[0], 0};
    const ValueId sums =
        r_.emit(node.name, op, {x->value, r_.add_constant(node.name + "_ones", std::move(ones))});
    return define(node, {sums, {x->scale[0] / static_cast<float>(taps)}, {0}, 0});
  }

  /// Sums of equal scales, and products. Others stay arithmetic of reals, which is fused.
  bool arithmetic(const Node& node, Fn fn) {
    if (fn != Fn::add && fn != Fn::sub && fn != Fn::mul) return false;
    if (fn == Fn::add && add_bias(node)) return true;
    const auto x = stored(r_, node.inputs[0]), y = stored(r_, node.inputs[1]);
    if (!is_plain(x) || !is_plain(y)) return false;
    if (fn != Fn::mul && x->scale != y->scale) return false;
    const ValueId sums = r_.emit(node.name, Elementwise{fn}, {centred(node, *x), centred(node, *y)});
    return define(node, {sums, {fn == Fn::mul ? x->scale[0] * y->scale[0] : x->scale[0]}, {0}, 0});
  }

  Rewriter& r_;
};

}  // namespace

std::optional<Stored> stored(const Rewriter& r, ValueId v) {
  const auto* op = r.defined_by<Dequantize>(v);
  if (!op) return {};
  const Node* node = r.producer(v);
  const Tensor* scale = r.constant(node->inputs[1]);
  if (!scale) return {};
  const auto values = scale->data<float>();
  if (std::ranges::any_of(values, [](float s) { return !(s > 0) || !std::isfinite(s); })) return {};
  return Stored{node->inputs[0], {values.begin(), values.end()}, op->zero_point, op->axis};
}

bool is_movement(const Op& op) {
  if (const auto* resize = std::get_if<Resize>(&op)) return resize->mode == Resize::Mode::nearest;
  return std::holds_alternative<Transpose>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Slice>(op) || std::holds_alternative<Broadcast>(op);
}

bool compute_on_stored(Rewriter& r, const Node& node) { return OnStored(r).visit(node); }

}  // namespace halite::ir
