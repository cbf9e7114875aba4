// See spectral.h. https://onnx.ai/onnx/operators/onnx__DFT.html
#include "frontend/decompose/spectral.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace halite::frontend {
namespace {

constexpr int64_t kMaxMatrix = 1 << 24;  ///< elements

/// [count * parts, frequencies * 2]: cosines and sines, so that a row vector of (real, imaginary) pairs times
/// it gives such pairs.
Tensor matrix(const Dft& how, int64_t count, int64_t parts, int64_t frequencies, DType dtype) {
  Tensor m = Tensor::zeros({dtype, {count * parts, frequencies * 2}, {}});
  const double scale = how.inverse ? 1.0 / static_cast<double>(how.length) : 1;
  for (int64_t n = 0; n < count; ++n)
    for (int64_t k = 0; k < frequencies; ++k) {
      const auto turn = static_cast<double>(n * k % how.length) / static_cast<double>(how.length);
      const double angle = (how.inverse ? 2 : -2) * std::numbers::pi * turn;
      const double re = scale * std::cos(angle), im = scale * std::sin(angle);
      const int64_t row = n * parts * frequencies * 2 + k * 2;
      m.set(row, re), m.set(row + 1, im);
      if (parts == 2) m.set(row + frequencies * 2, -im), m.set(row + frequencies * 2 + 1, re);
    }
  return m;
}

}  // namespace

V dft(Builder& b, V x, int64_t axis, const Dft& how) {
  const int64_t parts = b.shape(x).back(), rank = b.rank(x);
  const int64_t frequencies = how.one_sided ? how.length / 2 + 1 : how.length;
  const int64_t count = std::min(how.length, b.shape(x)[axis]);  // zeros behind the signal add nothing
  if (count * parts > kMaxMatrix / std::max<int64_t>(1, 2 * frequencies))
    reject_unsupported("a transform of length " + std::to_string(how.length) +
                           " needs a matrix of more than 16777216 elements",
                       "dft_length");
  std::vector<int64_t> perm = axis_range(0, rank);
  std::swap(perm[axis], perm[rank - 2]);
  const V signal = b.transpose(b.slice(x, axis, 0, count), perm);
  Shape to = b.shape(signal);
  const V rows = b.reshape(signal, {extent_of(to, 0, rank - 2), count * parts});
  const V y = b.matmul(rows, b.constant(matrix(how, count, parts, frequencies, b.dtype(x))));
  to[rank - 2] = frequencies, to[rank - 1] = 2;
  return b.transpose(b.reshape(y, to), perm);
}

V stft(Builder& b, V x, std::optional<V> window, int64_t frame, int64_t step, bool one_sided) {
  const int64_t frames = (b.shape(x)[1] - frame) / step + 1;
  const V start = b.reshape(b.mul(b.iota(frames), static_cast<double>(step)), {frames, 1});
  V cut = b.op(ir::Gather{1}, {x, b.add(start, b.iota(frame))});  // [n, frames, frame, parts]
  if (window) cut = b.mul(cut, b.reshape(b.cast(*window, b.dtype(x)), {frame, 1}));
  return dft(b, cut, 2, {frame, false, one_sided});
}

}  // namespace halite::frontend
