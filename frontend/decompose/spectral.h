// Fourier transforms as products with constant matrices. A complex number is an axis of two, the last one; a
// real signal has an axis of one there.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

struct Dft {
  int64_t length = 0;      ///< of the transform; the signal is cut or continued with zeros
  bool inverse = false;    ///< opposite sign, divided by length
  bool one_sided = false;  ///< only the first length/2 + 1 frequencies
};

/// Along `axis`, which is not the last.
V dft(Builder&, V x, int64_t axis, const Dft&);

/// x [n, length, 1 or 2]; frames of `frame` samples every `step` ones, each multiplied with the window, if
/// any: [n, frames, frequencies, 2].
V stft(Builder&, V x, std::optional<V> window, int64_t frame, int64_t step, bool one_sided);

}  // namespace halite::frontend
