// Dequantize -> operator -> Quantize, the form in which ONNX states quantized models (QDQ), becomes an
// operator on integers, by small rules that meet in the middle:
//   products of dequantized operands       become integer products whose sums are dequantized
//   what moves, picks or joins elements    works on what is stored, in front of dequantize or behind quantize
//   dequantized sums, clamped, quantized   are one requantize, rounded as the reals would be (Rounding::real)
// Zero points, in integers, are exact; so is everything but the scale of a sum: one product in f32 where
// reals have a chain of operations, so that a result may differ by one where reals come to lie next to a
// half. A bias in reals is rounded to the scale of the sums. ONNX Runtime's fused kernels differ in the same
// way, and besides: they add and average in f32 as here where scales differ, round the quotient of scales to
// f32 per channel, and its AVX2 kernels for u8 x i8 saturate pairs of products to 16 bits, which this never
// does. https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
#include <algorithm>
#include <cmath>

#include "ir/passes/dequantized.h"
#include "ir/passes/passes.h"

namespace halite::ir {
namespace {

/// Quantize with one known scale.
struct Target {
  DType to;
  float scale;
  int64_t zero;
};

std::optional<Target> target(const Rewriter& r, const Node& node) {
  const auto* op = std::get_if<Quantize>(&node.op);
  if (!op || op->ties != Quantize::Ties::even || op->zero_point.size() != 1) return {};
  const Tensor* scale = r.constant(node.inputs[1]);
  if (!scale || scale->type().elements() != 1 || !(scale->data<float>()[0] > 0)) return {};
  return Target{op->to, scale->data<float>()[0], op->zero_point[0]};
}

int64_t quantized(double x, const Target& t) {
  const double q = std::nearbyint(static_cast<float>(x) / t.scale);
  return static_cast<int64_t>(std::clamp(q, -2147483648.0, 2147483647.0)) + t.zero;
}

/// The rules behind quantize; those in front of dequantize are in dequantized.h.
class Folding {
 public:
  explicit Folding(Rewriter& r) : r_(r) {}

  bool visit(const Node& node) {
    const auto t = target(r_, node);
    return t ? fold_target(node, *t) : compute_on_stored(r_, node);
  }

 private:
  /// What lies in front of quantize: clamps, which become bounds, and movements, last one first.
  struct Path {
    ValueId start;
    std::vector<const Node*> movements;
    int64_t low = INT32_MIN, high = INT32_MAX;
  };

  Path path_to(const Node& quantize, const Target& t) const {
    Path path{quantize.inputs[0], {}};
    bool free = r_.read_only_here(path.start);
    while (free && !r_.is_output(path.start)) {
      const Node* node = r_.producer(path.start);
      if (!node) break;
      const auto* e = std::get_if<Elementwise>(&node->op);
      if (e && (e->fn == Fn::relu || e->fn == Fn::clamp)) {
        const int64_t low = quantized(e->fn == Fn::relu ? 0 : e->alpha, t);
        const int64_t high = e->fn == Fn::relu ? INT32_MAX : quantized(e->beta, t);
        path.low = std::clamp(low, path.low, path.high);
        path.high = std::clamp(high, path.low, path.high);
      } else if (is_movement(node->op)) {
        path.movements.push_back(node);
      } else {
        break;
      }
      path.start = node->inputs[0];
      free = r_.other_reads(path.start) == 1;
    }
    return path;
  }

  /// The node's output is `v`, moved as the path has it.
  bool finish(const Node& node, const Path& path, ValueId v) {
    for (auto it = path.movements.rbegin(); it != path.movements.rend(); ++it) {
      std::vector<ValueId> inputs = (*it)->inputs;
      inputs[0] = v;
      v = r_.emit((*it)->name, (*it)->op, std::move(inputs));
    }
    if (r_.replaceable(node.outputs[0], v)) {
      r_.replace(node.outputs[0], v);
      return true;
    }
    r_.define(node.outputs[0], node.name, Reshape{r_.type(v).shape}, {v});
    return true;
  }

  bool fold_target(const Node& node, const Target& t) {
    const Path path = path_to(node, t);
    if (const auto s = stored(r_, path.start)) return requantize(node, t, path, *s);
    const Node* concat = r_.producer(path.start);
    if (concat && std::holds_alternative<Concat>(concat->op) && path.low == INT32_MIN &&
        path.high == INT32_MAX && r_.other_reads(path.start) <= 1)
      return join_quantized(node, path, *concat);
    return false;
  }

  bool requantize(const Node& node, const Target& t, const Path& path, const Stored& s) {
    const DType from = r_.type(s.value).dtype;
    const bool same = from == t.to && s.one_scale() && s.scale[0] == t.scale && s.zero[0] == t.zero;
    if (same && path.low == INT32_MIN && path.high == INT32_MAX) return finish(node, path, s.value);
    // Functions of bytes are left to become tables.
    if (from != DType::i32 || s.zero != std::vector<int64_t>{0} || r_.type(s.value).rank() < 1) return false;
    if (!s.one_scale() && s.axis != r_.type(s.value).rank() - 1) return false;
    std::vector<float> multiplier;
    for (const float scale : s.scale) multiplier.push_back(scale / t.scale);
    const ValueId factors = r_.add_constant(
        node.name + "_multiplier", Tensor::of<float>(multiplier, {static_cast<int64_t>(multiplier.size())}));
    const Requantize op{Requantize::Rounding::real, t.to, t.zero, path.low, path.high};
    return finish(node, path, r_.emit(node.name, op, {s.value, factors}));
  }

  /// Each part is quantized before they are joined, where all of them are stored.
  bool join_quantized(const Node& node, const Path& path, const Node& concat) {
    for (const ValueId v : concat.inputs)
      if (!stored(r_, v)) return false;
    std::vector<ValueId> parts;
    for (const ValueId v : concat.inputs) parts.push_back(r_.emit(node.name, node.op, {v, node.inputs[1]}));
    return finish(node, path, r_.emit(concat.name, concat.op, std::move(parts)));
  }

  Rewriter& r_;
};

}  // namespace

bool fold_quantization(Graph& g) {
  Rewriter r(g);
  Folding folding(r);
  return r.run([&](const Node& node) { return folding.visit(node); });
}

}  // namespace halite::ir
