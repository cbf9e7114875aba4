// Quantized convolutions and matrix products: integer sums, which requantize scales back. Sums of 8-bit
// factors have 32 bits; production kernels round those of i8 once for conv2d, fully_connected and
// batch_matmul, which are one library's matrix products to them (ruy), and twice for depthwise and transposed
// convolutions, and for all of u8, which are another library's (gemmlowp). Sums of 16x8 bits have 64 bits, if
// the bias has, and are scaled by a multiplier of 15 bits and rounded once, by all kernels.
#include <algorithm>
#include <cmath>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {
namespace {

/// How a kernel scales sums of 32 bits in production.
enum class Kernel { once, twice };

float checked(float scale) {
  if (!(scale > 0) || !std::isfinite(scale))
    reject_invalid("a scale of the weights is not a positive number");
  return scale;
}

/// x.scale * w.scale / y.scale. Where there is one scale and `legacy` says so, the product is rounded to f32.
std::vector<FixedPoint> factors_of(const Quantized& x, const Quantized& w, const Output& y, int64_t channels,
                                   bool legacy) {
  const float in = scale_of(x.q), out = scale_of(y.q);
  const auto count = static_cast<int64_t>(w.q.scale.size());
  if (count != 1 && count != channels)
    reject_invalid("its weights have " + std::to_string(count) + " scales for " + std::to_string(channels) +
                   " channels");
  std::vector<FixedPoint> factors;
  for (const float scale : w.q.scale) {
    const double product = legacy && count == 1 ? static_cast<double>(in * checked(scale))
                                                : static_cast<double>(in) * checked(scale);
    factors.push_back(fixed_point(product / out));
  }
  return factors;
}

/// The one zero point of weights; with a scale for each channel it is 0.
int64_t weights_zero(Builder& b, const Quantized& w) {
  if (w.q.zero_point.size() <= 1) return zero_of(w.q, b.dtype(w.value));
  if (std::ranges::any_of(w.q.zero_point, [](int64_t zero) { return zero != 0; }))
    reject_unsupported("its weights have a zero point for each channel");
  return 0;
}

V rescale(Builder& b, V sums, std::vector<FixedPoint> factors, Kernel kernel, const Output& y) {
  using Rounding = ir::Requantize::Rounding;
  if (b.dtype(sums) == DType::i64) {
    for (FixedPoint& f : factors) f = narrow(f);
    return requantize(b, sums, factors, Rounding::single, y);
  }
  const bool once =
      kernel == Kernel::once && y.rounding == quantized::Rounding::production && y.dtype == DType::i8;
  return requantize(b, sums, factors, once ? Rounding::single : Rounding::twice, y);
}

std::vector<V> operands(V x, V w, std::optional<V> bias) {
  std::vector<V> all{x, w};
  if (bias) all.push_back(*bias);
  return all;
}

V convolve(Builder& b, const Quantized& x, const Quantized& w, std::optional<V> bias, ir::Conv2d op,
           Kernel kernel, const Output& y) {
  op.x_zero = zero_of(x.q, b.dtype(x.value));
  op.w_zero = weights_zero(b, w);
  const V sums = b.op(op, operands(x.value, w.value, bias));
  const bool legacy = b.dtype(x.value) == DType::u8;
  return rescale(b, sums, factors_of(x, w, y, b.shape(w.value)[0], legacy), kernel, y);
}

}  // namespace

V conv2d(Builder& b, const Quantized& x, const Quantized& w, std::optional<V> bias, ir::Conv2d op,
         const Output& y) {
  return convolve(b, x, w, bias, op, Kernel::once, y);
}

V depthwise_conv2d(Builder& b, const Quantized& x, const Quantized& w, std::optional<V> bias, ir::Conv2d op,
                   const Output& y) {
  return convolve(b, x, {b.transpose(w.value, {3, 1, 2, 0}), w.q}, bias, op, Kernel::twice, y);
}

V fully_connected(Builder& b, const Quantized& x, const Quantized& w, std::optional<V> bias,
                  const Output& y) {
  const ir::MatMul op{false, true, zero_of(x.q, b.dtype(x.value)), weights_zero(b, w)};
  const V sums = b.matmul(x.value, w.value, op, bias);
  return rescale(b, sums, factors_of(x, w, y, b.shape(w.value)[0], /*legacy=*/true), Kernel::once, y);
}

/// The pixels of x are put `stride` apart with zero points between them; what is left is a convolution with
/// the mirrored kernel.
V transpose_conv(Builder& b, const Quantized& x, const Quantized& w, std::optional<V> bias,
                 const ir::ConvTranspose2d& op, const Output& y) {
  const Shape xs = b.shape(x.value), ws = b.shape(w.value);
  const auto [sy, sx] = op.stride;
  const auto zero = static_cast<double>(zero_of(x.q, b.dtype(x.value)));
  const V apart =
      b.op(ir::Pad{ir::Pad::Mode::constant, {0, 0, 0, 0, 0, 0}, {0, 0, sy - 1, 0, sx - 1, 0}, zero},
           {b.reshape(x.value, {xs[0], xs[1], 1, xs[2], 1, xs[3]})});
  V spread = b.reshape(apart, {xs[0], xs[1] * sy, xs[2] * sx, xs[3]});

  ir::Conv2d conv;
  conv.groups = op.groups;
  // Behind the last pixel lie stride - 1 zero points more than there should.
  conv.pad = {ws[1] - 1 - op.pad[0], ws[2] - 1 - op.pad[1], ws[1] - sy - op.pad[2] + op.output_pad[0],
              ws[2] - sx - op.pad[3] + op.output_pad[1]};
  if (std::ranges::any_of(conv.pad, [](int64_t pad) { return pad < 0; })) {
    spread = b.op(ir::Pad{ir::Pad::Mode::constant,
                          {0, conv.pad[0], conv.pad[1], 0},
                          {0, conv.pad[2], conv.pad[3], 0},
                          zero},
                  {spread});
    conv.pad = {0, 0, 0, 0};
  }
  const ir::Slice mirror{{0, ws[1] - 1, ws[2] - 1, 0}, {1, ws[1] > 1 ? -1 : 1, ws[2] > 1 ? -1 : 1, 1}, ws};
  const V mirrored = b.op(mirror, {w.value});
  return convolve(b, {spread, x.q}, {mirrored, w.q}, bias, conv, Kernel::twice, y);
}

V batch_matmul(Builder& b, const Quantized& x, const Quantized& y, ir::MatMul op, const Output& output) {
  op.a_zero = zero_of(x.q, b.dtype(x.value));
  op.b_zero = zero_of(y.q, b.dtype(y.value));
  const V sums = b.matmul(x.value, y.value, op);
  return rescale(b, sums, factors_of(x, y, output, 1, /*legacy=*/true), Kernel::once, output);
}

}  // namespace halite::frontend::quantized
