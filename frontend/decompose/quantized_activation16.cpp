// Activations of 16-bit numbers, as TFLite has them: tables with a few hundred entries and straight lines in
// between. The logistic function and the hyperbolic tangent, 2 logistic(2x) - 1, share a table of 256 steps
// of 1/24 with 16 bits behind the point. Where the input's scale is 2^-12 (or 2^-11, for tanh), production
// kernels use gemmlowp's fixed-point functions instead, which become tables of all arguments.
#include <algorithm>
#include <cmath>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {
namespace {

using ir::Requantize;

V constant(Builder& b, const std::vector<int32_t>& values) {
  return b.constant(Tensor::of<int32_t>(values, {static_cast<int64_t>(values.size())}));
}

/// (x * multiplier + 2^(shift-1)) >> shift.
V shifted(Builder& b, V x, int shift, DType to = DType::i32, int32_t multiplier = 1) {
  const FixedPoint factor{multiplier, shift};
  return requantize(b, x, {&factor, 1}, Requantize::Rounding::single, {to, {}});
}

V modulo(Builder& b, V x, int power) { return b.binary(Fn::bitwise_and, x, static_cast<double>(power - 1)); }

/// What lies at `step` and how far it is to the next, for each step.
struct Lines {
  V at, slope;
};
Lines lines(Builder& b, const std::vector<int32_t>& points) {
  std::vector<int32_t> slopes;
  for (size_t i = 0; i + 1 < points.size(); ++i) slopes.push_back(points[i + 1] - points[i]);
  slopes.push_back(0);
  return {constant(b, points), constant(b, slopes)};
}
V look_up(Builder& b, V table, V index) { return b.op(ir::Gather{0}, {table, index}); }

/// The scale's logarithm if it is a power of two.
std::optional<int> exponent_of(float scale) {
  const float log = std::log2(scale), rounded = std::round(log);
  return std::fabs(log - rounded) < 1e-3f ? std::optional(static_cast<int>(rounded)) : std::nullopt;
}

void expect_symmetric(Builder& b, const Quantized& x, const Output& output) {
  if (b.dtype(x.value) != DType::i16 || output.dtype != DType::i16 || zero_of(x.q, DType::i16) != 0 ||
      zero_of(output.q, DType::i16) != 0 || exponent_of(scale_of(output.q)) != -15)
    reject_unsupported("16-bit activations need zero points of 0 and an output with the scale 2^-15");
}

/// x on the scale 1/(3*4096), on which 2^17 is the end of the table.
V on_table_scale(Builder& b, const Quantized& x, std::optional<int> power) {
  const V wide = b.cast(x.value, DType::i32);
  if (power) return b.mul(wide, static_cast<double>(3 << *power));
  double multiplier = static_cast<double>(scale_of(x.q)) * 4096 * 3;
  int shift = 0;
  for (; multiplier <= 32767.0 / 2 && shift <= 30; ++shift) multiplier *= 2;
  if (multiplier > 65535) reject_unsupported("the scale of a 16-bit activation is too large");
  const auto factor = static_cast<int32_t>(multiplier);
  return shift == 0 ? b.mul(wide, factor) : shifted(b, wide, shift, DType::i32, factor);
}

/// logistic(i/24) with 16 bits behind the point, each moved by half of what a straight line to the next
/// misses the middle by. The last one is 1 as near as 16 bits come.
std::vector<int32_t> logistic_points() {
  const auto f = [](double i) { return 65536 / (1 + std::exp(-i / 24)); };
  std::vector<int32_t> points;
  for (int i = 0; i < 255; ++i)
    points.push_back(static_cast<int32_t>(std::lround(f(i) + (f(i + 0.5) - (f(i) + f(i + 1)) / 2) / 2)));
  points.push_back(65535);
  return points;
}

/// Interpolates logistic(|x|) of the table with `bits` behind a step; from its end on it is `last`.
V interpolated(Builder& b, V x, int bits, int32_t last) {
  std::vector<int32_t> points = logistic_points();
  Lines table = lines(b, points);
  points[255] = last;
  table.at = constant(b, points);
  const V magnitude = b.unary(Fn::abs, x);
  const V step = b.binary(Fn::min, b.binary(Fn::div, magnitude, static_cast<double>(1 << bits)), 255.0);
  const V rise = b.mul(look_up(b, table.slope, step), modulo(b, magnitude, 1 << bits));
  return b.add(b.mul(look_up(b, table.at, step), static_cast<double>(1 << bits)), rise);
}

/// Of all 16-bit numbers; a negative index counts from the end.
V tabulated(Builder& b, V x, int16_t (*f)(int16_t, int), int scale) {
  Tensor table = Tensor::zeros({DType::i16, {1 << 16}, {}});
  const auto values = table.mutable_data<int16_t>();
  for (int i = 0; i < 1 << 16; ++i) {
    const int argument = std::clamp(static_cast<int16_t>(i) * scale, INT16_MIN, INT16_MAX);
    values[static_cast<size_t>(i)] = f(static_cast<int16_t>(argument), 3);
  }
  return look_up(b, b.constant(std::move(table)), b.cast(x, DType::i32));
}

/// 513 points of f between low and high with 15 bits behind the point, each moved by half of what a straight
/// line misses the middle by.
std::vector<int32_t> points_of(double (*f)(double), double low, double high) {
  const double step = (high - low) / 512;
  std::vector<int32_t> points;
  const auto stored = [](double v) { return static_cast<int32_t>(std::clamp(v, -32768.0, 32767.0)); };
  for (int i = 0; i < 512; ++i) {
    const double here = std::round(f(low + i * step) * 32768);
    const double line = std::round((f(low + (i + 1) * step) * 32768 + here) / 2);
    const double middle = std::round(f(low + i * step + step / 2) * 32768);
    points.push_back(stored(here - std::round((line - middle) / 2)));
  }
  points.push_back(stored(std::round(f(high) * 32768)));
  return points;
}

/// x is a 16-bit number, as i32: 7 of its bits lie between two points.
V interpolated_between(Builder& b, V x, const std::vector<int32_t>& points) {
  const Lines table = lines(b, points);
  const V from_zero = b.add(x, 32768);
  const V step = b.binary(Fn::div, from_zero, 128.0);
  const V rise = b.mul(look_up(b, table.slope, step), modulo(b, from_zero, 128));
  return b.add(look_up(b, table.at, step), shifted(b, rise, 7));
}

}  // namespace

