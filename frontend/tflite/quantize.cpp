// Conversions between real numbers and their quantized form.
#include <algorithm>
#include <cmath>

#include "frontend/tflite/operators.h"

namespace halite::frontend {

/// Also of weights that are stored as f16.
std::vector<V> import_tflite_dequantize(TfliteCall& call) { return {call.real(0)}; }

/// Of real numbers, or from one quantization to another.
std::vector<V> import_tflite_quantize(TfliteCall& call) {
  if (ir::is_float(call.type(0).dtype)) return {quantized::quantize(call.b, call.real(0), call.output())};
  return {quantized::requantize(call.b, call.quantized(0), call.output())};
}

/// Rounds to the numbers that a quantization of the range min to max can represent, which is moved so that it
/// can represent 0. https://www.tensorflow.org/api_docs/python/tf/quantization/fake_quant_with_min_max_args
std::vector<V> import_tflite_fake_quant(TfliteCall& call) {
  Builder& b = call.b;
  const auto& options = call.options<tflite::FakeQuantOptions>();
  const double low = options.narrow_range() ? 1 : 0;
  if (options.num_bits() < 2 || options.num_bits() > 16 || !(options.min() <= 0) || !(options.max() >= 0) ||
      !(options.max() > options.min()) || !std::isfinite(options.max() - options.min()))
    reject_invalid("its range is empty or does not contain 0", "min");
  const double high = std::ldexp(1, options.num_bits()) - 1;
  const double scale = (static_cast<double>(options.max()) - options.min()) / (high - low);
  const double zero = std::clamp(std::round(low - options.min() / scale), low, high);
  const double least = (low - zero) * scale, most = (high - zero) * scale;
  const V steps = b.mul(b.add(b.unary(Fn::clamp, call.in(0), least, most), -least), 1 / scale);
  return {b.add(b.mul(b.unary(Fn::floor, b.add(steps, 0.5)), scale), least)};
}

}  // namespace halite::frontend
