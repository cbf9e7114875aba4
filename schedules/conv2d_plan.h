// How the direct convolution of reals covers an output with tiles, and how it pads: what the strategies,
// packing, algorithm and schedule of conv2d agree on.
#pragma once

#include "schedules/conv_extents.h"
#include "schedules/halves.h"
#include "schedules/register_tile.h"

namespace halite::schedules::direct {

/// How reads outside the image give zero.
enum class Padding : uint8_t {
  none,
  strip,       ///< each task copies its input rows with zeros around them into a local array
  image,       ///< the whole input is copied so, into scratch: where a strip is too large for the stack
  predicated,  ///< rows outside are left out of the reduction, columns are selected in tiles at the border
               ///< alone
};

/// Extents by name, and everything that algorithm, packing and schedule must agree on.
struct Plan : ConvExtents {
  Padding padding;
  bool weights_outermost;  ///< tiles of output channels are the outer loop: the weights do not fit in a cache
  bool pack_at_run_time;   ///< the weights are not constant
  int64_t rows_per_task;   ///< in tiles
  int64_t tiles_per_task;  ///< of a row that is the only one and is shared out among tasks; else 0
  int64_t strip_rows;      ///< of input that a task reads
  bool flat_rows;          ///< a padded row is copied as one vector of columns times channels
  bool by_rows;            ///< inputs are used lane by lane along a row of taps, which is short
  int64_t taps_x, tap_steps;  ///< taps of a row and steps of each; by_rows: one, and those of the row
  Sums sums;
  Space space;
  Tile tile;
  ir::Type packed;  ///< of the weights
  int64_t tiles_per_group() const { return ceil_div(ocg, tile.channels()); }
};

Plan make_plan(const ir::Conv2d&, const Anchor&);

}  // namespace halite::schedules::direct