V logistic16(Builder& b, const Quantized& x, const Output& output) {
  expect_symmetric(b, x, output);
  const bool power = exponent_of(scale_of(x.q)) == -12;
  if (power && output.rounding == Rounding::production) return tabulated(b, x.value, fixed_logistic, 1);
  const V scaled = on_table_scale(b, x, power ? std::optional(0) : std::nullopt);
  const V y = interpolated(b, scaled, 9, 65534);
  const V mirrored = b.sub(b.scalar((1 << 25) - 1, DType::i32), y);
  return shifted(b, b.select(b.binary(Fn::greater_equal, scaled, 0.0), y, mirrored), 10, DType::i16);
}

V tanh16(Builder& b, const Quantized& x, const Output& output) {
  expect_symmetric(b, x, output);
  const auto exponent = exponent_of(scale_of(x.q));
  const bool power = exponent && (*exponent == -12 || *exponent == -11);
  if (power && output.rounding == Rounding::production)
    return tabulated(b, x.value, fixed_tanh, 1 << (*exponent + 12));
  const V scaled = on_table_scale(b, x, power ? std::optional(*exponent + 12) : std::nullopt);
  const V y = b.add(interpolated(b, scaled, 8, 65535), -(1 << 23));
  const V mirrored = b.sub(b.scalar(-1, DType::i32), y);
  return shifted(b, b.select(b.binary(Fn::greater_equal, scaled, 0.0), y, mirrored), 8, DType::i16);
}

/// exp(x - max) by a table from -10 to 0, times the inverse of their sum, which is brought to between 1 and 2
/// for another.
V softmax16(Builder& b, const Quantized& x, float beta, const Output& output) {
  expect_symmetric(b, x, output);
  const Axes axis{b.rank(x.value) - 1};
  const V wide = b.cast(x.value, DType::i32);
  const V below = b.sub(wide, b.reduce(ir::Reduce::Kind::max, wide, axis));
  const FixedPoint factor =
      fixed_point(static_cast<double>(scale_of(x.q)) * static_cast<double>(beta) / (10.0 / 65535));
  const V argument = b.unary(Fn::clamp, b.add(scaled(b, below, factor), 32767), INT16_MIN, INT16_MAX);
  const V exp = interpolated_between(b, argument, points_of([](double v) { return std::exp(v); }, -10, 0));

  const V sum = b.sum(exp, axis);
  std::vector<int64_t> powers;
  for (int i = 0; i < 32; ++i) powers.push_back(int64_t{1} << i);
  // Leading zeros: the powers of two that are larger.
  const V larger =
      b.binary(Fn::less, b.unsqueeze(b.cast(sum, DType::i64), {axis[0] + 1}), b.integers(powers));
  const V zeros = b.sum(b.cast(larger, DType::i32), {axis[0] + 1}, false);
  const V lift = look_up(b, b.integers(powers), b.add(zeros, -1));
  const V between = shifted(b, b.mul(b.cast(sum, DType::i64), lift), 14);
  const V centre = b.unary(Fn::clamp, b.add(between, -(32768 + 65536)), INT16_MIN, INT16_MAX);
  const V inverse = interpolated_between(b, centre, points_of([](double v) { return 1 / (1 + v); }, 0, 1));

  const V bits = b.cast(b.sub(b.scalar(31, DType::i32), zeros), DType::u32);
  const V half = look_up(b, b.integers(powers), b.add(b.cast(bits, DType::i32), -1));
  const V product = b.add(b.mul(exp, inverse), b.cast(half, DType::i32));
  const V y = b.binary(Fn::shift_right, b.cast(product, DType::u32), bits);
  return b.cast(b.unary(Fn::clamp, b.cast(y, DType::i32), 0, INT16_MAX), DType::i16);
}

}  // namespace halite::frontend::quantized
