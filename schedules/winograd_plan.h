// How Winograd's convolution covers an output with tiles, and what that takes: what its strategies, packing,
// algorithm and schedule agree on.
#pragma once

#include "schedules/conv_extents.h"
#include "schedules/halves.h"
#include "schedules/register_tile.h"
#include "schedules/winograd_matrices.h"

namespace halite::schedules::winograd {

struct Plan : ConvExtents {
  WinogradMatrices matrices;
  Sums sums;  ///< of products; transforms are computed in the type of their factors
  int64_t tiles_x, tiles_y;
  Space space;
  Tile tile;
  int input_lanes;
  /// Where inputs are used lane by lane, those of a tile's pixels lie side by side: so many pixels (of a
  /// row), so many steps of each. Else 1 pixel, all steps.
  int64_t side_pixels, side_steps;
  bool in_scratch;          ///< transformed inputs are those of the whole image
  int64_t rows_per_task;    ///< of blocks of tiles
  ir::Type packed, inputs;  ///< of the weights; of transformed inputs in scratch
  int positions() const { return matrices.alpha * matrices.alpha; }
  int64_t products_bytes() const {
    return element_bytes() * positions() * tile.channels() * tile.px * tile.py;
  }
  int64_t inputs_bytes(int64_t rows) const {
    return element_bytes() * positions() * ic * tiles_x * tile.py * rows;
  }
  int64_t element_bytes() const { return sums.factor.bytes(); }
};

/// In tiles of m x m outputs.
Plan make_plan(const ir::Conv2d&, const Anchor&, int m);
/// m, of a strategy's name.
inline int outputs_of(const std::string& strategy) { return strategy.back() - '0'; }

}  // namespace halite::schedules::winograd
