// Operators of audio models. https://onnx.ai/onnx/operators/onnx__STFT.html
#include "frontend/decompose/spectral.h"

#include <algorithm>
#include <cmath>

#include "frontend/onnx/operators.h"
#include "frontend/onnx/tensor_proto.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxLength = 1 << 20;

void check_signal(const OnnxCall& call, int64_t least_rank) {
  const Shape& s = call.shape(0);
  if (call.rank(0) < least_rank || (s.back() != 1 && s.back() != 2) || !ir::is_float(call.type(0).dtype))
    reject_invalid("its input is " + ir::to_string(call.type(0)) +
                   "; reals with a last axis of 1 (real) or 2 (complex) are needed");
}

int64_t check_length(int64_t length, const char* what) {
  if (length < 1 || length > kMaxLength)
    reject_invalid(std::string(what) + " is " + std::to_string(length), what);
  return length;
}

}  // namespace

/// The axis was an attribute up to version 19.
std::vector<V> import_dft(OnnxCall& call) {
  check_signal(call, 2);
  const bool operand = call.version >= 20;
  const int64_t stated =
      operand ? (call.has(2) ? call.known_integer(2, "axis") : -2) : call.integer("axis", 1);
  const int64_t axis = normalize_axis(stated, call.rank(0));
  if (axis == call.rank(0) - 1) reject_invalid("axis is that of real and imaginary part", "axis");
  Dft how;
  how.length =
      check_length(call.has(1) ? call.known_integer(1, "dft_length") : call.shape(0)[axis], "dft_length");
  how.inverse = call.flag("inverse", false);
  how.one_sided = call.flag("onesided", false);
  if (how.inverse && how.one_sided)
    reject_unsupported("an inverse transform of half a spectrum is not supported", "onesided");
  return {dft(call.b, call.in(0), axis, how)};
}

std::vector<V> import_stft(OnnxCall& call) {
  if (call.rank(0) == 2) reject_invalid("its signal has no axis of 1 (real) or 2 (complex)");
  check_signal(call, 3);
  if (call.rank(0) != 3)
    reject_invalid("its signal is " + ir::to_string(call.type(0)) + "; rank 3 is needed");
  const int64_t step = check_length(call.known_integer(1, "frame_step"), "frame_step");
  if (!call.has(2) && !call.has(3)) reject_invalid("it needs a window or frame_length", "frame_length");
  const int64_t frame =
      check_length(call.has(3) ? call.known_integer(3, "frame_length") : call.shape(2)[0], "frame_length");
  if (frame > call.shape(0)[1] || (call.has(2) && call.shape(2) != Shape{frame}))
    reject_invalid("its frames of " + std::to_string(frame) + " samples do not fit the signal or the window",
                   "frame_length");
  return {stft(call.b, call.in(0), call.maybe(2), frame, step, call.flag("onesided", true))};
}

/// Triangles between points that are equally far from each other on the mel scale: [bins, bands].
std::vector<V> import_mel_weight_matrix(OnnxCall& call) {
  const int64_t bands = check_length(call.known_integer(0, "num_mel_bins"), "num_mel_bins");
  const int64_t length = check_length(call.known_integer(1, "dft_length"), "dft_length");
  const auto rate = static_cast<double>(check_length(call.known_integer(2, "sample_rate"), "sample_rate"));
  const double low = call.known_real(3, "lower_edge_hertz"), high = call.known_real(4, "upper_edge_hertz");
  if (!(low >= 0) || !(high > low)) reject_invalid("its edges are not in order", "upper_edge_hertz");
  const int64_t bins = length / 2 + 1;
  if (bins > (1 << 24) / bands) reject_unsupported("its matrix has more than 16777216 elements");
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double first = mel(low), step = (mel(high) - first) / static_cast<double>(bands + 2);
  std::vector<int64_t> edge;
  for (int64_t i = 0; i < bands + 2; ++i) {
    const double hertz = 700 * (std::pow(10, (static_cast<double>(i) * step + first) / 2595) - 1);
    edge.push_back(static_cast<int64_t>(std::floor(static_cast<double>(length + 1) * hertz / rate)));
  }
  const auto dtype = read_dtype(static_cast<int>(call.integer("output_datatype", 1)));
  if (!dtype) throw Rejected{dtype.error(), "output_datatype"};
  Tensor weights = Tensor::zeros({*dtype, {bins, bands}, {}});
  for (int64_t i = 0; i < bands; ++i) {
    const int64_t left = edge[i], centre = edge[i + 1], right = edge[i + 2];
    const auto set = [&](int64_t bin, double value) {
      if (bin >= 0 && bin < bins) weights.set(bin * bands + i, value);
    };
    if (left == centre) set(centre, 1);
    for (int64_t k = left; k <= centre && left != centre; ++k)
      set(k, static_cast<double>(k - left) / static_cast<double>(centre - left));
    for (int64_t k = centre; k < right; ++k)
      set(k, static_cast<double>(right - k) / static_cast<double>(right - centre));
  }
  return {call.b.constant(std::move(weights))};
}

}  // namespace halite::frontend
