// The integer LSTM, step by step as TFLite's kernels: sums of products scaled to 16 bits with 12 behind the
// point, rounded twice and saturated one after another; gates in 16 bits with 15 behind the point, looked up
// in tables of all 2^16 arguments, which all steps share; products shifted, halves away from zero.
#include "frontend/decompose/quantized_recurrent.h"

#include <algorithm>
#include <cmath>

namespace halite::frontend::quantized {
namespace {

constexpr auto kTwice = ir::Requantize::Rounding::twice;
constexpr int kGateBits = 3;  // before the point, of what goes into a gate's function
constexpr float kGateScale = 1.0f / 4096;

/// f of every 16-bit number; a negative one counts from the end.
V table_of(Builder& b, int16_t (*f)(int16_t, int), int integer_bits) {
  Tensor table = Tensor::zeros({DType::i16, {1 << 16}, {}});
  const auto values = table.mutable_data<int16_t>();
  for (int i = 0; i < 1 << 16; ++i) values[static_cast<size_t>(i)] = f(static_cast<int16_t>(i), integer_bits);
  return b.constant(std::move(table));
}

/// The scale's logarithm. Throws Rejected unless it is a power of two.
int exponent_of(const ir::Quantization& q) {
  const float log = std::log2(scale_of(q)), rounded = std::round(log);
  if (std::fabs(log - rounded) > 1e-3f) reject_unsupported("the scale of its cell is no power of two");
  return static_cast<int>(rounded);
}

void expect_symmetric(Builder& b, const Quantized& w) {
  if (zero_of(w.q, b.dtype(w.value)) != 0) reject_unsupported("its weights have a zero point");
}

class Steps {
 public:
  Steps(Builder& b, const Lstm& layer)
      : b_(b), layer_(layer), h_(layer.h.value), c_(b.cast(layer.c.value, DType::i32)) {
    cell_exponent_ = exponent_of(layer.c.q);
    const int cell_bits = 15 + cell_exponent_;
    if (cell_bits < 0 || cell_bits > 6) reject_unsupported("the scale of its cell is out of range");
    sigmoid_ = table_of(b, fixed_logistic, kGateBits);
    tanh_ = table_of(b, fixed_tanh, kGateBits);
    cell_tanh_ = cell_bits == kGateBits ? tanh_ : table_of(b, fixed_tanh, cell_bits);
    cell_ = b.shape(layer.c.value)[1];
    multiply_inputs();
  }

  LstmResult run() {
    std::vector<V> outputs;
    for (int64_t t = 0; t < b_.shape(products_)[0]; ++t) {
      step(b_.squeeze(b_.slice(products_, 0, t, 1), {0}));
      outputs.push_back(b_.unsqueeze(h_, {0}));
    }
    return {b_.concat(outputs, 0), h_, b_.cast(c_, DType::i16)};
  }

 private:
  /// The weights of all gates in one matrix, and the factor of each row.
  struct Matrix {
    V weights;
    std::vector<FixedPoint> factors;
  };
  Matrix joined(Quantized LstmGate::* part, const ir::Quantization& operand) {
    std::vector<V> weights;
    std::vector<FixedPoint> factors;
    for (const auto& gate : layer_.gates) {
      if (!gate) continue;
      const Quantized& w = (*gate).*part;
      expect_symmetric(b_, w);
      weights.push_back(w.value);
      factors.insert(factors.end(), static_cast<size_t>(cell_),
                     fixed_point(scale_of(w.q) * scale_of(operand) / kGateScale));
    }
    return {b_.concat(weights, 0), std::move(factors)};
  }

  /// x times the weights for all steps at once.
  void multiply_inputs() {
    const Shape xs = b_.shape(layer_.x.value);
    const Matrix w = joined(&LstmGate::w, layer_.x.q);
    recurrent_ = joined(&LstmGate::r, layer_.h.q);
    std::vector<V> biases;
    for (const auto& gate : layer_.gates)
      if (gate) biases.push_back(gate->bias);
    const ir::MatMul op{false, true, zero_of(layer_.x.q, b_.dtype(layer_.x.value)), 0};
    const V rows = b_.reshape(layer_.x.value, {extent_of(xs, 0, 2), xs[2]});
    const V sums = b_.matmul(rows, w.weights, op, b_.concat(biases, 0));
    const V gates = requantize(b_, sums, w.factors, kTwice, {DType::i16, {}});
    products_ = b_.reshape(gates, {xs[0], xs[1], b_.shape(gates)[1]});
  }

