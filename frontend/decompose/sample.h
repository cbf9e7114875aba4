// Sampling pictures and volumes at computed places, between their pixels.
#pragma once

#include <array>

#include "frontend/build.h"

namespace halite::frontend {

struct Sampling {
  enum class Mode : uint8_t { nearest, linear, cubic };
  enum class Padding : uint8_t { zeros, border, reflection };
  Mode mode = Mode::linear;
  Padding padding = Padding::zeros;
  bool align_corners = false;  ///< reflection is at the centres of the outer pixels, not their edges
  Fn combine = Fn::add;        ///< the weighted neighbours, of linear and cubic; or Fn::max
};

/// x [n,c,spatial...] at `places`, one for each spatial axis in pixels, whose centres are 0, 1, ...; they are
/// [m,out...] or broadcast to it. `picture`, integers [m], says which of the n each is of. y is [m,out...,c].
V sample(Builder&, V x, V picture, std::vector<V> places, const Sampling&);

/// x [n,c,(d,)h,w], grid [n,out...,2 or 3] of x, y (, z) in [-1, 1], which are edges, or centres of the outer
/// pixels if align_corners; y is [n,c,out...].
V grid_sample(Builder&, V x, V grid, const Sampling&);

struct RoiAlign {
  int64_t height = 1, width = 1;  ///< bins
  int64_t samples = 1;            ///< in each direction of a bin
  double scale = 1;               ///< from the regions' coordinates to pixels
  bool half_pixel = true;         ///< regions are measured from edges; if not, they have at least one pixel
  bool max = false;               ///< the largest of a bin's weighted neighbours instead of the samples' mean
};

/// x [n,c,h,w], regions [r,4] of x, y, x, y, `picture` integers [r]; y is [r,c,height,width].
V roi_align(Builder&, V x, V regions, V picture, const RoiAlign&);

/// The largest pixels of each of `bins` (y, x) of regions [r,5], whose rows are a picture and x, y, x, y
/// times `scale`; bins are whole pixels, and those outside x [n,c,h,w] give 0. y is [r,c,bins].
V max_roi_pool(Builder&, V x, V regions, const std::array<int64_t, 2>& bins, double scale);

struct DeformConv {
  V x;                    ///< [n,c,h,w]
  V weights;              ///< [oc,c/groups,kh,kw]
  V offsets;              ///< [n,offset_groups*kh*kw*2,oh,ow]: y, x of each place of the kernel
  std::optional<V> bias;  ///< [oc]
  std::optional<V> mask;  ///< [n,offset_groups*kh*kw,oh,ow], factors of what is sampled
  int64_t groups = 1, offset_groups = 1;
  std::array<int64_t, 2> stride{1, 1}, dilation{1, 1}, pad{0, 0};  ///< y, x; padding before the first pixel
};

// deform_conv.cpp
/// A convolution whose kernel looks at places of its own for each output. y is [n,oc,oh,ow].
V deform_conv(Builder&, const DeformConv&);

}  // namespace halite::frontend
