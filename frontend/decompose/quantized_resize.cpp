// Bilinear interpolation of quantized pictures. TFLite's kernels compute it with 10 bits of fraction for i8
// and i16, and in f32 for u8; both round halves away from zero, which for u8 is up. The four neighbours are
// gathered by constant indices, and the rest is arithmetic element by element.
#include <algorithm>
#include <array>
#include <cmath>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {
namespace {

constexpr int64_t kOne = 1 << 10;

/// For one axis of the output: the two neighbours of each place, and the weight of the second. The first has
/// the rest.
struct Line {
  std::vector<int64_t> low, high;
  std::vector<double> weight;
};

/// `weight` in units of 1/kOne.
Line integer_line(int64_t in, int64_t out, const Interpolation& how) {
  const bool corners = how.align_corners && out > 1;
  const int64_t from = corners ? in - 1 : in, to = corners ? out - 1 : out;
  const int64_t step = (kOne * from + to / 2) / to;
  Line line;
  for (int64_t i = 0; i < out; ++i) {
    const int64_t at = i * step + (how.half_pixel_centers ? step / 2 - kOne / 2 : 0);
    line.low.push_back(std::clamp<int64_t>(at / kOne, 0, in - 1));
    line.high.push_back(std::clamp<int64_t>((at + kOne - 1) / kOne, 0, in - 1));
    line.weight.push_back(static_cast<double>(at - kOne * line.low.back()));
  }
  return line;
}

Line real_line(int64_t in, int64_t out, const Interpolation& how) {
  const bool corners = how.align_corners && out > 1;
  const float step = corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                             : static_cast<float>(in) / static_cast<float>(out);
  Line line;
  for (int64_t i = 0; i < out; ++i) {
    const auto place = static_cast<float>(i);
    const float at = how.half_pixel_centers ? (place + 0.5f) * step - 0.5f : place * step;
    line.low.push_back(std::clamp<int64_t>(static_cast<int64_t>(std::floor(at)), 0, in - 1));
    line.high.push_back(std::clamp<int64_t>(static_cast<int64_t>(std::ceil(at)), 0, in - 1));
    line.weight.push_back(at - static_cast<float>(line.low.back()));
  }
  return line;
}

/// Weights of the two neighbours along the axis, as constants that broadcast over a picture.
std::array<V, 2> weights(Builder& b, const Line& line, int64_t axis, double one, DType dtype) {
  Shape shape(4, 1);
  shape[axis] = static_cast<int64_t>(line.weight.size());
  Tensor first = Tensor::zeros({dtype, shape, {}}), second = Tensor::zeros({dtype, shape, {}});
  for (int64_t i = 0; i < shape[axis]; ++i) {
    first.set(i, one - line.weight[i]);
    second.set(i, line.weight[i]);
  }
  return {b.constant(std::move(first)), b.constant(std::move(second))};
}

/// The sum of the four neighbours, each times the product of its weights.
V interpolate(Builder& b, V x, const Line& y, const Line& z, double one, DType dtype) {
  const auto wy = weights(b, y, 1, one, dtype), wx = weights(b, z, 2, one, dtype);
  V sum;
  for (size_t corner = 0; corner < 4; ++corner) {
    const V row = b.op(ir::Gather{1}, {x, b.integers(corner < 2 ? y.low : y.high)});
    const V pixels = b.op(ir::Gather{2}, {row, b.integers(corner % 2 == 0 ? z.low : z.high)});
    const V part = b.mul(b.cast(pixels, dtype), b.mul(wy[corner / 2], wx[corner % 2]));
    sum = corner == 0 ? part : b.add(sum, part);
  }
  return sum;
}

}  // namespace

V resize_bilinear(Builder& b, const Quantized& x, int64_t height, int64_t width, const Interpolation& how,
                  const Output& output) {
  const Shape s = b.shape(x.value);
  if (b.dtype(x.value) != output.dtype) reject_invalid("its input and output have different types");
  if (output.dtype == DType::u8) {
    const V sum =
        interpolate(b, x.value, real_line(s[1], height, how), real_line(s[2], width, how), 1, DType::f32);
    return b.cast(b.add(sum, 0.5), DType::u8);
  }
  // Sums of i8 have 29 bits at most.
  const DType wide = output.dtype == DType::i8 ? DType::i32 : DType::i64;
  const V sum = interpolate(b, x.value, integer_line(s[1], height, how), integer_line(s[2], width, how),
                            static_cast<double>(kOne), wide);
  const auto half = static_cast<double>(kOne * kOne / 2);
  const V rounded = b.select(b.binary(Fn::greater, sum, 0.0), b.add(sum, half), b.add(sum, -half));
  return b.cast(b.binary(Fn::div, rounded, 2 * half), output.dtype);
}

}  // namespace halite::frontend::quantized