  V saturated(V x) { return b_.unary(Fn::clamp, x, INT16_MIN, INT16_MAX); }
  V look_up(V table, V x) { return b_.cast(b_.op(ir::Gather{0}, {table, x}), DType::i32); }
  /// x / 2^bits, halves away from zero.
  V shifted(V x, int bits) { return scaled(b_, b_.mul(x, 2.0), {1 << 30, 31 + bits}); }

  /// What goes into gate `k`'s function.
  V gate(V sums, size_t k) {
    const int64_t first = static_cast<int64_t>(k) - (layer_.gates[0] ? 0 : 1);
    V x = b_.slice(sums, 1, first * cell_, cell_);
    const auto& peephole = layer_.gates[k]->peephole;
    if (!peephole) return x;
    expect_symmetric(b_, *peephole);
    const double cell_scale = std::ldexp(1.0, cell_exponent_);
    const FixedPoint factor =
        fixed_point(static_cast<float>(cell_scale * scale_of(peephole->q) / kGateScale));
    return saturated(b_.add(x, scaled(b_, b_.mul(b_.cast(peephole->value, DType::i32), c_), factor)));
  }

  void step(V products) {
    const ir::MatMul op{false, true, zero_of(layer_.h.q, DType::i8), 0};
    const V recurrent =
        requantize(b_, b_.matmul(h_, recurrent_.weights, op), recurrent_.factors, kTwice, {DType::i32, {}});
    const V sums = saturated(b_.add(b_.cast(products, DType::i32), recurrent));
    const V f = look_up(sigmoid_, gate(sums, 1)), g = look_up(tanh_, gate(sums, 2));
    const V i =
        layer_.gates[0] ? look_up(sigmoid_, gate(sums, 0)) : b_.sub(b_.scalar(INT16_MAX, DType::i32), f);
    c_ = saturated(b_.add(shifted(b_.mul(f, c_), 15), shifted(b_.mul(i, g), 30 + cell_exponent_)));
    if (layer_.cell_clip > 0) {
      const auto bound = static_cast<double>(
          static_cast<int16_t>(std::min(layer_.cell_clip / scale_of(layer_.c.q), 32767.0f)));
      c_ = b_.unary(Fn::clamp, c_, -bound, bound);
    }
    const V o = look_up(sigmoid_, gate(sums, 3));
    project(b_.mul(o, look_up(cell_tanh_, c_)));
  }

  /// h from o * tanh(c). The kernels subtract the hidden zero point where others would add it.
  void project(V product) {
    const auto scale =
        static_cast<float>(std::ldexp(1.0, -15) / scale_of(layer_.hidden) * std::ldexp(1.0, -15));
    const FixedPoint factor = fixed_point(scale);
    const int64_t zero = -zero_of(layer_.hidden, DType::i8);
    h_ = b_.op(ir::Requantize{kTwice, DType::i8, zero, INT32_MIN, INT32_MAX},
               factor_operands(product, factor));
    if (!layer_.projection) return;
    expect_symmetric(b_, *layer_.projection);
    const float back = scale_of(layer_.projection->q) * scale_of(layer_.hidden) / scale_of(layer_.h.q);
    const FixedPoint to_output = fixed_point(back);
    const V sums =
        b_.matmul(h_, layer_.projection->value, ir::MatMul{false, true, zero, 0}, layer_.projection_bias);
    h_ = requantize(b_, sums, {&to_output, 1}, kTwice, {DType::i8, layer_.h.q});
    if (layer_.projection_clip <= 0) return;
    const auto bound = static_cast<double>(
        static_cast<int8_t>(std::min(layer_.projection_clip / scale_of(layer_.h.q), 127.0f)));
    h_ = b_.unary(Fn::clamp, h_, -bound, bound);
  }

  std::vector<V> factor_operands(V x, FixedPoint factor) {
    return {x, b_.constant(Tensor::of<int32_t>({&factor.multiplier, 1}, {1})),
            b_.constant(Tensor::of<int32_t>({&factor.shift, 1}, {1}))};
  }

  Builder& b_;
  const Lstm& layer_;
  V h_, c_;  // i8; i32 with the cell's numbers
  V sigmoid_, tanh_, cell_tanh_;
  V products_;
  Matrix recurrent_;
  int64_t cell_ = 0;
  int cell_exponent_ = 0;
};

}  // namespace

LstmResult lstm(Builder& b, const Lstm& layer) { return Steps(b, layer).run(); }

}  // namespace halite::frontend::quantized
