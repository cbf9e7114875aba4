// Sampling a picture at computed places.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

struct GridSample {
  enum class Mode : uint8_t { nearest, linear, cubic };
  enum class Padding : uint8_t { zeros, border, reflection };
  Mode mode = Mode::linear;
  Padding padding = Padding::zeros;
  bool align_corners = false;  ///< -1 and 1 are the centres of the outer pixels, not their edges
};

/// x [n,c,h,w], grid [n,oh,ow,2] of x, y in [-1, 1]; y is [n,c,oh,ow].
V grid_sample(Builder&, V x, V grid, const GridSample&);

}  // namespace halite::frontend
